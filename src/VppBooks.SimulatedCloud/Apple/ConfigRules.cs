using System.Text.Json;

namespace VppBooks.SimulatedCloud.Apple;

/// <summary>Service config and client config (reference 2.4, 2.5, 3).</summary>
internal sealed class ConfigRules(AppleSimulator simulator)
{
    private static readonly string[] Types =
        ["ASSET_MANAGEMENT", "USER_MANAGEMENT", "USER_ASSOCIATED", "ASSET_COUNT", "SUBSCRIPTION_MANAGEMENT", "SUBSCRIPTION_COUNT", "UNLIMITED_ASSET"];

    /// <summary>A change of client config that passed every check but the test notification.</summary>
    public sealed record Change(MdmClaim? Claim, string? Url, string? Token, IReadOnlyList<string>? NotificationTypes, bool TestNeeded);

    public Answer ServiceConfig(AppleCall call) => Answer.Json(200, writer =>
    {
        writer.WriteStartArray("errorCodes");
        foreach (var (number, message) in AppleErrors.Messages)
        {
            writer.WriteStartObject();
            writer.WriteNumber("errorNumber", number);
            writer.WriteString("errorMessage", message);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        var switches = simulator.Switches;
        writer.WriteStartObject("limits");
        writer.WriteNumber("maxAssets", switches.Limits.MaxAssets);
        writer.WriteNumber("maxClientUserIds", switches.Limits.MaxClientUserIds);
        writer.WriteNumber("maxSerialNumbers", switches.Limits.MaxSerialNumbers);
        writer.WriteNumber("maxRevokeClientUserIds", switches.Limits.MaxRevokeClientUserIds);
        writer.WriteNumber("maxRevokeSerialNumbers", switches.Limits.MaxRevokeSerialNumbers);
        writer.WriteNumber("maxUsers", switches.Limits.MaxUsers);
        writer.WriteNumber("maxNotificationLength", switches.Limits.MaxNotificationLength);
        writer.WriteNumber("maxMdmNameLength", switches.Limits.MaxMdmNameLength);
        writer.WriteNumber("maxMdmMetadataLength", switches.Limits.MaxMdmMetadataLength);
        writer.WriteNumber("maxMdmIdLength", switches.Limits.MaxMdmIdLength);
        if (switches.MaxRequestsPerSecond > 0)
        {
            writer.WriteNumber("maxRequestPerSecond", switches.MaxRequestsPerSecond);
        }

        writer.WriteEndObject();
        writer.WriteStartArray("notificationTypes");
        foreach (var type in Types)
        {
            writer.WriteStringValue(type);
        }

        writer.WriteEndArray();
        var api = call.BaseUrl + AppleEndpoint.Prefix;
        var visited = simulator.Options.PublicUrl.Length > 0 ? simulator.Options.PublicUrl.TrimEnd('/') : call.BaseUrl;
        writer.WriteStartObject("urls");
        writer.WriteString("invitationEmail", visited + "/invite?inviteCode=%25inviteCode%25&mt=8");
        writer.WriteString("contentMetadataLookup", call.BaseUrl + "/apple/lookup-mdm");
        writer.WriteString("clientConfig", api + "/client/config");
        writer.WriteString("getAssets", api + "/assets");
        writer.WriteString("getAssignments", api + "/assignments");
        writer.WriteString("getUsers", api + "/users");
        writer.WriteString("associateAssets", api + "/assets/associate");
        writer.WriteString("disassociateAssets", api + "/assets/disassociate");
        writer.WriteString("revokeAssets", api + "/assets/revoke");
        writer.WriteString("createUsers", api + "/users/create");
        writer.WriteString("updateUsers", api + "/users/update");
        writer.WriteString("retireUsers", api + "/users/retire");
        writer.WriteString("eventStatus", api + "/status");
        writer.WriteEndObject();
    });

    public Answer ClientConfig(LocationState location, TokenFacts facts) => Answer.Json(200, writer =>
    {
        simulator.WriteCommon(writer, location, facts);
        WriteLocation(writer, location);
        WriteNotifications(writer, location);
    });

    public Change Check(JsonElement body, LocationState location)
    {
        var limits = simulator.Switches.Limits;
        var claim = body.TryGetProperty("mdmInfo", out var info) ? ReadClaim(info) : null;
        var url = body.FindText("notificationUrl");
        var token = body.FindText("notificationAuthToken");
        var types = body.FindTexts("notificationTypes");
        if (url is null != token is null)
        {
            throw new AppleRefusal(9710);
        }

        if (url?.Length > limits.MaxNotificationLength || token?.Length > limits.MaxNotificationLength)
        {
            throw new AppleRefusal(9711);
        }

        if (claim is not null)
        {
            Limit(claim.Metadata, limits.MaxMdmMetadataLength, 9713);
            Limit(claim.Id, limits.MaxMdmIdLength, 9724);
            Limit(claim.Name, limits.MaxMdmNameLength, 9725);
        }

        if (url is not null && !IsAllowed(url))
        {
            throw new AppleRefusal(9712);
        }

        if (types?.Except(Types).Any(type => type != "TEST_NOTIFICATION") == true)
        {
            throw new AppleRefusal(9602);
        }

        return new Change(claim, url, token, types, url is not null && (url != location.NotificationUrl || token != location.NotificationToken));

        static void Limit(string text, int length, int error)
        {
            if (text.Length > length)
            {
                throw new AppleRefusal(error);
            }
        }
    }

    public Answer Apply(Change change, LocationState location, TokenFacts facts)
    {
        if (change.Claim is { } claim)
        {
            location.Claim = claim;
            location.ClaimedByOther = false;
        }

        location.NotificationUrl = change.Url ?? location.NotificationUrl;
        location.NotificationToken = change.Token ?? location.NotificationToken;

        // The complete wanted set, in an order of Apple's own.
        location.NotificationTypes = change.NotificationTypes?.Where(type => type != "TEST_NOTIFICATION").Distinct().Order(StringComparer.Ordinal).ToArray() ?? location.NotificationTypes;
        simulator.Changed();
        return !simulator.Switches.ConfigChangeAnswersPartly ? ClientConfig(location, facts) : Answer.Json(200, writer =>
        {
            simulator.WriteCommon(writer, location, facts);
            if (change.Url is not null || change.NotificationTypes is not null)
            {
                WriteNotifications(writer, location);
            }
        });
    }

    private static MdmClaim ReadClaim(JsonElement info)
    {
        if (info.ValueKind == JsonValueKind.Null)
        {
            throw new AppleRefusal(9723);
        }

        if (info.ValueKind != JsonValueKind.Object)
        {
            throw new AppleRefusal(9602);
        }

        return info.FindText("id") is { Length: > 0 } id && info.FindText("name") is { Length: > 0 } name && info.FindText("metadata") is { } metadata
            ? new MdmClaim(id, name, metadata)
            : throw new AppleRefusal(9723);
    }

    /// <summary>Https with host and path only. Plain http is let through to loopback, where tests and the demo listen.</summary>
    private static bool IsAllowed(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address)
        && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
        && address.Query.Length == 0 && address.Fragment.Length == 0 && address.UserInfo.Length == 0;

    private static void WriteLocation(Utf8JsonWriter writer, LocationState location)
    {
        writer.WriteString("countryISO2ACode", location.Country);
        writer.WriteString("defaultPlatform", location.Platform);
        writer.WriteString("locationName", location.Name);
        writer.WriteString("websiteURL", location.WebsiteUrl);
    }

    private static void WriteNotifications(Utf8JsonWriter writer, LocationState location)
    {
        if (location.NotificationUrl is { } url)
        {
            writer.WriteString("notificationAuthToken", location.NotificationToken);
            writer.WriteString("notificationUrl", url);
        }

        if (location.NotificationTypes.Count > 0)
        {
            writer.WriteStartArray("subscribedNotificationTypes");
            foreach (var type in location.NotificationTypes)
            {
                writer.WriteStringValue(type);
            }

            writer.WriteEndArray();
        }
    }
}
