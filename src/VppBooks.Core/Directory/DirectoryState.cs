using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Directory;

/// <summary>How reading the directory goes: one row.</summary>
public sealed class DirectoryState
{
    /// <summary>The row's number.</summary>
    public const int OnlyRow = 1;

    public int Id { get; init; } = OnlyRow;

    /// <summary>When all users were last read completely; null: never.</summary>
    public DateTimeOffset? AllUsersReadAt { get; set; }

    /// <summary>When the directory last said which users have changed, and those were read; null: it was not asked.</summary>
    public DateTimeOffset? AllUsersCheckedAt { get; set; }

    /// <summary>Raised whenever changes of users may have been missed.</summary>
    public int AllUsersChangeMark { get; set; }

    /// <summary><see cref="AllUsersChangeMark"/> when the last complete read of all users began; another number means that they have to be read again.</summary>
    public int AllUsersReadMark { get; set; }

    /// <summary>Since when groups, or people, cannot be read; null while both can.</summary>
    public DateTimeOffset? FailingSince { get; set; }

    /// <summary>Since when groups cannot be read; null when they could the last time.</summary>
    public DateTimeOffset? GroupsFailingSince { get; set; }

    /// <summary>Since when people cannot be read; null when they could the last time.</summary>
    public DateTimeOffset? PeopleFailingSince { get; set; }

    /// <summary>Reads fail because consent is missing.</summary>
    public bool ConsentMissing { get; set; }

    /// <summary>Until when the directory asked to be left alone.</summary>
    public DateTimeOffset? RetryAt { get; set; }
}

/// <summary>Who belongs to the virtual group "all users" (parity paper A7).</summary>
public static class AllUsers
{
    /// <summary>
    /// Everybody of our own organization who is still in the directory. Complete only once <see cref="DirectoryState.AllUsersReadAt"/> is set;
    /// accounts that may not sign in belong to it, and are not spent for like in any other group.
    /// </summary>
    public static IQueryable<Person> In(VppBooksDbContext db) => db.People.Where(p => !p.Guest && p.GoneSince == null);
}

internal sealed class DirectoryStateConfiguration : IEntityTypeConfiguration<DirectoryState>
{
    public void Configure(EntityTypeBuilder<DirectoryState> state) => state.Property(s => s.Id).ValueGeneratedNever();
}
