using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Core.Mail;

namespace VppBooks.Core.People;

/// <summary>A directory user who is a member of a group we look at, or holds a license. Known by <see cref="DirectoryId"/>, whatever the name becomes (I12).</summary>
public sealed class Person
{
    public int Id { get; init; }

    /// <summary>The id that screens and the API use.</summary>
    public Guid PublicId { get; init; }

    /// <summary>Object id in the directory; a number of our own once erased.</summary>
    public Guid DirectoryId { get; set; }

    public required string DisplayName { get; set; }

    public required string UserPrincipalName { get; set; }

    public string? Mail { get; set; }

    /// <summary>Name of the Managed Apple Account by the configured rule; null when the rule gives none.</summary>
    public string? ManagedAppleAccount { get; set; }

    /// <summary>The language of mails to this person, one of <see cref="MailLanguages"/>; null when the directory tells none of them.</summary>
    public string? Language { get; set; }

    /// <summary>False: excluded from spending.</summary>
    public bool AccountEnabled { get; set; } = true;

    /// <summary>A guest of another organization: excluded from spending.</summary>
    public bool Guest { get; set; }

    /// <summary>Gone from the directory; null while there.</summary>
    public DateTimeOffset? GoneSince { get; set; }

    /// <summary>When name and addresses were erased; null while they are kept.</summary>
    public DateTimeOffset? ErasedAt { get; set; }

    /// <summary>Since when nothing needs the person: no group that is followed, no license, no registration; null while something does.</summary>
    public DateTimeOffset? UnneededSince { get; set; }

    /// <summary>The words by which the person is found; written with the names, and not read with the person.</summary>
    public ICollection<PersonWord> Words { get; } = [];
}

internal sealed class PersonConfiguration : IEntityTypeConfiguration<Person>
{
    public void Configure(EntityTypeBuilder<Person> person)
    {
        person.HasIndex(p => p.PublicId).IsUnique();
        person.HasIndex(p => p.DirectoryId).IsUnique();
        person.HasIndex(p => p.DisplayName);
        person.HasIndex(p => p.ErasedAt);
        person.HasIndex(p => p.UnneededSince);
        // What the directory says must not land on a row that was erased meanwhile.
        person.Property(p => p.DirectoryId).IsConcurrencyToken();
        person.Property(p => p.DisplayName).HasMaxLength(256);
        person.Property(p => p.UserPrincipalName).HasMaxLength(320);
        person.Property(p => p.Mail).HasMaxLength(320);
        person.Property(p => p.ManagedAppleAccount).HasMaxLength(320);
        person.Property(p => p.Language).HasMaxLength(2).IsUnicode(false);
    }
}
