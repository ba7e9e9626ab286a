using System.Globalization;
using System.Text.Json.Nodes;
using VppBooks.Core.Activities;
using VppBooks.Core.Security;

namespace VppBooks.Web.Api.Graph;

/// <summary><c>microsoft.graph.auditEvent</c>, made of an audit row.</summary>
internal static class AuditEventWire
{
    public static readonly IReadOnlySet<string> Properties = new HashSet<string>
    {
        "id", "displayName", "componentName", "actor", "activity", "activityDateTime", "activityType", "activityOperationType", "activityResult", "correlationId", "resources",
        "category",
    };

    public static JsonObject From(ActivityEntry entry) => new()
    {
        ["@odata.type"] = "#microsoft.graph.auditEvent",
        ["id"] = entry.Id.ToString(CultureInfo.InvariantCulture),
        ["displayName"] = entry.Action,
        ["componentName"] = "VppBooks",
        ["actor"] = Actor(entry),
        ["activity"] = entry.Action,
        // To the last digit, so that "later than the last one I have" repeats nothing.
        ["activityDateTime"] = entry.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture),
        ["activityType"] = entry.Action,
        ["activityOperationType"] = Operation(entry.Action),
        ["activityResult"] = Result(entry.Action),
        ["correlationId"] = Guid.TryParseExact(entry.Correlation, "N", out var correlation) ? correlation.ToString() : null,
        ["resources"] = new JsonArray([.. Resources(entry)]),
        ["category"] = CategoryOf(entry.Action),
    };

    /// <summary>The first word of an action, as in <c>plan.committed</c>.</summary>
    public static string CategoryOf(string action) => action.Split('.')[0];

    public static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode)t)]);

    private static JsonObject Actor(ActivityEntry entry)
    {
        var isPerson = entry.ActorKind is ActorKind.Person or ActorKind.Api;
        return new()
        {
            ["@odata.type"] = "microsoft.graph.auditActor",
            ["type"] = entry.ActorKind?.ToString(),
            ["auditActorType"] = isPerson ? "ItPro" : "Application",
            ["userId"] = isPerson ? entry.ActorId : null,
            ["userPrincipalName"] = isPerson ? entry.ActorUserPrincipalName : null,
            ["applicationId"] = isPerson ? null : entry.ActorId,
            ["applicationDisplayName"] = isPerson ? "VppBooks" : entry.ActorName,
        };
    }

    /// <summary>How it ended, as far as was known when it was written down.</summary>
    private static string Result(string action) => action switch
    {
        "operation.refused" or "operation.not-sent" or "operation.not-found" or "mail.failed" => "Failure",
        "operation.unknown" or "operation.not-confirmed" or "mail.unclear" => "Unknown",
        _ => "Success",
    };

    private static string Operation(string action) => action.Split('.')[^1] switch
    {
        "created" or "added" => "Create",
        "deleted" or "removed" => "Delete",
        "changed" or "updated" or "renewed" => "Patch",
        _ => "Action",
    };

    private static List<JsonObject> Resources(ActivityEntry entry)
    {
        (string Type, ActivitySubject? Subject)[] subjects = [("vppToken", entry.Token), ("iosVppEBook", entry.Book), ("group", entry.Group), ("user", entry.Person)];
        var resources = subjects.Where(s => s.Subject is not null).Select(s => new JsonObject
        {
            ["displayName"] = s.Subject!.Name,
            ["auditResourceType"] = s.Type,
            ["resourceId"] = s.Subject.Id.ToString(),
            ["modifiedProperties"] = new JsonArray(),
        }).ToList();
        if (entry.Details is { } details && JsonNode.Parse(details) is JsonObject told)
        {
            if (resources.Count == 0)
            {
                resources.Add(new JsonObject { ["displayName"] = entry.Action, ["auditResourceType"] = "vppBooks", ["resourceId"] = null });
            }

            // Told with the most particular thing.
            resources[^1]["modifiedProperties"] = new JsonArray([.. Modified(entry.Action, told)]);
        }

        return resources;
    }

    private static IEnumerable<JsonNode> Modified(string action, JsonObject told)
    {
        // An assignment is told by what the group is given; of one that is new or gone, one of both is null.
        var (before, after) = (told["before"], told["after"] ?? told["intent"]);
        if (before is JsonObject || after is JsonObject)
        {
            foreach (var name in Names(before).Union(Names(after)))
            {
                var (old, now) = ((before as JsonObject)?[name], (after as JsonObject)?[name]);
                if (!JsonNode.DeepEquals(old, now))
                {
                    yield return Property(name, old, now);
                }
            }
        }
        else if (before is not null || after is not null)
        {
            // A setting is told by its key; a plan's new list of assignments by a name of its own.
            yield return Property(told["setting"]?.ToString() ?? (CategoryOf(action) == "assignment" ? "intent" : CategoryOf(action)), before, after ?? told["assignments"]?.DeepClone());
        }

        foreach (var (name, value) in told.Where(p => p.Key is not ("before" or "after" or "setting" or "intent")))
        {
            yield return Property(name, null, value);
        }
    }

    private static IEnumerable<string> Names(JsonNode? values) => (values as JsonObject)?.Select(p => p.Key) ?? [];

    private static JsonObject Property(string name, JsonNode? before, JsonNode? after) =>
        new() { ["displayName"] = name, ["oldValue"] = before?.ToJsonString(), ["newValue"] = after?.ToJsonString() };
}
