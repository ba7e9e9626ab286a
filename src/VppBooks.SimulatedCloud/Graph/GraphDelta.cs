using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud.Graph;

/// <summary>Change tracking of groups and people. Use under the directory's gate.</summary>
/// <remarks>Only direct members are reported, as by Graph: a change inside a nested group is no change of its parent.
/// A large group comes in pieces, its id repeated with further members, within a page and over pages.</remarks>
internal sealed class GraphDelta(GraphTypes types, GraphSimulator simulator)
{
    private const int MaxFilterIds = 50;
    private const int ObjectsPerPage = 100;
    private const int MembersPerPage = 1_000;
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromDays(7);

    public GraphAnswer Answer(GraphRequest request, GraphType type)
    {
        var token = ReadToken(request, type);
        // A property that does not exist must be told at once, not by a later page.
        var selected = Properties(type, token.Select);
        var withMembers = type == types.Group && (token.Select is null || token.Select.Split(',').Contains("members", StringComparer.OrdinalIgnoreCase));
        var touched = token.Since < 0 ? null : simulator.Changes.Since(token.Since);
        var ids = Ids(type, token, touched);

        var pieces = new List<Piece>();
        var (members, next) = (0, (DeltaToken?)null);
        foreach (var id in ids.Where(id => token.Group == Guid.Empty || id.CompareTo(token.Group) >= 0))
        {
            if (pieces.Count >= ObjectsPerPage || members >= MembersPerPage)
            {
                next = token with { Group = id, Member = null };
                break;
            }

            var from = id == token.Group ? token.Member : null;
            var all = withMembers ? Members(id, touched) : [];
            var rest = from is { } last ? all.Where(member => member.CompareTo(last) > 0).ToList() : all;
            var taken = rest.Take(MembersPerPage - members).ToList();
            members += taken.Count;
            // A group in a filter page begun before keeps its properties to itself; they were sent.
            pieces.Add(new(id, taken, ShowItself: from is null && (touched is null || touched[id].Itself)));
            if (taken.Count < rest.Count)
            {
                next = token with { Group = id, Member = taken[^1] };
                break;
            }
        }

        return GraphAnswer.Json(writer =>
        {
            writer.WriteString("@odata.context", $"{request.Root}/$metadata#{type.Collection}");
            var address = $"{request.Root}/{type.Collection}/delta()?";
            if (next is not null)
            {
                writer.WriteString("@odata.nextLink", address + "$skiptoken=" + Write(next));
            }
            else
            {
                // The end of this round is the state at its start: what changed meanwhile is reported (perhaps again) next time.
                writer.WriteString("@odata.deltaLink", address + "$deltatoken=" + Write(token with
                {
                    Since = token.Position,
                    Issued = simulator.Clock.GetUtcNow(),
                    Group = Guid.Empty,
                    Member = null,
                }));
            }

            writer.WriteStartArray("value");
            foreach (var piece in pieces)
            {
                WriteObject(writer, type, selected, piece, withMembers);
            }

            writer.WriteEndArray();
        });
    }

    private void WriteObject(Utf8JsonWriter writer, GraphType type, GraphProperty[] selected, Piece piece, bool withMembers)
    {
        writer.WriteStartObject();
        if (Find(type, piece.Id) is not { } entity)
        {
            writer.WriteString("id", piece.Id);
            WriteRemoved(writer, simulator.FindDeleted(piece.Id) is null ? "deleted" : "changed");
            writer.WriteEndObject();
            return;
        }

        if (piece.ShowItself)
        {
            GraphType.Write(writer, entity, selected);
        }

        if (!piece.ShowItself || !Array.Exists(selected, property => property.Name == "id"))
        {
            writer.WriteString("id", piece.Id);
        }

        if (withMembers && piece.Members.Count > 0)
        {
            writer.WriteStartArray("members@delta");
            foreach (var member in piece.Members)
            {
                WriteMember(writer, (SimulatedGroup)entity, member);
            }

            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    private void WriteMember(Utf8JsonWriter writer, SimulatedGroup group, Guid member)
    {
        var isMember = group.People.Contains(member) || group.Groups.Contains(member) || group.Devices.Contains(member);
        var deleted = simulator.FindDeleted(member);
        var kind = simulator.Directory.Groups.ContainsKey(member) || deleted?.Entity is SimulatedGroup ? "group"
            : simulator.Directory.Devices.ContainsKey(member) ? "device"
            : "user";
        writer.WriteStartObject();
        writer.WriteString("@odata.type", "#microsoft.graph." + kind);
        writer.WriteString("id", member);
        if (!isMember)
        {
            // "deleted": the membership is gone for good. "changed": its object sits in the recycle bin and may return.
            WriteRemoved(writer, deleted is null ? "deleted" : "changed");
        }

        writer.WriteEndObject();
    }

    private static void WriteRemoved(Utf8JsonWriter writer, string reason)
    {
        writer.WriteStartObject("@removed");
        writer.WriteString("reason", reason);
        writer.WriteEndObject();
    }

    private List<Guid> Ids(GraphType type, DeltaToken token, Dictionary<Guid, (bool Itself, HashSet<Guid> Members)>? touched)
    {
        IEnumerable<Guid> ids = touched is null ? All(type) : touched.Keys.Where(id => Belongs(type, id));
        var wanted = token.Ids;
        var list = (wanted.Length == 0 ? ids : ids.Where(id => Array.IndexOf(wanted, id) >= 0)).ToList();
        list.Sort();
        return list;
    }

    private IEnumerable<Guid> All(GraphType type) => type == types.User ? simulator.Directory.People.Keys : simulator.Directory.Groups.Keys;

    // A deleted object is known by the recycle bin; one that vanished is reported to groups, the only kind that vanishes.
    private bool Belongs(GraphType type, Guid id) => Find(type, id) is not null
        || (simulator.RecycleBin.TryGetValue(id, out var deleted)
            ? types.For(deleted.Entity) == type
            : type == types.Group && !simulator.Directory.People.ContainsKey(id));

    private object? Find(GraphType type, Guid id) => type == types.User
        ? simulator.Directory.People.GetValueOrDefault(id)
        : simulator.Directory.Groups.GetValueOrDefault(id);

    private List<Guid> Members(Guid id, Dictionary<Guid, (bool Itself, HashSet<Guid> Members)>? touched)
    {
        if (!simulator.Directory.Groups.TryGetValue(id, out var group))
        {
            return [];
        }

        List<Guid> members = touched is null ? [.. group.People, .. group.Groups, .. group.Devices] : [.. touched[id].Members];
        members.Sort();
        return members;
    }

    private static GraphProperty[] Properties(GraphType type, string? select)
    {
        var names = select?.Split(',', StringSplitOptions.TrimEntries).Where(name => !string.Equals(name, "members", StringComparison.OrdinalIgnoreCase)).ToArray();
        return names is { Length: 0 } ? [type.Find("id")] : type.Selected(names is null ? null : string.Join(',', names));
    }

    private DeltaToken ReadToken(GraphRequest request, GraphType type)
    {
        var (changes, now) = (simulator.Changes, simulator.Clock.GetUtcNow());
        if ((request.Option("$deltatoken") ?? request.Option("$skiptoken")) is { } text && text != "latest")
        {
            var token = Decode(text);
            if (token.Run != changes.Run || token.Epoch != changes.Epoch || now - token.Issued > TokenLifetime)
            {
                var gone = new GraphErrorException(changes.Expiry.Status, changes.Expiry.Code, "The sync state generation is not found; the delta token is expired. Start over.");
                if (changes.Expiry.Status == 410)
                {
                    gone.Headers["Location"] = StartOver(request, type, token);
                }

                throw gone;
            }

            // A delta link begins a new round: it sees what happened up to now.
            return request.Option("$deltatoken") is null ? token : token with { Position = changes.Position };
        }

        var expand = request.Option("$expand");
        var select = request.Option("$select");
        if (select is not null && string.Equals(expand, "members", StringComparison.OrdinalIgnoreCase))
        {
            select += ",members";
        }

        var since = request.Option("$deltatoken") == "latest" ? changes.Position : -1;
        return new(changes.Run, changes.Epoch, now, since, changes.Position, FilterIds(request.Option("$filter")), select, Guid.Empty, null);
    }

    // Only "id eq '..' or id eq '..'" is allowed here, fifty times at most.
    private static Guid[] FilterIds(string? filter)
    {
        if (filter is null)
        {
            return [];
        }

        var ids = new List<Guid>();
        foreach (var part in filter.Split(" or ", StringSplitOptions.TrimEntries))
        {
            if (!part.StartsWith("id eq ", StringComparison.OrdinalIgnoreCase) || !Guid.TryParse(part[6..].Trim(' ', '\''), out var id))
            {
                throw GraphErrorException.UnsupportedQuery("Unsupported filter clause: delta queries filter by id only.");
            }

            ids.Add(id);
        }

        return ids.Count <= MaxFilterIds
            ? [.. ids]
            : throw GraphErrorException.UnsupportedQuery($"The number of ids in the filter, {ids.Count}, exceeds the maximum of {MaxFilterIds}.");
    }

    private static string StartOver(GraphRequest request, GraphType type, DeltaToken token)
    {
        var query = new List<string>();
        if (token.Select is not null)
        {
            query.Add("$select=" + Uri.EscapeDataString(token.Select));
        }

        if (token.Ids.Length > 0)
        {
            query.Add("$filter=" + Uri.EscapeDataString(string.Join(" or ", token.Ids.Select(id => $"id eq '{id}'"))));
        }

        return $"{request.Root}/{type.Collection}/delta()?{string.Join('&', query)}".TrimEnd('?');
    }

    private static string Write(DeltaToken token) => Base64UrlEncoder.Encode(JsonSerializer.Serialize(token));

    private static DeltaToken Decode(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<DeltaToken>(Base64UrlEncoder.Decode(text))!;
        }
        catch (Exception exception) when (exception is FormatException or JsonException or ArgumentException)
        {
            throw GraphErrorException.BadRequest("Badly formed token.");
        }
    }

    /// <summary>One object, or a part of a large group's members.</summary>
    private sealed record Piece(Guid Id, List<Guid> Members, bool ShowItself);

    /// <param name="Since">Position to report changes from; negative for a first round.</param>
    /// <param name="Position">Position at the start of this round.</param>
    /// <param name="Group">Where the next page goes on.</param>
    /// <param name="Member">Last member of that group sent.</param>
    private sealed record DeltaToken(
        string Run, int Epoch, DateTimeOffset Issued, int Since, int Position, Guid[] Ids, string? Select, Guid Group, Guid? Member);
}
