using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.SimulatedCloud.Graph;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Licenses;

namespace VppBooks.Tests.Privacy;

/// <summary>A house in which Class 4A was given a book, and every assignment was taken back since: nothing is assigned any more. Class 5A was looked at once.</summary>
public sealed class ForgettingHouse : IAsyncLifetime
{
    private SpendingHouse _house = null!;
    private Queue<Guid> _holders = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    internal SpendingHouse Spending => _house;

    internal Book Book { get; private set; } = null!;

    internal GraphSimulator Graph => _house.Core.Cloud.Graph;

    public async ValueTask InitializeAsync()
    {
        _house = await SpendingHouse.StartAsync(configure: services => services.Configure<PeopleOptions>(o => o.RetireAfter = TimeSpan.FromDays(10)));
        Book = await _house.BookAsync(free: 60);
        await _house.AssignAsync(Book, new WishedAssignment(Group("Class 4A").Id, Intent.Required));
        await _house.WorkAsync();
        await ReadAsync();
        await _house.AssignAsync(Book);
        await _house.WorkAsync();
        await _house.Core.Groups.EnsureMembersAsync([Group("Class 5A").Id], TimeSpan.Zero, Cancel);
        await using var db = await _house.Core.OpenAsync();
        Assert.False(await db.GroupAssignments.AnyAsync(Cancel));
        _holders = new(await db.Licenses.Where(l => l.BookId == Book.Id && l.State == LicenseState.Assigned).OrderBy(l => l.Id).Join(db.People, l => l.PersonId, p => p.Id, (l, p) => p.DirectoryId).ToListAsync(Cancel));
    }

    public ValueTask DisposeAsync() => _house.DisposeAsync();

    /// <summary>Somebody who holds the book, and whom no other test has.</summary>
    internal Task<Person> HolderAsync() => PersonAsync(_holders.Dequeue());

    internal async Task<Person> PersonAsync(Guid directoryId)
    {
        await using var db = await _house.Core.OpenAsync();
        return await db.People.AsNoTracking().SingleAsync(p => p.DirectoryId == directoryId, Cancel);
    }

    internal async Task<Person?> RowAsync(int id)
    {
        await using var db = await _house.Core.OpenAsync();
        return await db.People.AsNoTracking().SingleOrDefaultAsync(p => p.Id == id, Cancel);
    }

    internal Task ReadAsync()
    {
        _house.Core.Clock.Pass(TimeSpan.FromMinutes(16));
        return _house.Core.Get<DirectoryWatch>().ReadDueAsync(Cancel);
    }

    internal SimulatedGroup Group(string name) => _house.Core.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == name);

    internal Task ChangeRecordAsync(int personId, Action<VppUser> change) => _house.Core.ChangeAsync(db => change(db.VppUsers.Single(u => u.PersonId == personId && !u.Retired)));

    /// <summary>Apple's newest record of a person, by the object id of before.</summary>
    internal string StatusAtApple(Guid directoryId) => _house.Apple.Users(SpendingHouse.UId, ClientUserIds.For(SpendingHouse.UId, directoryId))[^1].Status;
}
