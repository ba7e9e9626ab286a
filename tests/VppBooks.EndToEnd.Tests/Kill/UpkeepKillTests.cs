using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;

namespace VppBooks.EndToEnd.Tests.Kill;

/// <summary>The program dies while it tells Apple of changed addresses and of leavers.</summary>
[Collection("Kill")]
public sealed class UpkeepKillTests
{
    private static readonly string[] Points =
        ["intent.before-commit", "intent.after-commit", "post.before-send", "post.after-accept", "event.before-commit", "event.after-commit"];

    /// <summary>Each start has one person more to tell of, dies somewhere else, and leaves the rest to the next one.</summary>
    [Theory]
    [InlineData(OperationKind.UpdateUsers)]
    [InlineData(OperationKind.RetireUsers)]
    public async Task Killed_at_every_start_while_people_change_or_leave_Apple_learns_of_all_of_them(OperationKind kind)
    {
        Book? book = null;
        await using var house = await KillHouse.StartAsync(async (house, services) =>
        {
            book = await house.BookAsync(free: 60);
            await KillHouse.AssignAsync(house, services, book);
            await KillHouse.WorkAsync(house, services);
        });
        var people = await house.ReadAsync(db => db.VppUsers.AsNoTracking()
            .Where(u => u.LocationId == house.LocationId && u.PersonId != null && !u.Retired && u.Status == VppUserStatus.Associated)
            .OrderBy(u => u.Id).Take(Points.Length).ToListAsync());
        Assert.Equal(Points.Length, people.Count);

        foreach (var (point, person) in Points.Zip(people))
        {
            await ChangeAsync(house, kind, person);
            var (operations, posts) = (await house.OperationsAsync(kind), house.CountPosts(kind));
            await house.WishSyncAsync();
            await house.KillAtAsync(point, Retiring);

            var now = await house.OperationsAsync(kind);
            Assert.Equal(point == "intent.before-commit" ? 0 : 1, now.Count - operations.Count);
            Assert.True(now.Count == operations.Count || now[^1].State == (point == "event.after-commit" ? OperationState.Submitted : OperationState.Intended), point);
            Assert.Equal(point is "post.after-accept" or "event.before-commit" or "event.after-commit" ? 1 : 0, house.CountPosts(kind) - posts);
        }

        // What the last of them sent is settled by the next one, or not.
        var sent = house.CountPosts(kind);
        await house.KillAtAsync("settle.mid-batch", Retiring);
        Assert.Equal(OperationState.Submitted, (await house.OperationsAsync(kind))[^1].State);
        Assert.Equal(sent, house.CountPosts(kind));

        await house.WishSyncAsync();
        await house.RunUntilAsync(
            async db => !await db.Operations.AnyAsync(o => o.State == OperationState.Intended || o.NextCheckAt != null)
                && !await db.VppUsers.AnyAsync(u => u.UpdateWanted || u.OperationId != null)
                && !await db.VppUsers.AnyAsync(u => !u.Retired && db.People.Any(p => p.Id == u.PersonId && p.GoneSince != null)),
            Retiring);

        foreach (var person in people)
        {
            var record = Assert.Single(house.Apple.Users(KillHouse.UId, person.ClientUserId));
            Assert.Equal(kind == OperationKind.RetireUsers ? "Retired" : "Associated", record.Status);
            Assert.True(kind == OperationKind.RetireUsers || record.Email == AddressOf(person));
        }

        // A change may be told twice, since no list shows that it arrived. Who is retired is seen, and not retired again.
        Assert.True(kind == OperationKind.UpdateUsers || house.CountPosts(kind) == 3);
        Assert.Equal((0, 0), (house.CountPosts(OperationKind.CreateUsers), house.Apple.CountAssociatePosts()));
        await house.AssertLedgerIsTrueAsync(book!);
    }

    private const string Retiring = "--People:RetireAfter=30.00:00:00";

    private static string AddressOf(VppUser person) => $"moved-{person.Id}@noordrand.example";

    /// <summary>What the directory says of a person from now on.</summary>
    private static async Task ChangeAsync(KillHouse house, OperationKind kind, VppUser person)
    {
        await using var db = await house.OpenAsync();
        if (kind == OperationKind.UpdateUsers)
        {
            var address = AddressOf(person);
            await db.People.Where(p => p.Id == person.PersonId).ExecuteUpdateAsync(set => set.SetProperty(p => p.Mail, address));
            await db.VppUsers.Where(u => u.Id == person.Id).ExecuteUpdateAsync(set => set.SetProperty(u => u.UpdateWanted, true));
        }
        else
        {
            DateTimeOffset? longAgo = TimeProvider.System.GetUtcNow().AddDays(-60);
            await db.People.Where(p => p.Id == person.PersonId).ExecuteUpdateAsync(set => set.SetProperty(p => p.GoneSince, longAgo));
        }
    }
}
