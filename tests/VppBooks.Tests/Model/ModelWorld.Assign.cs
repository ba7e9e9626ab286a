using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;

namespace VppBooks.Tests.Model;

/// <content>Administrators plan and commit.</content>
internal sealed partial class ModelWorld
{
    private readonly List<Guid> _plans = [];
    private readonly Dictionary<Guid, int?> _numbers = [];
    private readonly List<Guid> _committed = [];

    private Guid? AnyBook() => Books() is { Count: > 0 } books ? Pick(books).Id : null;

    private List<(Guid Id, long AdamId)> Books() =>
        [.. Files.Read("""SELECT b."PublicId", b."AdamId" FROM "Books" AS b JOIN "Locations" AS l ON l."Id" = b."LocationId" WHERE l."DeletedAt" IS NULL ORDER BY b."Id" """)
            .Select(r => (Guid.Parse((string)r[0]), (long)r[1]))];

    private List<WishedAssignment> Wishes()
    {
        var groups = Groups();
        R.Shuffle(groups);
        var wishes = groups.Take(Chance(0.1) ? 0 : R.Next(1, 4)).Select(g => new WishedAssignment(g, Pick([Intent.Required, Intent.Required, Intent.Required, Intent.Available, Intent.Excluded]))).ToList();
        if (Chance(0.05))
        {
            wishes.Add(new WishedAssignment(null, Pick([Intent.Required, Intent.Available])));
        }

        return wishes;
    }

    private async Task<Guid?> PlanAsync(ModelServer server, Guid? book, bool second = false, IReadOnlyList<WishedAssignment>? wishes = null)
    {
        if (book is not { } id)
        {
            return null;
        }

        var result = await server.Get<AssignmentDesk>().PlanAsync(new PlanRequest(id, wishes ?? Wishes()), second ? SecondAdmin : Admin, CancellationToken.None);
        if (result is not PlanResult.Planned { Plan: var plan })
        {
            Tell(((PlanResult.Refused)result).Refusal.Code);
            return null;
        }

        Tell($"plan takes {plan.Takes}, waits {plan.Wait}, releases {plan.Release}");
        Remember(plan);
        return plan.Id;
    }

    private async Task CommitAsync(ModelServer server, Guid plan, bool second = false)
    {
        var how = new CommitOptions(Pick<TimeSpan?>([null, null, null, TimeSpan.FromMinutes(1), TimeSpan.FromHours(2)]), Chance(0.95) ? _numbers.GetValueOrDefault(plan) : null);
        var result = await server.Get<AssignmentDesk>().CommitAsync(plan, how, second ? SecondAdmin : Admin, CancellationToken.None);
        Tell(result is CommitResult.Refused { Refusal.Code: var code } ? code : result.GetType().Name);
        switch (result)
        {
            case CommitResult.Committed:
                _committed.Add(plan);
                break;
            case CommitResult.Stale { NewPlan: var newer }:
                Remember(newer);
                break;
        }
    }

    private void Remember(PlanView plan)
    {
        _plans.Add(plan.Id);
        _numbers[plan.Id] = plan.NumberToType;
    }

    /// <summary>
    /// Approves, refuses or calls back: mostly what waits for a decision, whoever made it, a group's growth included; sometimes what somebody decided already.
    /// </summary>
    private async Task DecideAsync()
    {
        var undecided = Files.Read("""SELECT "PublicId" FROM "Plans" WHERE "State" IN (3, 4) ORDER BY "Id" """).ConvertAll(r => Guid.Parse((string)r[0]));
        var plans = undecided.Count > 0 && Chance(0.8) ? undecided : _plans;
        if (plans.Count == 0)
        {
            return;
        }

        var plan = Chance(0.6) ? plans[^1] : Pick(plans);
        var (decisions, actor) = (AnyServer().Get<PlanDecisions>(), Chance(0.3) ? Admin : SecondAdmin);
        var result = R.Next(4) switch
        {
            0 => await decisions.RejectAsync(plan, actor, CancellationToken.None),
            1 => await decisions.UndoAsync(plan, actor, CancellationToken.None),
            _ => await decisions.ApproveAsync(plan, actor, CancellationToken.None),
        };
        Tell(result is DecisionResult.Refused { Refusal.Code: var code } ? code : "decided");
    }

    private async Task ReorderAsync()
    {
        if (AnyBook() is { } book)
        {
            await AnyServer().Get<WaitingLists>().ChooseOrderAsync(book, Pick(Enum.GetValues<WaitingOrder>()), Admin, CancellationToken.None);
        }
    }

    private Task CommitAsync(ModelServer server) =>
        _plans.Count == 0 ? Task.CompletedTask : CommitAsync(server, Chance(0.5) ? _plans[^1] : Pick(_plans));

    private async Task AssignAsync()
    {
        var server = AnyServer();
        if (await PlanAsync(server, AnyBook()) is { } plan)
        {
            await CommitAsync(server, plan);
        }
    }

    private async Task AssignAndWorkAsync()
    {
        await AssignAsync();
        await WorkAsync(AnyServer(), Pick([TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(15)]));
    }

    /// <summary>One administrator's whole commit comes between another's facts and decision: for the same title where there is one.</summary>
    private async Task RaceAsync()
    {
        var books = Books();
        if (books.Count == 0)
        {
            return;
        }

        var twice = books.GroupBy(b => b.AdamId).Where(g => g.Count() > 1).ToList();
        var pair = twice.Count > 0 && Chance(0.8) ? [.. Pick(twice)] : books;
        if (await PlanAsync(First, Pick(pair).Id) is not { } one || await PlanAsync(Second, Pick(pair).Id, second: true) is not { } other)
        {
            return;
        }

        First.Points.Arm(PointKind.BeforeTransaction, 1, async where =>
        {
            Tell("meanwhile");
            var newest = Files.Count("""SELECT COALESCE(MAX("Id"), 0) FROM "Licenses" """);
            await CommitAsync(Second, other, second: true);
            // As on a database that lets two read before either writes.
            First.Points.NewestLicenseSeen = newest;
        });
        await CommitAsync(First, one);
        First.Points.Disarm();
        First.Points.NewestLicenseSeen = null;
    }

    private async Task CrashInCommitAsync()
    {
        var server = AnyServer();
        if (await PlanAsync(server, AnyBook()) is not { } plan)
        {
            return;
        }

        server.Points.ArmCrash(PointKind.Any, R.Next(1, 4), where => Tell($"{server.Name} crashes at {where}"));
        try
        {
            await CommitAsync(server, plan);
        }
        catch (Exception) when (server.Points.Dead)
        {
            await RestartAsync(server);
        }
    }

    /// <summary>I8</summary>
    private async Task CommitAgainAsync()
    {
        _committed.RemoveAll(id => !_plans.Contains(id));
        if (_committed.Count == 0)
        {
            return;
        }

        var before = Fingerprint.All(Files);
        await CommitAsync(AnyServer(), Pick(_committed));
        if (Fingerprint.All(Files) is var after && after != before)
        {
            Fail($"I8: committing again changed data:\n{Fingerprint.Difference(before, after)}");
        }
    }
}
