using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Security;

/// <summary>One key of the data-protection ring, as XML (itself protected in production).</summary>
public sealed class RingKey
{
    public int Id { get; init; }

    public required string FriendlyName { get; init; }

    public required string Xml { get; init; }
}

/// <summary>Keeps the data-protection key ring in the database, so that every server and every restore has it.</summary>
public sealed class KeyRing(IDbContextFactory<VppBooksDbContext> contexts)
{
    /// <summary>All keys. Synchronous because the data-protection system asks that way.</summary>
    public IReadOnlyList<string> List()
    {
        using var db = contexts.CreateDbContext();
        return db.RingKeys.OrderBy(k => k.Id).Select(k => k.Xml).ToList();
    }

    /// <summary>Stores a key.</summary>
    public void Add(string friendlyName, string xml)
    {
        using var db = contexts.CreateDbContext();
        db.RingKeys.Add(new RingKey { FriendlyName = friendlyName, Xml = xml });
        CrashPoint.Hit("key.rotate");
        db.SaveChanges();
    }
}

internal sealed class RingKeyConfiguration : IEntityTypeConfiguration<RingKey>
{
    public void Configure(EntityTypeBuilder<RingKey> key) => key.Property(k => k.FriendlyName).HasMaxLength(256);
}
