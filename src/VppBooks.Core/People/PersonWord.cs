using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace VppBooks.Core.People;

/// <summary>A word by which a person is found: of the name, of the part before the @ of an address, or the whole address. See <see cref="PersonWords"/>.</summary>
public sealed class PersonWord
{
    public int PersonId { get; init; }

    public required string Word { get; init; }
}

internal sealed class PersonWordConfiguration : IEntityTypeConfiguration<PersonWord>
{
    public void Configure(EntityTypeBuilder<PersonWord> word)
    {
        // The word leads: what begins with a text is one stretch of the index, and holds the people as well.
        word.ToTable("PersonWords");
        word.HasKey(w => new { w.Word, w.PersonId });
        word.HasIndex(w => w.PersonId);
        word.Property(w => w.Word).HasMaxLength(PersonWords.Longest);
        word.HasOne<Person>().WithMany(p => p.Words).HasForeignKey(w => w.PersonId).OnDelete(DeleteBehavior.Cascade);
    }
}
