using VppBooks.Core.Assignments;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.Licenses;

/// <summary>
/// What Apple does not document is a switch of the stand-in: claiming, syncing and assigning must be right in both positions. The default positions are
/// what every other test runs with.
/// </summary>
public sealed class SwitchTests
{
    private static readonly Dictionary<string, Action<AppleSwitches>> Switches = new()
    {
        ["page size 3"] = s => s.PageSize = 3,
        ["page size 1000"] = s => s.PageSize = 1000,
        ["150 ms latency"] = s => s.Latency = TimeSpan.FromMilliseconds(150),
        [nameof(AppleSwitches.ShuffleTasks)] = s => s.ShuffleTasks = true,
        [nameof(AppleSwitches.FailureShape) + " one entry per target"] = s => s.FailureShape = Enum.GetValues<FailureShape>()[1],
        [nameof(AppleSwitches.FailureShape) + " without targets"] = s => s.FailureShape = Enum.GetValues<FailureShape>()[^1],
        [nameof(AppleSwitches.AssociateRegisteredUsers)] = s => s.AssociateRegisteredUsers = false,
        [nameof(AppleSwitches.UnknownUserRefusesAtOnce)] = s => s.UnknownUserRefusesAtOnce = true,
        [nameof(AppleSwitches.UnownedAssetRefusesAtOnce)] = s => s.UnownedAssetRefusesAtOnce = true,
        [nameof(AppleSwitches.RepeatedAssociationFails)] = s => s.RepeatedAssociationFails = true,
        [nameof(AppleSwitches.RefundTakesAssigned)] = s => s.RefundTakesAssigned = true,
        [nameof(AppleSwitches.EmptyAssetsVanish)] = s => s.EmptyAssetsVanish = true,
        [nameof(AppleSwitches.KeepRecordWhenAssociationFails)] = s => s.KeepRecordWhenAssociationFails = false,
        [nameof(AppleSwitches.DownloaderHasManagedAccount)] = s => s.DownloaderHasManagedAccount = false,
        [nameof(AppleSwitches.UserChangesTouchAssignments)] = s => s.UserChangesTouchAssignments = false,
        [nameof(AppleSwitches.DeltaListsRemovedRows)] = s => s.DeltaListsRemovedRows = true,
        [nameof(AppleSwitches.UnlimitedCountsDown)] = s => s.UnlimitedCountsDown = false,
        [nameof(AppleSwitches.EmptyListHasNoPages)] = s => s.EmptyListHasNoPages = true,
        [nameof(AppleSwitches.UnknownTokenAnswersOk)] = s => s.UnknownTokenAnswersOk = false,
        [nameof(AppleSwitches.PasswordChangeAnswers9622)] = s => s.PasswordChangeAnswers9622 = true,
        [nameof(AppleSwitches.NewTokenRevokesOld)] = s => s.NewTokenRevokesOld = true,
        [nameof(AppleSwitches.ExpirationOnlyInLastDays)] = s => s.ExpirationOnlyInLastDays = true,
        [nameof(AppleSwitches.ExtraFields)] = s => s.ExtraFields = true,
        [nameof(AppleSwitches.ConfigChangeAnswersPartly)] = s => s.ConfigChangeAnswersPartly = true,
        ["slow events"] = s => s.EventDelay = TimeSpan.FromSeconds(45),
    };

    public static TheoryData<string> Names => [.. Switches.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Claims_syncs_and_assigns_whatever_Apple_does(string name)
    {
        await using var house = await SpendingHouse.StartAsync(Switches[name]);
        var book = await house.BookAsync(free: 60);

        Assert.IsType<CommitResult.Committed>(await house.AssignAsync(book, new WishedAssignment(await house.GroupAsync("Class 4A"), Intent.Required)));
        await house.WorkAsync(TimeSpan.FromMinutes(5));
        // The second sync is a delta from the versions of the first.
        await house.SyncAsync();

        Assert.Equal(TokenState.Valid, (await house.Core.RowAsync(SpendingHouse.UId)).State);
        var licenses = await house.LicensesAsync(book);
        Assert.Equal(name != nameof(AppleSwitches.DownloaderHasManagedAccount), licenses.Any(l => l.State == LicenseState.Assigned));
        Assert.DoesNotContain(licenses, l => l.State is LicenseState.Unknown or LicenseState.Submitting or LicenseState.Submitted or LicenseState.Failed);
        await house.AssertLedgerIsTrueAsync(book);
    }
}
