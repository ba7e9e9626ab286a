using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Localization;
using VppBooks.Core.Activities;
using VppBooks.Core.Assignments;
using VppBooks.Core.Audit;
using VppBooks.Core.Licenses;
using VppBooks.Core.Security;
using VppBooks.Web.Components.Catalog;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Monitor;

/// <summary>What happened, in the reader's words.</summary>
public sealed class ActivityTexts(IStringLocalizer<ActivityTexts> l)
{
    private const int MostFacts = 14;

    /// <summary>An entry in a sentence without its subject.</summary>
    internal string Said(ActivityEntry entry, IStringLocalizer<LedgerTexts> words) => entry.To is { } to
        ? entry.From is { } from ? l["{0} → {1}: {2}", words.Of(from), words.Of(to), Why(entry.Cause ?? LicenseCause.None)] : l["{0}: {1}", words.Of(to), Why(entry.Cause ?? LicenseCause.None)]
        : Did(entry.Action);

    /// <summary>How somebody came in; of a license, whose plan led to the change.</summary>
    internal string? Through(ActivityEntry entry) => entry.ActorKind switch
    {
        null when entry.Plan?.CommittedByName is { } name => l["through a plan of {0}", name].Value,
        ActorKind.Person => l["through the console"].Value,
        ActorKind.Api or ActorKind.Program => l["through the API"].Value,
        ActorKind.System => l["by itself"].Value,
        _ => null,
    };

    /// <summary>What somebody did; the action's own name when it is not known here.</summary>
    public string Did(string action) => action switch
    {
        "location.created" => l["uploaded a token"],
        "location.renewed" => l["renewed a token"],
        "location.changed" => l["changed a token"],
        "location.deleted" => l["deleted a token"],
        "location.control-requested" => l["asked Apple for control of a location"],
        "location.control-taken" => l["took control of a location"],
        "location.state-changed" => l["found a token in another state"],
        "location.notifications-changed" => l["heard from Apple about notifications"],
        "location.read-first" => l["holds a location back until Apple has been read"],
        "sync.requested" => l["asked for a sync"],
        "sync.canceled" => l["stopped a sync"],
        "plan.committed" => l["committed a plan"],
        "plan.approved" => l["approved a plan"],
        "plan.rejected" => l["refused a plan"],
        "plan.undone" => l["called a plan back"],
        "plan.released" => l["released a plan after its undo window"],
        "assignment.added" => l["assigned a book"],
        "assignment.changed" => l["changed an assignment of a book"],
        "assignment.removed" => l["took an assignment of a book away"],
        "book.deleted" => l["removed a book without licenses"],
        "book.restored" => l["put a removed book back that has licenses again"],
        "book.unlisted" => l["found that Apple no longer lists a book"],
        "book.listed" => l["found that Apple lists a book again"],
        "category.created" => l["made a category"],
        "category.changed" => l["renamed a category"],
        "category.deleted" => l["deleted a category"],
        "category.linked" => l["put a book into a category"],
        "category.unlinked" => l["took a book out of a category"],
        "book.taken" => l["took a book"],
        "group.state-changed" => l["found a group in another state"],
        "group.followed" => l["followed the members of groups"],
        "group.called-back-held" => l["held people whose licenses were called back and whom a group still reaches"],
        "group.growth-held" => l["held new members of a group that grew suddenly"],
        "person.gone" => l["found a person gone from the directory"],
        "people.forgotten" => l["forgot people whom nothing needs any more"],
        "person.exported" => l["downloaded what is stored about a person"],
        "person.erased" => l["erased a person's name and addresses"],
        "person.returned" => l["found a person back in the directory"],
        "person.changed" => l["found a person's account changed in the directory"],
        "invitation.given-out" => l["gave an invitation link out"],
        "licenses.assigned" => l["saw licenses that were sent arrive at Apple"],
        "licenses.found" => l["found licenses at Apple"],
        "licenses.missed" => l["missed licenses at Apple"],
        "licenses.needless" => l["gave up licenses that are not needed any more"],
        "waiting-list.joined" => l["put people on the waiting list"],
        "waiting-list.served" => l["served the waiting list"],
        "waiting-list.ordered" => l["changed the order of a waiting list"],
        "operation.intended" => l["prepared a request to Apple"],
        "operation.accepted" => l["sent a request, which Apple accepted"],
        "operation.refused" => l["sent a request, which Apple refused"],
        "operation.not-sent" => l["did not send a request"],
        "operation.unknown" => l["sent a request whose outcome is open"],
        "operation.adopted" => l["took over a request of another server"],
        "operation.not-confirmed" => l["looks for licenses that Apple says it gave"],
        "operation.not-found" => l["did not find licenses at Apple that were sent"],
        "operation.settled" => l["recorded how a request to Apple ended"],
        "ledger.verified" => l["verified the ledger"],
        "list.exported" => l["exported a list"],
        "audit.head-not-signed" => l["found an end of the audit trail that was not signed here"],
        "invitation.accepted" => l["saw an invitation accepted"],
        "registrations.recognized" => l["recognized people whom the database had forgotten"],
        "registration.changed" => l["saw a person's registration change at Apple"],
        "registration.retried" => l["had a refused registration tried again"],
        "mail.queued" => l["asked for a mail to a person"],
        "mail.sent" => l["sent a mail to a person"],
        "mail.failed" => l["could not send a mail to a person"],
        "mail.dropped" => l["did not send a mail that was not needed any more"],
        "mail.unclear" => l["does not know whether a mail arrived at the mail server"],
        "alert.raised" => l["raised an alert"],
        "alert.worse" => l["raised an alert that got worse"],
        "alert.reminder" => l["reminded of an alert"],
        "alert.cleared" => l["told that an alert is over"],
        "alert.acknowledged" => l["took notice of an alert"],
        "alert.snoozed" => l["put an alert off"],
        "alert.tested" => l["tried the ways on which alerts arrive"],
        "setting.changed" => l["changed a setting"],
        "setting.reset" => l["put a setting back to configuration"],
        "webhook.added" => l["added a receiver of alerts"],
        "webhook.removed" => l["removed a receiver of alerts"],
        "webhook.secret-changed" => l["changed the secret of a receiver of alerts"],
        "threshold.changed" => l["changed a threshold of stock"],
        _ => action,
    };

    /// <summary>Why a license changed.</summary>
    internal string Why(LicenseCause cause) => cause switch
    {
        LicenseCause.Committed => l["a plan was committed"],
        LicenseCause.Taken => l["the reader took the book"],
        LicenseCause.Joined => l["the person joined a group that is given the book"],
        LicenseCause.NotEntitled => l["no assignment reaches the person any more"],
        LicenseCause.StockShort => l["Apple has too few licenses"],
        LicenseCause.StockRose => l["licenses arrived"],
        LicenseCause.Approved => l["a second person approved"],
        LicenseCause.Rejected => l["a second person refused"],
        LicenseCause.WindowEnded => l["the undo window ended"],
        LicenseCause.Undone => l["the plan was called back"],
        LicenseCause.Intended => l["a request to Apple was written down"],
        LicenseCause.Accepted => l["Apple accepted the request"],
        LicenseCause.Refused => l["Apple refused the request; nothing was spent"],
        LicenseCause.NotSent => l["the request was not sent"],
        LicenseCause.AnswerLost => l["Apple's answer was lost"],
        LicenseCause.OwnerLost => l["the server that sent it stopped before an answer"],
        LicenseCause.SeenAtApple => l["Apple shows it"],
        LicenseCause.AbsentTwice => l["two complete readings of Apple do not show it"],
        LicenseCause.EventFailed => l["Apple says that it failed"],
        LicenseCause.EventUnclear => l["Apple does not say what became of it"],
        LicenseCause.TokenDeleted => l["the token was deleted"],
        _ => l["no cause was recorded"],
    };

    /// <summary>Details by name: before and after first, then the rest.</summary>
    internal IReadOnlyList<(string Name, string Value)> Facts(ActivityEntry entry, IStringLocalizer<LedgerTexts> words)
    {
        var facts = new List<(string Name, string Value)>();
        if (entry.ErrorNumber is > 0)
        {
            facts.Add((Name("errorNumber"), entry.ErrorNumber.Value.ToString(CultureInfo.InvariantCulture)));
        }

        if (entry.Details is not { } details)
        {
            return facts;
        }

        try
        {
            using var json = JsonDocument.Parse(details);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
            {
                facts.AddRange(json.RootElement.EnumerateObject()
                    .Where(p => p.Value.ValueKind is not JsonValueKind.Null and not JsonValueKind.Undefined)
                    .OrderBy(p => p.Name switch { "before" => 0, "after" => 1, _ => 2 })
                    .Select(p => (Name(p.Name), Given(entry, p.Value, words) ?? Account(entry, p.Value) ?? Value(p.Value))).Where(f => f.Item2.Length > 0).Take(MostFacts));
            }
        }
        catch (JsonException)
        {
            // Written by an earlier version or by hand: shown as it is.
            facts.Add((Name("details"), details));
        }

        return facts;
    }

    /// <summary>What an assignment gives, and to whom when it is no group, in the words of the book's page; null: something else.</summary>
    private static string? Given(ActivityEntry entry, JsonElement value, IStringLocalizer<LedgerTexts> words) =>
        value.ValueKind != JsonValueKind.String || !entry.Action.StartsWith("assignment.", StringComparison.Ordinal) ? null
        : value.ValueEquals("AllUsers") ? words.GroupName(null)
        : Address.Parse<Intent>(value.GetString()) is { } intent ? words.Of(intent)
        : null;

    /// <summary>How an account stands in the directory; null: something else.</summary>
    private string? Account(ActivityEntry entry, JsonElement value)
    {
        if (entry.Action != "person.changed" || value.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        return (Is("guest"), Is("accountEnabled")) switch
        {
            (false, true) => l["a member whose account is enabled"].Value,
            (false, false) => l["a member whose account is disabled"].Value,
            (true, true) => l["a guest whose account is enabled"].Value,
            (true, false) => l["a guest whose account is disabled"].Value,
        };

        bool Is(string name) => value.TryGetProperty(name, out var told) && told.ValueKind == JsonValueKind.True;
    }

    private static string Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => string.Join(", ", value.EnumerateArray().Select(Value)),
        JsonValueKind.Object => string.Join(" · ", value.EnumerateObject().Where(p => p.Value.ValueKind != JsonValueKind.Null).Select(p => Value(p.Value))),
        JsonValueKind.String when value.TryGetDateTimeOffset(out var moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture),
        JsonValueKind.String => value.GetString() ?? "",
        JsonValueKind.Number when value.TryGetInt64(out var number) => number.ToString("N0", CultureInfo.CurrentCulture),
        _ => value.ToString(),
    };

    private string Name(string key) => key switch
    {
        "before" => l["Before"],
        "after" => l["After"],
        "count" or "done" => l["Number"],
        "people" => l["People"],
        "licenses" => l["Licenses"],
        "tasks" => l["Licenses or people in the request"],
        "notOurs" => l["Not ours"],
        "missing" => l["Missing"],
        "plan" => l["Plan"],
        "assignments" => l["Assignments"],
        "intent" => l["Assignment"],
        "target" => l["Group"],
        "reason" or "why" => l["Reason"],
        "state" => l["State"],
        "kind" => l["Kind"],
        "errorNumber" or "number" => l["Apple's number"],
        "eventId" => l["Apple's event"],
        "name" => l["Name"],
        "setting" => l["Setting"],
        "receiver" => l["Receiver"],
        "host" => l["Host"],
        "location" => l["Location"],
        "organization" => l["Organization"],
        "expires" => l["Expires"],
        "claimedBy" => l["Managed by"],
        "readOnly" => l["Read only"],
        "address" => l["Address"],
        "books" => l["Books"],
        "category" => l["Category"],
        "list" => l["List"],
        "filtered" => l["With a filter"],
        "verdict" => l["Verdict"],
        "differences" => l["Differences"],
        "unexplained" => l["Without an explanation"],
        "details" => l["Details"],
        "committedBy" => l["Committed by"],
        "sendAt" => l["Sent at"],
        "failure" => l["Failure"],
        "receivers" => l["Receivers"],
        "level" => l["Level"],
        "until" => l["Until"],
        _ => key,
    };
}
