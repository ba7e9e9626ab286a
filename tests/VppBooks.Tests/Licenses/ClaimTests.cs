using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Core.Sync;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Licenses;

/// <summary>Who may write to a location, up to the moment before a request leaves: the claim, the token, the lease, a pause.</summary>
public sealed class ClaimTests
{
    private const string Associate = "/assets/associate";

    [Theory]
    [InlineData("GET", "/client/config", null)]
    [InlineData("GET", "/assets", null)]
    [InlineData("GET", "/assignments", null)]
    [InlineData("GET", "/users", null)]
    [InlineData("GET", "/status", null)]
    [InlineData("POST", "/users/create", null)]
    [InlineData("POST", "/users/create", FaultAction.WithoutEventId)]
    [InlineData("POST", Associate, null)]
    [InlineData("POST", Associate, FaultAction.WithoutEventId)]
    public async Task F16_After_the_first_answer_with_another_claim_nothing_is_written_until_control_is_taken(string method, string path, FaultAction? spoiled)
    {
        var tap = new RequestTap();
        await using var house = await SpendingHouse.StartAsync(
            s =>
            {
                s.Limits.MaxClientUserIds = 4;
                s.Limits.MaxUsers = 10;
            },
            tap.Attach);
        var book = await house.BookAsync(free: 60);
        if (spoiled is { } action)
        {
            house.Apple.Faults.Add(new Fault { Action = action, Method = method, Path = "*" + path });
        }

        await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required));
        var wanted = (await house.LicensesAsync(book)).Count;
        if (method == "GET" && path is "/client/config" or "/assets")
        {
            await house.WorkUntilPostsAsync(2);
            await house.Core.ChangeAsync(db => db.Locations.Single(l => l.Id == house.LocationId).SyncWanted = SyncReason.Manual);
        }

        var claimed = false;
        var firstForeign = 0;
        tap.Once(method, path, () =>
        {
            house.Apple.ClaimByOtherMdm(SpendingHouse.UId);
            firstForeign = house.Apple.Requests.Count;
            claimed = true;
            return Task.CompletedTask;
        });
        await house.WorkUntilAsync(() => Task.FromResult(claimed));
        tap.Before = null;
        await house.WorkAsync(TimeSpan.FromHours(1));
        house.Core.Clock.Pass(TimeSpan.FromMinutes(2));
        await house.SyncAsync();
        await house.WorkAsync(TimeSpan.FromHours(1));

        // The request that brought the news may have been a write itself; none came after it.
        Assert.Equal(method == "POST" ? 1 : 0, house.Apple.Requests.Skip(firstForeign).Count(r => r.Method == "POST"));
        var shown = await house.SummaryAsync();
        Assert.Equal((TokenState.AssignedToExternalMdm, LocationCondition.ClaimedElsewhere, "OtherMDM"), (shown.State, shown.Condition, shown.ClaimedByName));
        var told = Assert.Single(await house.AuditAsync("location.state-changed"));
        Assert.Contains("\"claimedBy\":\"OtherMDM\"", told.Details, StringComparison.Ordinal);

        Assert.IsType<ChangeLocationResult.Changed>(await house.Core.Enrollment.TakeControlAsync(shown.PublicId, CoreHouse.Admin, CancellationToken.None));
        await house.WorkAsync(TimeSpan.FromHours(2));
        var after = await house.LicensesAsync(book);
        Assert.Equal(wanted, after.Count);
        Assert.DoesNotContain(after, l => l.State is LicenseState.Unknown or LicenseState.Submitted or LicenseState.Submitting or LicenseState.Failed);
        Assert.Contains(after, l => l.State == LicenseState.Assigned);
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Theory]
    [InlineData(9621, 401, TokenState.Expired, LocationCondition.Expired)]
    [InlineData(9625, 401, TokenState.Invalid, LocationCondition.RevokedOrPasswordChanged)]
    [InlineData(null, 401, TokenState.Invalid, LocationCondition.InvalidToken)]
    public async Task F15_A_token_that_dies_in_the_middle_stops_everything_cleanly_and_a_new_one_goes_on(int? number, int status, TokenState state, LocationCondition condition)
    {
        var tap = new RequestTap();
        await using var house = await SpendingHouse.StartAsync(s => s.Limits.MaxClientUserIds = 4, tap.Attach);
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        var synced = (await house.SummaryAsync()).LastSyncedAt;
        tap.Once("POST", Associate, () =>
        {
            house.Apple.Faults.Add(new Fault { Action = number is null ? FaultAction.Respond : FaultAction.Error, ErrorNumber = number, Status = status, Location = SpendingHouse.UId, Times = 0 });
            return Task.CompletedTask;
        }, nth: 2);

        await house.AssignAsync(book, new WishedAssignment(group, Intent.Required));
        await house.WorkAsync(TimeSpan.FromHours(1));
        house.Core.Clock.Pass(TimeSpan.FromMinutes(2));
        await house.StepAsync();

        var shown = await house.SummaryAsync();
        Assert.Equal((state, condition, synced), (shown.State, shown.Condition, shown.LastSyncedAt));
        Assert.IsType<SyncRequestResult.NotPossible>(await house.Core.Get<SyncRequests>().RequestAsync(shown.PublicId, SyncReason.Manual, CoreHouse.Admin, CancellationToken.None));
        Assert.Equal(2, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.Equal(2, house.Apple.Requests.Count(r => r.Status != 0 && (r.Path.EndsWith(Associate, StringComparison.Ordinal) || r.Status == 401)));
        var stopped = await house.LicensesAsync(book);
        Assert.Equal(4, stopped.Count(l => l.State == LicenseState.Submitted));
        // A bare status is no word of Apple's about the request: those four are read before they are sent again.
        Assert.Equal(number is null ? 4 : 0, stopped.Count(l => l.State == LicenseState.Unknown));
        Assert.Equal(stopped.Count - (number is null ? 8 : 4), stopped.Count(l => l.State == LicenseState.Reserved));

        tap.Before = null;
        house.Apple.Faults.Clear();
        Assert.IsType<ChangeLocationResult.Changed>(await house.Core.Enrollment.RenewAsync(shown.PublicId, new TokenUpload.File(house.Apple.IssueToken(SpendingHouse.UId)), CoreHouse.Admin, CancellationToken.None));
        await house.WorkAsync(TimeSpan.FromHours(1));
        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Assigned, l.State));
        Assert.Equal(LocationCondition.Valid, (await house.SummaryAsync()).Condition);
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task A_request_that_waited_in_the_rate_gate_does_not_leave_when_the_lease_was_lost_meanwhile()
    {
        await using var house = await WaitingHouse.StartAsync();

        await Assert.ThrowsAsync<LeaseLostException>(() => house.SendAsync(async () =>
        {
            await using var db = await house.Inner.Core.OpenAsync();
            await db.LocationLeases.ExecuteUpdateAsync(set => set.SetProperty(l => l.Owner, "other").SetProperty(l => l.FenceToken, l => l.FenceToken + 1));
        }));

        Assert.Equal(0, house.Inner.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.All(await house.Inner.LicensesAsync(house.Book), l => Assert.Equal(LicenseState.Submitting, l.State));
    }

    [Theory]
    [InlineData("claim")]
    [InlineData("read-only")]
    [InlineData("pause")]
    public async Task A_request_that_waited_in_the_rate_gate_does_not_leave_when_the_location_was_closed_meanwhile(string how)
    {
        await using var house = await WaitingHouse.StartAsync();

        await house.SendAsync(() => house.Inner.Core.ChangeAsync(db =>
        {
            var location = db.Locations.Single(l => l.Id == house.Inner.LocationId);
            switch (how)
            {
                case "claim": (location.State, location.ClaimConfirmed) = (TokenState.AssignedToExternalMdm, false); break;
                case "read-only": location.ReadOnly = true; break;
                default: location.PausedUntil = house.Inner.Core.Clock.GetUtcNow() + TimeSpan.FromMinutes(5); break;
            }
        }));

        Assert.Equal(0, house.Inner.Apple.CountAssociatePosts(SpendingHouse.UId));
        Assert.All(await house.Inner.LicensesAsync(house.Book), l => Assert.Equal((LicenseState.Reserved, LicenseCause.NotSent), (l.State, l.Cause)));
        Assert.Equal(OperationState.NotSent, (await house.Inner.OperationsAsync(OperationKind.Associate))[^1].State);
    }

    /// <summary>A location whose next request has to wait in the rate gate for a pause of three seconds.</summary>
    private sealed class WaitingHouse : IAsyncDisposable
    {
        public required SpendingHouse Inner { get; init; }

        public required Book Book { get; init; }

        public static async Task<WaitingHouse> StartAsync()
        {
            var inner = await SpendingHouse.StartAsync();
            var group = await inner.GroupAsync("Class 4A");
            var book = await inner.RegisterAsync(group);
            await inner.AssignAsync(book, new WishedAssignment(group, Intent.Required));
            return new WaitingHouse { Inner = inner, Book = book };
        }

        /// <summary>Sends; does something while the request stands in the gate.</summary>
        public async Task SendAsync(Func<Task> meanwhile)
        {
            // Another caller of the same token is asked to wait: the dispatcher has judged the pause already, the gate has not let it go.
            var client = Inner.Core.Get<VppBooks.Apple.AppleClient>();
            var connection = Inner.Core.Get<LocationConnections>().Connect(await Inner.Core.RowAsync(SpendingHouse.UId));
            Inner.Apple.Faults.Add(new Fault { Action = FaultAction.TooManyRequests, Path = "*/users/retire", RetryAfter = "3" });
            await using var db = await Inner.Core.OpenAsync();
            var lease = (await Inner.Core.Get<LocationLeases>().TryAcquireAsync(Inner.LocationId, CancellationToken.None))!;
            var session = new LocationSession(lease, connection, Inner.Core.Get<IDbContextFactory<VppBooks.Core.Persistence.VppBooksDbContext>>(), Inner.Core.Get<LocationLeases>(), Inner.Core.Clock);
            await client.RetireUsersAsync(connection, ["nobody"], CancellationToken.None);

            await Inner.Core.Get<AssignmentFollower>().FollowAsync(lease, CancellationToken.None);
            var sending = Task.Run(() => Inner.Core.Get<Spender>().SpendAsync(session, CancellationToken.None));
            for (var i = 0; i < 200 && !await db.Operations.AnyAsync(o => o.State == OperationState.Intended); i++)
            {
                await Task.Delay(10);
            }

            await meanwhile();
            await sending;
        }

        public ValueTask DisposeAsync() => Inner.DisposeAsync();
    }
}
