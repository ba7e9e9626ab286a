using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace VppBooks.Core.Directory;

/// <summary>What a delta link reports.</summary>
public enum CursorKind : byte
{
    /// <summary>Changes of some groups.</summary>
    Groups = 0,

    /// <summary>Changes of all users.</summary>
    Users = 1,
}

/// <summary>A delta link of the directory: from where changes are reported next time. Kept in the database, so that a restart misses nothing.</summary>
public sealed class DirectoryCursor
{
    /// <summary>Longest link that is kept, characters. A longer one is not, and everything is read again instead.</summary>
    public const int LongestLink = 8000;

    /// <summary>Groups that one link may report: what a filter of the directory accepts.</summary>
    public const int MostGroups = 50;

    /// <summary>How long the directory keeps a link good.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(7);

    public int Id { get; init; }

    public CursorKind Kind { get; init; }

    /// <summary>Object ids of the groups it reports, 32 digits each, separated by commas; empty for users.</summary>
    public required string Groups { get; init; }

    /// <summary>The link as the directory gave it.</summary>
    public required string Link { get; set; }

    /// <summary>What a link for users reports of them, in the words of the question it was begun with; null for groups. It never reports anything else.</summary>
    public string? Properties { get; init; }

    /// <summary>When the directory gave it.</summary>
    public DateTimeOffset ReadAt { get; set; }

    /// <summary>The groups it reports.</summary>
    public IEnumerable<Guid> GroupIds => Groups.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(id => Guid.ParseExact(id, "N"));
}

internal sealed class DirectoryCursorConfiguration : IEntityTypeConfiguration<DirectoryCursor>
{
    public void Configure(EntityTypeBuilder<DirectoryCursor> cursor)
    {
        cursor.Ignore(c => c.GroupIds);
        cursor.Property(c => c.Groups).HasMaxLength(33 * DirectoryCursor.MostGroups).IsUnicode(false);
        cursor.Property(c => c.Properties).HasMaxLength(512).IsUnicode(false);
        cursor.Property(c => c.Link).HasMaxLength(DirectoryCursor.LongestLink).IsUnicode(false);
    }
}
