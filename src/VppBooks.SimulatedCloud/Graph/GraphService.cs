using VppBooks.SimulatedCloud.Entra;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud.Graph;

/// <summary>Answers one question: finds what a path means and takes the directory's gate while reading.</summary>
internal sealed class GraphService
{
    private readonly GraphSimulator _simulator;
    private readonly SimulatedDirectory _directory;
    private readonly GraphTypes _types;
    private readonly GraphCollections _collections;
    private readonly GraphDelta _delta;

    public GraphService(GraphSimulator simulator)
    {
        _simulator = simulator;
        _directory = simulator.Directory;
        _types = new(_directory, simulator.Clock);
        _collections = new(_types, simulator);
        _delta = new(_types, simulator);
    }

    public DateTimeOffset Now => _simulator.Clock.GetUtcNow();

    /// <summary>Never throws for a bad question: the answer is then Graph's error.</summary>
    public GraphAnswer Answer(GraphRequest request, bool inBatch)
    {
        GraphAnswer answer;
        var requestId = Guid.NewGuid().ToString();
        var clientRequestId = request.Header("client-request-id");
        try
        {
            _simulator.ThrowFault(request.Path);
            if (request.Method != "GET")
            {
                // The permissions VppBooks asks for are for reading; whoever writes has a mistake to find.
                throw new GraphErrorException(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");
            }

            lock (_directory.Gate)
            {
                answer = Route(request);
            }
        }
        catch (GraphErrorException error)
        {
            answer = GraphAnswer.Error(error, requestId, clientRequestId, _simulator.Clock.GetUtcNow());
        }

        answer.Headers["request-id"] = requestId;
        answer.Headers["client-request-id"] = clientRequestId ?? requestId;
        Log(request, answer.Status, inBatch);
        return answer;
    }

    public void Log(GraphRequest request, int status, bool inBatch) => _simulator.Requests.Add(new(
        _simulator.Clock.GetUtcNow(),
        request.Method,
        request.Path,
        string.Join('&', request.Query.Select(pair => $"{pair.Key}={pair.Value}")),
        status,
        inBatch));

    private GraphAnswer Route(GraphRequest request) => request.Segments switch
    {
        ["groups"] => _collections.List(request, _types.Group, "groups", () => _directory.Groups.Values),
        ["groups", "$count"] => GraphCollections.Count(request, _types.Group, () => _directory.Groups.Values),
        ["groups", "delta"] => _delta.Answer(request, _types.Group),
        ["groups", var id] => Single(request, _types.Group, FindGroup(id)),
        ["groups", var id, "members", .. var rest] => Members(request, rest, DirectMembers(FindGroup(id))),
        ["groups", var id, "transitivemembers", .. var rest] => Members(request, rest, TransitiveMembers(FindGroup(id))),
        ["users"] => _collections.List(request, _types.User, "users", () => _directory.People.Values),
        ["users", "$count"] => GraphCollections.Count(request, _types.User, () => _directory.People.Values),
        ["users", "delta"] => _delta.Answer(request, _types.User),
        ["users", var id] => Single(request, _types.User, FindPerson(id)),
        ["users", var id, "approleassignments"] => RolesOf(request, FindPerson(id)),
        [var key] when key == $"serviceprincipals(appid='{EntraSimulator.ConsoleClientId}')" => GraphApplication.Answer(request),
        ["users", var id, "manageddevices"] => Devices(request, FindPerson(id)),
        ["directory", "deleteditems", "graph.user"] => Deleted<SimulatedPerson>(request, _types.User),
        ["directory", "deleteditems", "graph.group"] => Deleted<SimulatedGroup>(request, _types.Group),
        ["directory", "deleteditems", var id] => DeletedItem(request, id),
        ["devicemanagement", "manageddevices"] => _collections.List(request, _types.ManagedDevice, "deviceManagement/managedDevices", () => _directory.Devices.Values),
        ["devicemanagement", "manageddevices", var id] => Single(request, _types.ManagedDevice, FindDevice(id)),
        ["devicemanagement", "manageddevices", var id, "detectedapps"] => DeviceApps(request, FindDevice(id)),
        ["devicemanagement", "detectedapps"] => _collections.List(request, _types.DetectedApp, "deviceManagement/detectedApps", () => GraphApps.All(_directory)),
        ["devicemanagement", "detectedapps", var id] => Single(request, _types.DetectedApp, FindApp(id)),
        ["devicemanagement", "detectedapps", var id, "manageddevices"] => DevicesWith(request, FindApp(id)),
        ["organization"] => GraphAnswer.Json(writer =>
        {
            writer.WriteStartArray("value");
            writer.WriteStartObject();
            writer.WriteString("id", SimulatedCloudHost.TenantId);
            writer.WriteString("displayName", DemoDirectory.OrganizationName);
            writer.WriteEndObject();
            writer.WriteEndArray();
        }),
        _ => throw GraphErrorException.BadRequest($"Resource not found for the segment '{request.Segments.LastOrDefault() ?? ""}'."),
    };

    private static GraphAnswer Single(GraphRequest request, GraphType type, object entity)
    {
        var selected = type.Selected(request.Option("$select"));
        return GraphAnswer.Json(writer =>
        {
            writer.WriteString("@odata.context", $"{request.Root}/$metadata#{type.Collection}/$entity");
            GraphType.Write(writer, entity, selected);
        });
    }

    private GraphAnswer Members(GraphRequest request, string[] rest, IEnumerable<object> members)
    {
        GraphType? type = rest switch
        {
            [] or ["$count"] => null,
            ["graph.user", ..] => _types.User,
            ["graph.group", ..] => _types.Group,
            ["graph.device", ..] => _types.Device,
            _ => throw GraphErrorException.BadRequest($"Resource not found for the segment '{rest[0]}'."),
        };
        if (rest is [.., "$count"])
        {
            return GraphCollections.Count(request, type ?? _types.User, () => members.Where(member => type is null || _types.For(member) == type));
        }

        if (type is null)
        {
            return _collections.List(request, null, "directoryObjects", () => members);
        }

        if (!request.IsEventual || !request.WantsCount)
        {
            throw GraphErrorException.UnsupportedQuery("The specified cast needs the header 'ConsistencyLevel: eventual' and $count=true.");
        }

        return _collections.List(request, type, type.Collection, () => members.Where(member => _types.For(member) == type));
    }

    private IEnumerable<object> DirectMembers(SimulatedGroup group) =>
        group.People.Select(id => (object?)_directory.People.GetValueOrDefault(id))
            .Concat(group.Groups.Select(id => _directory.Groups.GetValueOrDefault(id)))
            .Concat(group.Devices.Select(id => _directory.Devices.GetValueOrDefault(id)))
            .OfType<object>();

    private IEnumerable<object> TransitiveMembers(SimulatedGroup root)
    {
        // Groups may contain each other; each is opened once, and the root is no member of itself.
        var seen = new HashSet<Guid> { root.Id };
        var open = new Queue<SimulatedGroup>([root]);
        while (open.TryDequeue(out var group))
        {
            foreach (var member in DirectMembers(group))
            {
                if (!seen.Add(GraphTypes.IdOf(member)))
                {
                    continue;
                }

                yield return member;
                if (member is SimulatedGroup nested)
                {
                    open.Enqueue(nested);
                }
            }
        }
    }

    private GraphAnswer RolesOf(GraphRequest request, SimulatedPerson person) => _collections.List(
        request, GraphApplication.Assignment, $"users('{person.Id}')/appRoleAssignments", () => person.AppRoles.Select(role => new AppRoleAssignment(person, role)));

    private GraphAnswer Devices(GraphRequest request, SimulatedPerson person) => _collections.List(
        request, _types.ManagedDevice, $"users('{person.Id}')/managedDevices", () => _directory.Devices.Values.Where(device => device.UserId == person.Id));

    private GraphAnswer DeviceApps(GraphRequest request, SimulatedDevice device) => _collections.List(
        request, _types.DetectedApp, $"deviceManagement/managedDevices('{device.Id}')/detectedApps", () => GraphApps.On(device));

    private GraphAnswer DevicesWith(GraphRequest request, DetectedApp app) => _collections.List(
        request,
        _types.ManagedDevice,
        $"deviceManagement/detectedApps('{app.Id}')/managedDevices",
        () => _directory.Devices.Values.Where(device => GraphApps.On(device).Any(found => found.Id == app.Id)));

    private GraphAnswer Deleted<T>(GraphRequest request, GraphType type) => _collections.List(
        request,
        type,
        "directory/deletedItems",
        () => _simulator.RecycleBin.Keys.Select(id => _simulator.FindDeleted(id)?.Entity).OfType<T>().Cast<object>());

    private GraphAnswer DeletedItem(GraphRequest request, string id)
    {
        var deleted = (Guid.TryParse(id, out var key) ? _simulator.FindDeleted(key) : null) ?? throw GraphErrorException.NotFound(id);
        var type = _types.For(deleted.Entity);
        var selected = type.Selected(request.Option("$select")).Where(property => property.Name != "deletedDateTime").ToArray();
        return GraphAnswer.Json(writer =>
        {
            writer.WriteString("@odata.context", $"{request.Root}/$metadata#directoryObjects/$entity");
            writer.WriteString("@odata.type", "#microsoft.graph." + type.Name);
            writer.WriteString("deletedDateTime", deleted.At.UtcDateTime);
            GraphType.Write(writer, deleted.Entity, selected);
        });
    }

    private SimulatedGroup FindGroup(string id) =>
        Guid.TryParse(id, out var key) && _directory.Groups.TryGetValue(key, out var group) ? group : throw GraphErrorException.NotFound(id);

    private SimulatedDevice FindDevice(string id) =>
        Guid.TryParse(id, out var key) && _directory.Devices.TryGetValue(key, out var device) ? device : throw GraphErrorException.NotFound(id);

    private DetectedApp FindApp(string id) =>
        GraphApps.All(_directory).FirstOrDefault(app => app.Id == id) ?? throw GraphErrorException.NotFound(id);

    private SimulatedPerson FindPerson(string id) =>
        (Guid.TryParse(id, out var key)
            ? _directory.People.GetValueOrDefault(key)
            : _directory.People.Values.FirstOrDefault(person => string.Equals(person.UserPrincipalName, id, StringComparison.OrdinalIgnoreCase)))
        ?? throw GraphErrorException.NotFound(id);
}
