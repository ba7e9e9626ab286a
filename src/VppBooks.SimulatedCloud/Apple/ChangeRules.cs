using System.Text.Json;
using System.Text.RegularExpressions;

namespace VppBooks.SimulatedCloud.Apple;

/// <summary>Requests that change something: checked to the last, then accepted as an event (reference 2.9 to 2.11, 10.2 steps 7 to 13).</summary>
internal sealed partial class ChangeRules(AppleSimulator simulator)
{
    public Answer Answer(AppleCall call, LocationState location, TokenFacts facts)
    {
        var body = call.ReadObject();
        EventState accepted = call.Path switch
        {
            "/assets/associate" => Assets("ASSOCIATE", body, location),
            "/assets/disassociate" => Assets("DISASSOCIATE", body, location),
            "/assets/revoke" => Revoke(body, location),
            "/users/create" => Users("CREATE", body, location),
            "/users/update" => Users("UPDATE", body, location),
            _ => Users("RETIRE", body, location),
        };
        simulator.Accept(accepted);
        return Apple.Answer.Json(200, writer =>
        {
            writer.WriteString("eventId", accepted.Id);
            simulator.WriteCommon(writer, location, facts);
        });
    }

    private AssetEvent Assets(string type, JsonElement body, LocationState location)
    {
        var limits = simulator.Switches.Limits;
        var assets = body.FindList("assets")?.Select(ReadAsset).ToArray() ?? [];
        var users = body.FindTexts("clientUserIds") ?? [];
        var serials = body.FindTexts("serialNumbers") ?? [];
        Refuse(assets.Length == 0, 9718);
        Refuse(users.Count == 0 && serials.Count == 0, 9719);
        Refuse(assets.Length > limits.MaxAssets, 9700);
        Refuse(users.Count > limits.MaxClientUserIds, 9701);
        Refuse(serials.Count > limits.MaxSerialNumbers, 9702);
        Refuse(assets.Distinct().Count() < assets.Length, 9703);
        Refuse(users.Distinct().Count() < users.Count, 9704);
        Refuse(serials.Distinct().Count() < serials.Count, 9705);

        var owned = assets.Where(location.AssetsByKey.ContainsKey).Select(key => location.AssetsByKey[key]).ToArray();
        var books = owned.Where(asset => asset.IsBook).Select(asset => (asset.AdamId, asset.PricingParam)).ToArray();
        Refuse(type == "DISASSOCIATE" && books.Length > 0, 9706, new ErrorInfo(Assets: books));
        Refuse(serials.Count > 0 && books.Length > 0, 9707, new ErrorInfo(Assets: books));
        if (type == "ASSOCIATE")
        {
            Refuse(simulator.Switches.UnownedAssetRefusesAtOnce && owned.Length < assets.Length, 9602);
            var unknown = simulator.Switches.UnknownUserRefusesAtOnce ? users.Where(user => location.FindActive(user) is null).ToArray() : [];
            Refuse(unknown.Length > 0, 9609, new ErrorInfo(ClientUserIds: unknown));
        }

        var tasks = assets.Length * (users.Count + serials.Count);
        return new AssetEvent
        {
            Simulator = simulator,
            Location = location,
            Id = simulator.NextGuid(),
            Type = type,
            AcceptedAt = simulator.Now,
            Requested = tasks,
            Order = simulator.NextOrder(tasks),
            Assets = assets,
            ClientUserIds = users,
            SerialNumbers = serials,
        };
    }

    private AssetEvent Revoke(JsonElement body, LocationState location)
    {
        var limits = simulator.Switches.Limits;
        var users = body.FindTexts("clientUserIds") ?? [];
        var serials = body.FindTexts("serialNumbers") ?? [];
        Refuse(users.Count == 0 && serials.Count == 0, 9719);
        Refuse(users.Count > limits.MaxRevokeClientUserIds, 9701);
        Refuse(serials.Count > limits.MaxRevokeSerialNumbers, 9702);
        Refuse(users.Distinct().Count() < users.Count, 9704);
        Refuse(serials.Distinct().Count() < serials.Count, 9705);
        return new AssetEvent
        {
            Simulator = simulator,
            Location = location,
            Id = simulator.NextGuid(),
            Type = "REVOKE",
            AcceptedAt = simulator.Now,
            Requested = users.Count + serials.Count,
            Assets = [],
            ClientUserIds = users,
            SerialNumbers = serials,
        };
    }

    private UserEvent Users(string type, JsonElement body, LocationState location)
    {
        var users = body.FindList("users")?.Select(ReadUser).ToArray() ?? [];
        Refuse(users.Length == 0, 9720);
        Refuse(users.Length > simulator.Switches.Limits.MaxUsers, 9714);
        Refuse(users.DistinctBy(user => user.ClientUserId).Count() < users.Length, 9715);
        var malformed = users.Where(user => user.Email is { } email && type != "RETIRE" && !EmailPattern.IsMatch(email)).Select(user => user.ClientUserId).ToArray();
        Refuse(malformed.Length > 0, 9717, new ErrorInfo(ClientUserIds: malformed));
        return new UserEvent
        {
            Simulator = simulator,
            Location = location,
            Id = simulator.NextGuid(),
            Type = type,
            AcceptedAt = simulator.Now,
            Requested = users.Length,
            Order = simulator.NextOrder(users.Length),
            Users = users,
        };
    }

    private static (string AdamId, string PricingParam) ReadAsset(JsonElement asset)
    {
        Refuse(asset.ValueKind != JsonValueKind.Object, 9602);
        var pricingParam = asset.FindText("pricingParam") ?? "STDQ";
        Refuse(pricingParam is not ("STDQ" or "PLUS"), 9602);
        return (asset.FindText("adamId") is { Length: > 0 } adamId ? adamId : throw new AppleRefusal(9602), pricingParam);
    }

    private static UserChange ReadUser(JsonElement user)
    {
        Refuse(user.ValueKind != JsonValueKind.Object, 9602);
        return new UserChange(
            user.FindText("clientUserId") is { Length: > 0 } id ? id : throw new AppleRefusal(9602),
            user.FindText("email"),
            user.FindText("managedAppleId") is { Length: > 0 } account ? account : null);
    }

    private static void Refuse(bool refuse, int errorNumber, ErrorInfo? info = null)
    {
        if (refuse)
        {
            throw new AppleRefusal(errorNumber, info);
        }
    }

    [GeneratedRegex(@"^[^@\s,;<>""]+@[^@\s,;<>""]+\.[^@\s,;<>""]+$", RegexOptions.None, 1000)]
    private static partial Regex EmailPattern { get; }
}
