using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.Model;

/// <content>What goes wrong between us and Apple, and what Apple does not document.</content>
internal sealed partial class ModelWorld
{
    private static readonly string[] Reads = ["*/assignments", "*/users", "*/assets", "*/status", "*/client/config", "*/service/config"];

    private static readonly FaultAction[] OfChanges =
    [
        FaultAction.DropAfter, FaultAction.DropAfter, FaultAction.Drop, FaultAction.NeverAnswer, FaultAction.NeverAnswerAfter, FaultAction.ErrorAfter, FaultAction.Error, FaultAction.ErrorInOk,
        FaultAction.ErrorInOk, FaultAction.HtmlBadGateway, FaultAction.HtmlBadGatewayAfter, FaultAction.Unavailable, FaultAction.TooManyRequests, FaultAction.WithoutEventId,
        FaultAction.TruncatedBody, FaultAction.EmptyBody, FaultAction.WrongTypes, FaultAction.Delay, FaultAction.DataMoves,
    ];

    private static readonly FaultAction[] OfReads =
    [
        FaultAction.Drop, FaultAction.NeverAnswer, FaultAction.Error, FaultAction.ErrorInOk, FaultAction.HtmlBadGateway, FaultAction.Unavailable, FaultAction.TooManyRequests,
        FaultAction.TruncatedBody, FaultAction.EmptyBody, FaultAction.WrongTypes, FaultAction.Delay, FaultAction.DataMoves, FaultAction.DataMoves,
    ];

    private Task AddFault()
    {
        var change = Chance(0.7);
        var action = Pick(change ? OfChanges : OfReads);
        var fault = new Fault
        {
            Action = action,
            Method = change ? "POST" : "GET",
            Path = change ? Pick(["*/assets/associate", "*/assets/associate", "*/assets/associate", "*/users/create"]) : Pick(Reads),
            Nth = Pick([1, 1, 1, 2, 3]),
            Times = Pick([1, 1, 1, 2, 4]),
            // Apple refuses before it does anything (reference 4.1): only a failure of its own can come after the work.
            ErrorNumber = action == FaultAction.ErrorAfter ? Pick<int?>([null, 9603]) : Pick<int?>(change ? [null, 9603, 9609, 9616, 9621, 9625, 9637, 9646, 9700, 9709, 9716, 9717] : [null, 9603, 9625, 9646, 9708, 9721]),
            RetryAfter = Pick<string?>([null, null, "0", "30", "3600", "soon"]),
            Delay = TimeSpan.FromSeconds(90),
        };
        Tell($"{fault.Action} {fault.ErrorNumber} for {fault.Path} from the {fault.Nth}. on, {fault.Times} times, Retry-After {fault.RetryAfter ?? "none"}");
        return Done(() => Cloud.Apple.Faults.Add(fault));
    }

    private void HealNetwork()
    {
        Cloud.Apple.Faults.Clear();
        Cloud.Apple.Switches.Outage = AppleOutage.None;
        Cloud.Apple.Switches.FreezeEvents = false;
        Cloud.Apple.Switches.EventDelay = TimeSpan.FromSeconds(2);
        Cloud.Apple.Switches.DownloaderHasManagedAccount = true;
        Cloud.Apple.Switches.RefundTakesAssigned = false;
        Cloud.Graph.ClearFaults();
    }

    private void SwitchSomething(int times)
    {
        var s = Cloud.Apple.Switches;
        for (var i = 0; i < times; i++)
        {
            Action change = R.Next(16) switch
            {
                0 => () => s.FailureShape = Pick(Enum.GetValues<FailureShape>()),
                1 => () => s.ShuffleTasks = Chance(0.5),
                2 => () => s.RepeatedAssociationFails = Chance(0.5),
                3 => () => s.UnknownUserRefusesAtOnce = Chance(0.5),
                4 => () => s.UnownedAssetRefusesAtOnce = Chance(0.5),
                5 => () => s.AssociateRegisteredUsers = Chance(0.5),
                6 => () => s.KeepRecordWhenAssociationFails = Chance(0.5),
                7 => () => s.DownloaderHasManagedAccount = Chance(0.5),
                8 => () => s.UserChangesTouchAssignments = Chance(0.5),
                9 => () => s.DeltaListsRemovedRows = Chance(0.5),
                10 => () => s.UnlimitedCountsDown = Chance(0.5),
                11 => () => s.PageSize = Pick([2, 3, 5, 100]),
                12 => () => s.Limits = new AppleLimits { MaxAssets = R.Next(1, 4), MaxClientUserIds = R.Next(1, 5), MaxUsers = R.Next(1, 5) },
                13 => () => (s.FreezeEvents, s.EventDelay) = (Chance(0.5), TimeSpan.FromSeconds(Pick([0, 2, 45]))),
                14 => () => s.Outage = Chance(0.5) ? Pick(Enum.GetValues<AppleOutage>()) : AppleOutage.None,
                _ => () => (s.OutageRetryAfter, s.NewTokenRevokesOld, s.PasswordChangeAnswers9622) = (Pick<int?>([null, 20, 900]), Chance(0.5), Chance(0.5)),
            };
            change();
        }
    }

    private Task Forget() => Done(() =>
    {
        if (Chance(0.5))
        {
            Cloud.Apple.ForgetEvents();
        }
        else
        {
            Cloud.Apple.ForgetVersions();
        }
    });
}
