using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Sync;

namespace VppBooks.Tests.Model;

/// <summary>Something that can happen.</summary>
/// <param name="Name">For the list of steps.</param>
/// <param name="Weight">How often, compared with the others.</param>
/// <param name="Do">Does it; what it needs to choose comes from the world's seed.</param>
internal sealed record ModelAction(string Name, int Weight, Func<ModelWorld, Task> Do);

/// <content>What can happen, and the work of the program itself. A new action is one line in the list.</content>
internal sealed partial class ModelWorld
{
    private static readonly ModelAction[] Actions =
    [
        new("turn", 4, w => w.TurnsAsync(w.AnyServer())),
        new("work", 10, w => w.WorkAsync(w.AnyServer(), w.Pick([TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(15)]))),
        new("sync", 4, w => w.SyncAsync(SyncReason.Manual)),
        new("scheduled sync", 2, w => w.SyncAsync(SyncReason.Schedule)),
        new("sync, all or nothing", 3, w => w.SyncAllOrNothingAsync()),
        new("time passes", 5, w => w.PassTime()),
        new("wall clock jumps", 1, w => w.Done(() => w.Clock.JumpWall(TimeSpan.FromSeconds(w.R.Next(-300, 300))))),

        new("assign", 6, w => w.AssignAsync()),
        new("assign and work", 18, w => w.AssignAndWorkAsync()),
        new("plan", 3, w => w.PlanAsync(w.AnyServer(), w.AnyBook())),
        new("commit a plan", 4, w => w.CommitAsync(w.AnyServer())),
        new("two administrators at once", 8, w => w.RaceAsync()),
        new("commit again what is committed", 2, w => w.CommitAgainAsync()),

        new("approve, refuse or undo", 5, w => w.DecideAsync()),
        new("get", 10, w => w.GetAsync()),
        new("offer", 3, w => w.OfferAsync()),

        new("notifications arrive", 5, w => w.ArriveAsync()),
        new("notifications arrive in a turn", 3, w => w.ArriveInTurnAsync()),
        new("hints alone", 3, w => w.FoldAloneAsync()),
        new("forged notification", 3, w => w.ForgeAsync()),

        new("order of a waiting list", 1, w => w.ReorderAsync()),

        new("crash in a turn", 8, w => w.CrashInTurnAsync()),
        new("crash in a commit", 2, w => w.CrashInCommitAsync()),
        new("restart", 2, w => w.RestartAsync(w.AnyServer())),
        new("paused and taken over", 8, w => w.TakeOverAsync()),
        new("backup", 1, w => w.Done(w.Files.TakeBackup)),
        new("restore", 1, w => w.RestoreAsync()),

        new("join a group", 3, w => w.JoinAsync()),
        new("a class joins a group", 6, w => w.JoinTogetherAsync()),
        new("directory is read", 3, w => w.ReadDirectoryAsync(w.AnyServer())),
        new("leave a group", 2, w => w.LeaveAsync()),
        new("leave the directory", 1, w => w.DeletePerson()),
        new("return to the directory", 1, w => w.ReturnPerson()),
        new("rename", 1, w => w.Rename()),
        new("disable or enable", 2, w => w.DisableOrEnable()),
        new("directory fails", 1, w => w.FailDirectory()),

        new("buy", 4, w => w.Buy()),
        new("refund", 2, w => w.Refund()),
        new("accept invitations", 4, w => w.AcceptInvitations()),
        new("another manager acts", 2, w => w.ActAsOther()),
        new("another manager claims", 1, w => w.ClaimByOther()),
        new("take control", 2, w => w.TakeControlAsync()),
        new("upload", 2, w => w.UploadAsync()),
        new("renew", 2, w => w.RenewAsync()),
        new("revoke tokens", 1, w => w.RevokeTokens()),

        new("fault", 14, w => w.AddFault()),
        new("no more faults", 2, w => w.Done(w.HealNetwork)),
        new("switch", 4, w => w.Done(() => w.SwitchSomething(1))),
        new("Apple forgets", 1, w => w.Forget()),
        new("events finish", 1, w => w.Done(w.Cloud.Apple.FinishEvents)),
    ];

    private static readonly int Weights = Actions.Sum(a => a.Weight);

    private ModelAction Choose()
    {
        var left = R.Next(Weights);
        return Actions.First(a => (left -= a.Weight) < 0);
    }

    private Task Done(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private Task PassTime()
    {
        var time = Pick([TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(40), TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(12), TimeSpan.FromHours(1), TimeSpan.FromHours(7), TimeSpan.FromHours(25)]);
        Tell($"{time}");
        return Done(() => Clock.Advance(time));
    }

    /// <summary>Numbers of the locations that are here.</summary>
    private List<int> Connected() => [.. Files.Read("""SELECT "Id" FROM "Locations" WHERE "DeletedAt" IS NULL ORDER BY "Id" """).Select(r => (int)(long)r[0])];

    private async Task TurnsAsync(ModelServer server)
    {
        foreach (var location in Connected())
        {
            await TurnAsync(server, location);
        }
    }

    private async Task<Turn> TurnAsync(ModelServer server, int location)
    {
        var turn = await server.TurnAsync(location);
        if (turn.End == TurnEnd.Done)
        {
            Interrupted.Remove(location);
        }

        Tell($"{server.Name}@{location} {turn.End}");
        return turn;
    }

    /// <summary>What the worker does until nothing is due soon; time passes instead of waiting.</summary>
    private async Task WorkAsync(ModelServer server, TimeSpan patience)
    {
        var clock = server.Get<TimeProvider>();
        var limit = clock.GetUtcNow() + patience;
        for (var round = 0; round < 400; round++)
        {
            DateTimeOffset? next = null;
            foreach (var location in Connected())
            {
                var turn = await server.TurnAsync(location);
                if (turn.End == TurnEnd.Done)
                {
                    Interrupted.Remove(location);
                }

                var wished = Files.Count("""SELECT COUNT(*) FROM "Locations" WHERE "Id" = $1 AND "SyncWanted" IS NOT NULL""", [location]) > 0;
                Sooner(turn.End != TurnEnd.Done ? clock.GetUtcNow() + LocationLeases.Period : wished ? clock.GetUtcNow() + TimeSpan.FromSeconds(10) : turn.Next);
            }

            if (_lettersComeAtOnce && await ArriveAsync(server) > 0)
            {
                Sooner(clock.GetUtcNow() + TimeSpan.FromSeconds(1));
            }

            if (next is null || next > limit)
            {
                return;
            }

            Clock.Advance((next.Value > clock.GetUtcNow() ? next.Value - clock.GetUtcNow() : TimeSpan.Zero) + TimeSpan.FromMilliseconds(5));

            void Sooner(DateTimeOffset? when) => next = next is null || when < next ? when ?? next : next;
        }

        Fail("I7: the work never came to rest");
    }

    private async Task SyncAsync(SyncReason reason)
    {
        var server = AnyServer();
        foreach (var row in Files.Read("""SELECT "PublicId" FROM "Locations" WHERE "DeletedAt" IS NULL ORDER BY "Id" """))
        {
            var result = await server.Get<SyncRequests>().RequestAsync(Guid.Parse((string)row[0]), reason, Admin, CancellationToken.None);
            Tell(result.GetType().Name);
        }

        await TurnsAsync(server);
    }

    /// <summary>I6: a run that fails changes nothing.</summary>
    private async Task SyncAllOrNothingAsync()
    {
        if (Connected() is not { Count: > 0 } connected)
        {
            return;
        }

        var (server, location) = (AnyServer(), Pick(connected));
        var leases = server.Get<LocationLeases>();
        if (await leases.TryAcquireAsync(location, CancellationToken.None) is not { } lease)
        {
            return;
        }

        var before = Fingerprint.Data(Files);
        var run = await server.Get<LocationSync>().RunAsync(lease, SyncReason.Schedule, null, CancellationToken.None);
        await leases.ReleaseAsync(lease, CancellationToken.None);
        Tell($"{run.Result} {run.ErrorCode}");
        // A foreign claim forgets how far was read: what somebody else does meanwhile has to be read from the beginning.
        Func<string, string> compared = run.ErrorCode == "ClaimLost" ? Fingerprint.WithoutWatermarks : rows => rows;
        if (run.Result is SyncResult.Failed or SyncResult.Canceled && Fingerprint.Data(Files) is var after && compared(after) != compared(before))
        {
            Fail($"I6: a sync failed and changed data:\n{Fingerprint.Difference(before, after)}");
        }
    }

    private async Task CrashInTurnAsync()
    {
        if (Connected() is not { Count: > 0 } connected)
        {
            return;
        }

        var (server, location) = (AnyServer(), Pick(connected));
        server.Points.ArmCrash(PointKind.Any, R.Next(1, Pick([10, 40, 120])), where => Tell($"{server.Name} crashes at {where}"));
        try
        {
            await TurnAsync(server, location);
        }
        catch (CrashedException)
        {
            Interrupted.Add(location);
            await RestartAsync(server);
        }
    }

    /// <summary>A program stands still in the middle of its turn, longer than its lease lasts; the other one works; then it goes on as if nothing had been.</summary>
    private async Task TakeOverAsync()
    {
        if (Connected() is not { Count: > 0 } connected)
        {
            return;
        }

        var (server, location) = (AnyServer(), Pick(connected));
        server.Points.Arm(PointKind.Unlocked, R.Next(1, Pick([10, 40, 120])), async where =>
        {
            Tell($"{server.Name} stands still at {where}");
            // The other one watches the lease first: an owner is gone when nothing has moved for a whole period.
            await TurnAsync(Other(server), location);
            Clock.Advance(TimeSpan.FromSeconds(R.Next(16, 50)));
            await TurnAsync(Other(server), location);
        });
        await TurnAsync(server, location);
    }

    private async Task RestoreAsync()
    {
        if (!Files.HasBackup)
        {
            return;
        }

        // Whoever restores takes longer than Apple's work.
        Cloud.Apple.FinishEvents();
        Clock.Advance(TimeSpan.FromMinutes(20));
        await First.DisposeAsync();
        await Second.DisposeAsync();
        Files.Restore();
        Interrupted.Clear();
        Interrupted.UnionWith(Connected());
        _plans.Clear();
        Invariants.Restored();
        Truth.Restored(Locations);
        First = Start("A", TimeSpan.Zero);
        Second = Start("B", _skew);
    }
}
