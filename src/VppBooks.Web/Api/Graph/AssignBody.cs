using System.Text.Json;
using VppBooks.Core.Assignments;

namespace VppBooks.Web.Api.Graph;

/// <summary>Reads <c>{"managedEBookAssignments":[…]}</c> as the .NET client and scripts send it (parity paper §4.5).</summary>
internal static class AssignBody
{
    public const string Collection = "managedEBookAssignments";

    private const int MaxAssignments = 500;
    private const string Namespace = "microsoft.graph.";

    private static readonly HashSet<string> Known = new(StringComparer.OrdinalIgnoreCase) { Collection };
    private static readonly HashSet<string> TargetProperties = new(StringComparer.OrdinalIgnoreCase)
    {
        "groupId", "deviceAndAppManagementAssignmentFilterId", "deviceAndAppManagementAssignmentFilterType",
    };

    public static IReadOnlySet<string> Properties => Known;

    public static (List<WishedAssignment>? Wishes, GraphError? Error) Read(JsonElement body)
    {
        if (!body.Find(Collection, out var list) || list.ValueKind != JsonValueKind.Array)
        {
            return (null, GraphError.BadRequest($"The body must hold the array '{Collection}'. An empty array removes every assignment."));
        }

        if (list.GetArrayLength() > MaxAssignments)
        {
            return (null, GraphError.BadRequest($"At most {MaxAssignments} assignments can be given to a book."));
        }

        var wishes = new List<WishedAssignment>();
        var faults = new List<GraphErrorDetail>();
        var index = 0;
        foreach (var item in list.EnumerateArray())
        {
            var (wish, fault) = ReadOne(item);
            if (wish is null)
            {
                faults.Add(new GraphErrorDetail("BadRequest", fault!, Place(index)));
            }
            else
            {
                wishes.Add(wish);
            }

            index++;
        }

        return faults is [var first, ..]
            ? (null, new GraphError(StatusCodes.Status400BadRequest, first.Code, first.Message, first.Target, details: faults))
            : (wishes, null);
    }

    /// <summary>One assignment by itself; of a change, what is left out stays.</summary>
    public static (WishedAssignment? Wish, GraphError? Error) ReadSingle(JsonElement body, AssignmentRow? standing)
    {
        var (wish, fault) = ReadOne(body, standing);
        return wish is null ? (null, new GraphError(StatusCodes.Status400BadRequest, "BadRequest", fault!, "target", details: [new GraphErrorDetail("BadRequest", fault!, "target")])) : (wish, null);
    }

    /// <summary>A refusal that names the offending element.</summary>
    public static GraphError At(string message, int index, string code = "BadRequest") =>
        new(StatusCodes.Status400BadRequest, code, message, Place(index), details: [new GraphErrorDetail(code, message, Place(index))]);

    private static string Place(int index) => $"{Collection}[{index}]";

    private static (WishedAssignment? Wish, string? Fault) ReadOne(JsonElement item, AssignmentRow? standing = null)
    {
        try
        {
            return Understand(item, standing);
        }
        catch (GraphQueryException e)
        {
            return (null, e.Message);
        }
    }

    private static (WishedAssignment? Wish, string? Fault) Understand(JsonElement item, AssignmentRow? standing)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            return (null, "An assignment must be an object.");
        }

        if (GraphBody.Unknown(item, ManagedEBookWire.AssignmentProperties) is { } unknown)
        {
            return (null, unknown.Message);
        }

        if (standing is not null && !item.Find("target", out _))
        {
            var (intent, fault) = IntentOf(item);
            return standing.Intent == Intent.Excluded
                ? (null, "An exclusion has no intent of its own; send another target.")
                : fault is null ? (new WishedAssignment(standing.GroupId, intent), null) : (null, fault);
        }

        if (!item.Find("target", out var target) || target.ValueKind != JsonValueKind.Object)
        {
            return (null, "An assignment needs a target.");
        }

        if (GraphBody.Unknown(target, TargetProperties) is { } foreign)
        {
            return (null, foreign.Message);
        }

        if (target.Text("deviceAndAppManagementAssignmentFilterId") is { Length: > 0 } || target.Text("deviceAndAppManagementAssignmentFilterType") is not (null or "none"))
        {
            return (null, "Assignment filters are not supported for books.");
        }

        var type = (target.Text("@odata.type") ?? "").TrimStart('#');
        if (type.StartsWith(Namespace, StringComparison.OrdinalIgnoreCase))
        {
            type = type[Namespace.Length..];
        }

        return type.ToLowerInvariant() switch
        {
            "groupassignmenttarget" => Group(target, IntentOf(item, standing)),
            "exclusiongroupassignmenttarget" => Group(target, (Intent.Excluded, null)),
            "alllicensedusersassignmenttarget" => IntentOf(item, standing) switch
            {
                (var intent, null) => (new WishedAssignment(null, intent), null),
                var (_, fault) => (null, fault),
            },
            "alldevicesassignmenttarget" => (null, "Books can only be given to people: all devices cannot be a target."),
            "configurationmanagercollectionassignmenttarget" => (null, "Configuration Manager collections cannot be a target of a book."),
            "" => (null, "The target needs an @odata.type, such as #microsoft.graph.groupAssignmentTarget."),
            _ => (null, "The target's type is not supported; known are groupAssignmentTarget, exclusionGroupAssignmentTarget and allLicensedUsersAssignmentTarget."),
        };
    }

    private static (WishedAssignment? Wish, string? Fault) Group(JsonElement target, (Intent Intent, string? Fault) intent)
    {
        if (intent.Fault is not null)
        {
            return (null, intent.Fault);
        }

        return ApiId.TryParse(target.Text("groupId"), out var group)
            ? (new WishedAssignment(group, intent.Intent), null)
            : (null, "The target needs a groupId, the object id of a group.");
    }

    private static (Intent Intent, string? Fault) IntentOf(JsonElement item, AssignmentRow? standing = null) => item.Text("installIntent")?.ToLowerInvariant() switch
    {
        "required" => (Intent.Required, null),
        "available" => (Intent.Available, null),
        null when standing is { Intent: not Intent.Excluded } => (standing.Intent, null),
        null => (default, "An assignment needs an installIntent: available or required."),
        "uninstall" => (default, "A book cannot be uninstalled: its license cannot be taken back."),
        _ => (default, "installIntent must be available or required."),
    };
}
