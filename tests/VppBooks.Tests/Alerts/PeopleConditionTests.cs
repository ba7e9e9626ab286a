using VppBooks.Apple;
using VppBooks.Core.Alerts;
using VppBooks.Core.People;

namespace VppBooks.Tests.Alerts;

/// <summary>Whose invitations are told as stuck.</summary>
public sealed class PeopleConditionTests(AlertRoom room) : IClassFixture<AlertRoom>
{
    [Fact]
    public async Task Leavers_disabled_accounts_and_guests_are_not_stuck_and_the_alert_ends_when_the_last_one_leaves()
    {
        var now = room.House.Clock.GetUtcNow();
        var stays = APerson();
        var (left, disabled, guest) = (APerson(), APerson(), APerson());
        (left.GoneSince, disabled.AccountEnabled, guest.Guest) = (now, false, true);
        await room.House.ChangeAsync(db => db.People.AddRange(stays, left, disabled, guest));
        await room.House.ChangeAsync(db => db.VppUsers.AddRange(new[] { stays, left, disabled, guest }.Select(p => new VppUser
        {
            LocationId = room.LocationId,
            PersonId = p.Id,
            ClientUserId = Guid.NewGuid().ToString("D"),
            Status = VppUserStatus.Registered,
            ChangedAt = now - TimeSpan.FromDays(20),
        })));

        var raised = Assert.Single(await room.LookAsync(), m => m.Kind == AlertKind.PeopleStuck);
        Assert.Equal((AlertOccasion.Raised, 1), (raised.Occasion, raised.Count));

        await room.House.ChangeAsync(db => db.People.Single(p => p.Id == stays.Id).GoneSince = now);
        var cleared = Assert.Single(await room.LookAsync(), m => m.Kind == AlertKind.PeopleStuck);
        Assert.Equal((AlertOccasion.Cleared, raised.AlertId), (cleared.Occasion, cleared.AlertId));
    }

    private static Person APerson() => new()
    {
        PublicId = Guid.NewGuid(),
        DirectoryId = Guid.NewGuid(),
        DisplayName = "P",
        UserPrincipalName = $"{Guid.NewGuid():N}@noordrand.example",
        Mail = "p@noordrand.example",
    };
}
