using System.Reflection;
using System.Runtime.CompilerServices;
using VppBooks.Core;
using VppBooks.Core.Exports;
using VppBooks.Core.Security;

namespace VppBooks.Tests.Security;

/// <content>Core: each service is made without anything it works with, so that whatever it does before it looks at the actor breaks in another way than by refusing.</content>
public sealed partial class RoleMatrixTests
{
    private const Permissions Read = Permissions.Read;
    private const Permissions Export = Permissions.Read | Permissions.Export;

    /// <summary>What each public method that takes an actor demands. <see cref="Permissions.None"/>: a matter of the person's own, which needs no role.</summary>
    private static readonly Dictionary<string, Permissions> _services = new(StringComparer.Ordinal)
    {
        ["ActivityReader.CountEventsAsync"] = Permissions.ReadActivity,
        ["ActivityReader.FindEventAsync"] = Permissions.ReadActivity,
        ["ActivityReader.FindPlaceAsync"] = Permissions.ReadActivity,
        ["ActivityReader.FindSubjectAsync"] = Permissions.ReadActivity,
        ["ActivityReader.ListActionsAsync"] = Permissions.ReadActivity,
        ["ActivityReader.ListAsync"] = Permissions.ReadActivity,
        ["ActivityReader.StreamAsync"] = Permissions.ReadActivity,
        ["AlertDesk.AcknowledgeAsync"] = Permissions.HandleAlerts,
        ["AlertDesk.CountNewsAsync"] = Read,
        ["AlertDesk.ListAsync"] = Read,
        ["AlertDesk.ListChannelsAsync"] = Read,
        ["AlertDesk.SnoozeAsync"] = Permissions.HandleAlerts,
        ["AlertDesk.TestAsync"] = Permissions.ManageSettings,
        ["AlertReceiverDesk.AddAsync"] = Permissions.ManageSettings,
        ["AlertReceiverDesk.ChangeSecretAsync"] = Permissions.ManageSettings,
        ["AlertReceiverDesk.ListAsync"] = Permissions.ReadSettings,
        ["AlertReceiverDesk.RemoveAsync"] = Permissions.ManageSettings,
        ["AssignmentDesk.AssignAsync"] = Permissions.Assign,
        ["AssignmentDesk.ChangeAsync"] = Permissions.Assign,
        ["AssignmentDesk.CommitAsync"] = Permissions.Assign,
        ["AssignmentDesk.PlanAsync"] = Permissions.Assign,
        ["BookCategories.CreateAsync"] = Permissions.ManageBooks,
        ["BookCategories.DeleteAsync"] = Permissions.ManageBooks,
        ["BookCategories.FindAsync"] = Read,
        ["BookCategories.LinkAsync"] = Permissions.ManageBooks,
        ["BookCategories.ListAsync"] = Read,
        ["BookCategories.ListOfBookAsync"] = Read,
        ["BookCategories.ReadAsync"] = Read,
        ["BookCategories.RenameAsync"] = Permissions.ManageBooks,
        ["BookCategories.UnlinkAsync"] = Permissions.ManageBooks,
        ["BookRemoval.RemoveAsync"] = Permissions.ManageBooks,
        ["BookCatalog.FindAsync"] = Read,
        ["BookCatalog.ListAsync"] = Read,
        ["BookCatalog.ListFacetsAsync"] = Read,
        ["BookCatalog.ReadFactsAsync"] = Read,
        ["BookCatalog.SelectAsync"] = Read,
        ["BookCatalog.StreamAsync"] = Read,
        ["BookPeople.ListAsync"] = Read,
        ["BookPeople.StreamAsync"] = Read,
        ["BookStates.CountAsync"] = Read,
        ["BookStates.FindUserAsync"] = Read,
        ["BookStates.PageDevicesAsync"] = Read,
        ["BookStates.PageUsersAsync"] = Read,
        ["BookTaking.TakeAsync"] = Permissions.None,
        ["DetailExports.BookGroups"] = Export,
        ["DetailExports.GroupBooks"] = Export,
        ["DetailExports.PastHolders"] = Export,
        ["DetailExports.PersonBooks"] = Export,
        ["DetailExports.PersonDevices"] = Export,
        ["DetailExports.PersonEntitlements"] = Export,
        ["DetailExports.PersonMails"] = Export,
        ["DetailExports.PersonRegistrations"] = Export,
        ["DetailExports.PlanPeople"] = Export,
        ["DeviceReader.FindAsync"] = Read,
        ["DeviceReader.ReadAsync"] = Read,
        ["ExportRuns.BeginAsync"] = Permissions.Export,
        ["ExportRuns.Find"] = Permissions.Export,
        ["ForecastReader.ListAsync"] = Read,
        ["GroupCatalog.FindAsync"] = Read,
        ["GroupCatalog.FindStalenessAsync"] = Read,
        ["GroupCatalog.GetStandingAsync"] = Read,
        ["GroupCatalog.ListAsync"] = Read,
        ["GroupCatalog.ListMembersAsync"] = Read,
        ["GroupCatalog.ListMembersBehindAsync"] = Read,
        ["GroupCatalog.SearchDirectoryAsync"] = Read,
        ["GroupCatalog.StreamAsync"] = Read,
        ["HistoryReader.ListAsync"] = Read,
        ["InvitationLinks.CreateAsync"] = Permissions.ResendInvitation,
        ["Invitations.CountAsync"] = Permissions.ResendInvitation,
        ["Invitations.ListAsync"] = Read,
        ["Invitations.ResendAsync"] = Permissions.ResendInvitation,
        ["Invitations.ResendManyAsync"] = Permissions.ResendInvitation,
        ["ListExports.Activity"] = Export | Permissions.ReadActivity,
        ["ListExports.BookPeople"] = Export,
        ["ListExports.Books"] = Export,
        ["ListExports.Categories"] = Export,
        ["ListExports.Copies"] = Export,
        ["ListExports.Groups"] = Export,
        ["ListExports.Members"] = Export,
        ["ListExports.People"] = Export,
        ["ListExports.SyncRuns"] = Export,
        ["ListExports.Tokens"] = Export,
        ["ListExports.Waiting"] = Export,
        ["LocationDirectory.FindAsync"] = Permissions.ReadTokens,
        ["LocationDirectory.ListAsync"] = Permissions.ReadTokens,
        ["LocationEnrollment.CreateAsync"] = Permissions.ManageTokens,
        ["LocationEnrollment.DeleteAsync"] = Permissions.ManageTokens,
        ["LocationEnrollment.InspectAsync"] = Permissions.ManageTokens,
        ["LocationEnrollment.PreviewDeletionAsync"] = Permissions.ManageTokens,
        ["LocationEnrollment.RenewAsync"] = Permissions.ManageTokens,
        ["LocationEnrollment.TakeControlAsync"] = Permissions.ManageTokens,
        ["LocationEnrollment.UpdateAsync"] = Permissions.ManageTokens,
        ["MonitorExports.Alerts"] = Export,
        ["MonitorExports.AwaitingPlans"] = Export,
        ["MonitorExports.Differences"] = Export,
        ["MonitorExports.Notifications"] = Export,
        ["OverviewReader.ReadAsync"] = Read,
        ["PeopleCatalog.FindAsync"] = Read,
        ["PeopleCatalog.ListAsync"] = Read,
        ["PersonDataReader.ReadAsync"] = Permissions.ManagePrivacy,
        ["PersonDataReader.ReadOwnAsync"] = Permissions.None,
        ["PersonErasure.EraseAsync"] = Permissions.ManagePrivacy,
        ["PlanDecisions.ApproveAsync"] = Permissions.Assign,
        ["PlanDecisions.RejectAsync"] = Permissions.Assign,
        ["PlanDecisions.UndoAsync"] = Permissions.Assign,
        ["PlanViews.FindAsync"] = Read,
        ["PlanViews.FindLatestCommittedAsync"] = Read,
        ["PlanViews.ListAssignmentsAsync"] = Read,
        ["PlanViews.ListAwaitingAsync"] = Read,
        ["PlanViews.ListLinesAsync"] = Read,
        ["PlanViews.ListLinesBehindAsync"] = Read,
        ["PlanViews.PageLinesAsync"] = Read,
        ["PlanViews.ProgressAsync"] = Read,
        ["ReaderLibrary.FindAsync"] = Permissions.None,
        ["ReaderLibrary.InvitationAsync"] = Permissions.None,
        ["RegistrationRetries.TryAgainAsync"] = Permissions.ResendInvitation,
        ["ReportExports.Forecast"] = Export,
        ["ReportExports.History"] = Export,
        ["ReportExports.SharedTitles"] = Export,
        ["ReportExports.Shopping"] = Export,
        ["ReportExports.TitleCopies"] = Export,
        ["ReportExports.Unready"] = Export,
        ["ReportExports.Unserved"] = Export,
        ["ReportExports.Usage"] = Export,
        ["ServingReports.UnreadyAsync"] = Read,
        ["ServingReports.UnservedAsync"] = Read,
        ["SettingsDesk.ChangeAsync"] = Permissions.ManageSettings,
        ["SettingsDesk.ListAsync"] = Permissions.ReadSettings,
        ["StockThresholds.ChangeAsync"] = Permissions.ManageSettings,
        ["StockThresholds.FindAsync"] = Read,
        ["SyncHistory.FindAsync"] = Read,
        ["SyncHistory.ListAsync"] = Read,
        ["SyncHistory.StreamAsync"] = Read,
        ["SyncRequests.CancelAsync"] = Permissions.SyncNow,
        ["SyncRequests.RequestAllAsync"] = Permissions.SyncNow,
        ["SyncRequests.RequestAsync"] = Permissions.SyncNow,
        ["TimeMachine.CountsAsync"] = Read,
        ["TimeMachine.HoldersAsync"] = Read,
        ["TimeMachine.StreamHoldersAsync"] = Read,
        ["TitleReports.CopiesAsync"] = Read,
        ["TitleReports.SharedAsync"] = Read,
        ["TitleReports.StreamCopiesAsync"] = Read,
        ["TokenTickets.Find"] = Permissions.ManageTokens,
        ["TokenTickets.Forget"] = Permissions.ManageTokens,
        ["TokenTickets.Keep"] = Permissions.ManageTokens,
        ["TroubledCopies.ListAsync"] = Read,
        ["TroubledCopies.ListBehindAsync"] = Read,
        ["UsageReader.ListAsync"] = Read,
        ["VerificationRuns.Read"] = Read,
        ["VerificationRuns.Start"] = Permissions.SyncNow,
        ["WaitingLists.ChooseOrderAsync"] = Permissions.Assign,
        ["WaitingLists.FindAsync"] = Read,
        ["WaitingLists.FindPlaceAsync"] = Read,
        ["WaitingLists.ListPeopleAsync"] = Permissions.Assign,
        ["WaitingLists.PageAsync"] = Read,
        ["WaitingLists.PutFirstAsync"] = Permissions.Assign,
        ["WaitingLists.RankGroupsAsync"] = Permissions.Assign,
        ["WhyReader.ReadAsync"] = Read,
    };

    /// <summary>What works for the program itself and never for a person: the worker, the schedules, the command line, the doors for Apple and for keys of repeated requests.</summary>
    private static readonly HashSet<string> _withoutActor = new(StringComparer.Ordinal)
    {
        "AlertBook", "AlertChannels", "AlertConditions", "AssignmentFollower", "AuditChainCheck", "AuditForwarder", "AuditSealer", "BookCounts", "DirectoryHealth", "ForwardingAlerts",
        "DirectoryReads", "GraphDevices", "GraphDirectory", "GroupReader", "IdempotentRequests", "InboxFolder", "InvitationMails", "LeasedWriter", "LedgerPublisher",
        "LedgerReader", "LedgerStaging", "LedgerStagings", "LedgerVerifier", "LicenseDispatcher", "LocationExpiry", "LocationHealth", "LocationLeases", "LocationSync", "LocationTurn", "NotificationGate",
        "NotificationInbox", "NotificationRegistration", "Outbox", "PeopleReader", "PeopleWriter", "PlanReleases", "RestartGuard", "StandingReader", "StorageMonitor", "TelemetryReader", "TitleUpdater", "UnwrittenAlert", "WorkSignal",

        // Artwork of the store, which readers see as well.
        "BookCatalog.FindCoverAsync", "BookCatalog.ReadCoversAsync",

        // Erases what was kept long enough, by schedule.
        "PersonErasure.EraseDueAsync",
        "DraftPlans.ForgetDueAsync",
        "UnneededPeople.ForgetDueAsync",
    };

    [Fact]
    public async Task Every_service_refuses_who_may_not_before_it_does_anything()
    {
        var methods = ServiceMethods().Where(TakesActor).ToList();
        var unknown = methods.Where(m => !_services.ContainsKey(Name(m))).Select(m => $"{Name(m)} is new: write into the table what it demands.");
        var gone = _services.Keys.Except(methods.Select(Name)).Select(name => $"{name} is in the table and nowhere else.");
        AssertNone([.. unknown, .. gone], "Services and the table of permissions differ");

        var faults = new List<string>();
        foreach (var method in methods)
        {
            foreach (var who in _everyone)
            {
                var may = Holders(_services[Name(method)]).HasFlag(who);
                var refused = await RefusalAsync(method, new Actor(ActorKind.Person, Guid.NewGuid().ToString(), "Somebody", Actor.ForRoles(RoleOf(who) is { } role ? [role] : [])));
                if (may == refused is NotAllowedException)
                {
                    faults.Add($"{Name(method)} as {who}: {(may ? "refused, but should be allowed" : $"should be refused first of all, but {refused?.GetType().Name ?? "nothing"} came")}");
                }
            }
        }

        AssertNone(faults, "Refused too late, too much or not at all");
    }

    [Fact]
    public void Every_service_that_works_for_people_asks_who_they_are()
    {
        var open = ServiceMethods()
            .Where(m => !TakesActor(m) && (typeof(Task).IsAssignableFrom(m.ReturnType) || m.ReturnType.Name.StartsWith("ValueTask", StringComparison.Ordinal) || m.ReturnType.Name.StartsWith("IAsyncEnumerable", StringComparison.Ordinal)))
            .ToList();

        AssertNone(
            [
                .. open.Where(m => !_withoutActor.Contains(m.DeclaringType!.Name) && !_withoutActor.Contains(Name(m))).Select(m => $"{Name(m)} takes no Actor: demand a permission, or list it as work of the program itself."),
                .. _withoutActor.Except(open.Select(m => m.DeclaringType!.Name)).Except(open.Select(Name)).Select(name => $"{name} is listed and nowhere else."),
            ],
            "Open to everybody");
    }

    [Fact]
    public void No_component_is_given_a_service_that_asks_nobody_who_they_are()
    {
        var given = typeof(VppBooks.Web.VppBooksApp).Assembly.GetTypes().Where(typeof(Microsoft.AspNetCore.Components.IComponent).IsAssignableFrom).SelectMany(component => component
                .GetProperties(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance)
                .Where(p => p.IsDefined(typeof(Microsoft.AspNetCore.Components.InjectAttribute)))
                .Select(p => p.PropertyType)
                .Concat(component.GetConstructors().SelectMany(c => c.GetParameters()).Select(p => p.ParameterType))
                .SelectMany(type => type.GetGenericArguments().Append(type))
                .Select(type => (Component: component, Service: type)))
            .ToList();
        // The look finds what is injected, and Core's services among it.
        Assert.Contains(given, g => g.Service == typeof(VppBooks.Core.Why.WhyReader));

        AssertNone(
            [.. given.Where(g => g.Service.Assembly == typeof(CoreRegistration).Assembly && _withoutActor.Contains(g.Service.Name)).Select(g => $"{g.Component.FullName} is given {g.Service.Name}.")],
            "Open to everybody who sees the page");
    }

    /// <summary>Public instance methods of Core's public services; what only carries data has no doors.</summary>
    private static IEnumerable<MethodInfo> ServiceMethods() => typeof(CoreRegistration).Assembly.GetExportedTypes()
        .Where(t => t is { IsClass: true, IsAbstract: false, IsNested: false } && t != typeof(Actor) && t.GetMethod("<Clone>$") is null)
        .Where(t => !typeof(Microsoft.EntityFrameworkCore.DbContext).IsAssignableFrom(t) && !typeof(Microsoft.Extensions.Hosting.IHostedService).IsAssignableFrom(t) && !typeof(Exception).IsAssignableFrom(t))
        .Where(t => t.Namespace?.Contains(".Migrations", StringComparison.Ordinal) != true)
        .SelectMany(t => t.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly));

    private static bool TakesActor(MethodInfo method) => method.GetParameters().Any(p => p.ParameterType == typeof(Actor));

    private static string Name(MethodInfo method) => $"{method.DeclaringType!.Name}.{method.Name}";

    /// <summary>What came of calling a method as somebody, with nothing but the actor.</summary>
    private static async Task<Exception?> RefusalAsync(MethodInfo method, Actor actor)
    {
        var service = RuntimeHelpers.GetUninitializedObject(method.DeclaringType!);
        try
        {
            switch (method.Invoke(service, [.. method.GetParameters().Select(p => p.ParameterType == typeof(Actor) ? actor : Dummy(p.ParameterType))]))
            {
                case Task task:
                    await task;
                    break;
                case IAsyncEnumerable<object> rows:
                    await using (var first = rows.GetAsyncEnumerator())
                    {
                        await first.MoveNextAsync();
                    }

                    break;
            }

            return null;
        }
        catch (TargetInvocationException e)
        {
            return e.InnerException;
        }
#pragma warning disable CA1031 // Without its parts a service that goes on breaks somehow; only how it refuses counts.
        catch (Exception e)
#pragma warning restore CA1031
        {
            return e;
        }
    }

    private static object? Dummy(Type type) => type.IsByRef ? null : type.IsValueType ? Activator.CreateInstance(type) : null;
}
