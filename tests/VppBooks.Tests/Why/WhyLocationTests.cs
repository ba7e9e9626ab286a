using VppBooks.Core.Catalog;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Core.Why;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Why;

/// <summary>What keeps a location from giving books: one location goes through all of it, and is healed in between.</summary>
public sealed class WhyLocationTests(WhyHouse why) : IClassFixture<WhyHouse>
{
    private SpendingHouse House => why.House;

    [Fact]
    public async Task A_location_that_may_not_be_written_to_names_the_reason_and_the_remedy_and_a_healed_one_none()
    {
        await ReserveAsync();

        House.Apple.Faults.Add(new Fault { Action = FaultAction.TooManyRequests, Method = "POST", Path = "*/assets/associate", RetryAfter = "900" });
        await House.StepAsync();
        var paused = await ExpectAsync(WhyState.Waiting, WhyReason.ApplePaused);
        Assert.InRange(paused.Until!.Value - why.Core.Clock.GetUtcNow(), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(20));
        await HealAsync(TimeSpan.FromMinutes(40));

        await ReserveAsync();
        await why.Core.ChangeAsync(db => db.Locations.Single(l => l.Id == House.LocationId).MustReadFirst = true);
        Assert.Equal(Permissions.SyncNow, Assert.IsType<WhyRemedy.SyncNow>(Assert.Single((await ExpectAsync(WhyState.Waiting, WhyReason.MustReadFirst)).Remedies)).Needs);
        await why.Core.ChangeAsync(db =>
        {
            db.Locations.Single(l => l.Id == House.LocationId).MustReadFirst = false;
            db.Locations.Add(new Location { PublicId = Guid.NewGuid(), UId = "1", Name = "Other", OrganizationName = "O", LocationName = "L", AppleAccount = "", CountryOrRegion = "NL", State = TokenState.Valid, MustReadFirst = true });
        });
        Assert.Equal("Other", Assert.Single((await ExpectAsync(WhyState.Waiting, WhyReason.OtherTokenUnread)).Names));
        await why.Core.ChangeAsync(db =>
        {
            db.Locations.Single(l => l.Id == House.LocationId).MustReadFirst = true;
            db.Locations.Remove(db.Locations.Single(l => l.UId == "1"));
        });
        House.Apple.Faults.Add(new Fault { Action = FaultAction.WrongTypes, Method = "GET", Path = "*/assets", Times = 0 });
        await House.SyncAsync();
        await ExpectAsync(WhyState.Failed, WhyReason.SyncFailing);
        House.Apple.Faults.Clear();
        why.Core.Clock.Pass(TimeSpan.FromMinutes(2));
        await House.SyncAsync();
        await HealAsync(TimeSpan.FromMinutes(10));

        await ReserveAsync();
        await RenewAsync(House.Apple.IssueToken(SpendingHouse.UId, readOnly: true));
        await House.StepAsync();
        await House.StepAsync();
        Assert.Equal(Permissions.ManageTokens, (await ExpectAsync(WhyState.Failed, WhyReason.NoManageRights)).Remedies[0].Needs);
        await RenewAsync(House.Apple.IssueToken(SpendingHouse.UId));
        await HealAsync(TimeSpan.FromMinutes(10));

        await ReserveAsync();
        House.Apple.ClaimByOtherMdm(SpendingHouse.UId);
        await House.SyncAsync();
        var claimed = await ExpectAsync(WhyState.Failed, WhyReason.ClaimedElsewhere);
        Assert.Equal("OtherMDM", claimed.By);
        var location = Assert.IsType<WhyRemedy.TakeControl>(Assert.Single(claimed.Remedies)).LocationId;
        Assert.IsType<ChangeLocationResult.Changed>(await why.Core.Enrollment.TakeControlAsync(location, CoreHouse.Admin, CancellationToken.None));
        await HealAsync(TimeSpan.FromMinutes(10));

        await ReserveAsync();
        House.Apple.RevokeTokens(SpendingHouse.UId);
        await House.StepAsync();
        Assert.IsType<WhyRemedy.RenewToken>(Assert.Single((await ExpectAsync(WhyState.Failed, WhyReason.TokenRevoked)).Remedies));
        await RenewAsync(House.Apple.IssueToken(SpendingHouse.UId));
        await HealAsync(TimeSpan.FromMinutes(10));

        await ReserveAsync();
        why.Core.Clock.Pass(TimeSpan.FromDays(366));
        var expired = await ExpectAsync(WhyState.Failed, WhyReason.TokenExpired);
        Assert.True(expired.At < why.Core.Clock.GetUtcNow());
    }

    private SimulatedPerson _person = null!;
    private Book _book = null!;

    private async Task ReserveAsync()
    {
        (_person, _book) = (await why.NewReaderAsync(), await why.NewBookAsync());
        await why.AssignAsync(_book, why.NewGroup(_person));
        await why.ExpectAsync(_person, _book, WhyStage.Operation, WhyState.Waiting, WhyReason.NotSentYet);
    }

    private Task<WhyStep> ExpectAsync(WhyState state, WhyReason reason) => why.ExpectAsync(_person, _book, WhyStage.Operation, state, reason);

    private async Task RenewAsync(byte[] token)
    {
        var id = (await why.Core.RowAsync(SpendingHouse.UId)).PublicId;
        Assert.IsType<ChangeLocationResult.Changed>(await why.Core.Enrollment.RenewAsync(id, new TokenUpload.File(token), CoreHouse.Admin, CancellationToken.None));
    }

    private async Task HealAsync(TimeSpan patience)
    {
        await House.WorkAsync(patience);
        var answer = await why.AskAsync(_person, _book);
        Assert.Null(answer.Obstacle);
        Assert.True(answer.Holds);
    }
}
