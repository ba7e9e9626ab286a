using System.Text.Json;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud.Graph;

/// <param name="ByDefault">Whether Graph sends it unasked.</param>
internal sealed record GraphProperty(string Name, Func<object, object?> Read, bool ByDefault);

/// <summary>An entity type as a table of properties: selecting, filtering, ordering and writing all read the same table.</summary>
/// <param name="IsDirectoryObject">Directory objects have the rules on consistency; devices of Intune have not.</param>
internal sealed record GraphType(string Name, string Collection, bool IsDirectoryObject, GraphProperty[] Properties, Func<object, Guid> Id)
{
    public GraphProperty Find(string name) =>
        Properties.FirstOrDefault(property => string.Equals(property.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw GraphErrorException.BadRequest($"Could not find a property named '{name}' on type 'microsoft.graph.{Name}'.");

    /// <summary>The properties a <c>$select</c> asks for; without one the default ones.</summary>
    public GraphProperty[] Selected(string? select) => select is null
        ? [.. Properties.Where(property => property.ByDefault)]
        : [.. select.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(name => Find(name))];

    public static void Write(Utf8JsonWriter writer, object entity, GraphProperty[] properties)
    {
        foreach (var property in properties)
        {
            writer.WritePropertyName(property.Name);
            WriteValue(writer, property.Read(entity));
        }
    }

    private static void WriteValue(Utf8JsonWriter writer, object? value)
    {
        switch (value)
        {
            case null: writer.WriteNullValue(); break;
            case bool flag: writer.WriteBooleanValue(flag); break;
            case int number: writer.WriteNumberValue(number); break;
            case Guid id: writer.WriteStringValue(id); break;
            case DateTimeOffset time: writer.WriteStringValue(time.UtcDateTime); break;
            case IEnumerable<string> texts:
                writer.WriteStartArray();
                foreach (var text in texts)
                {
                    writer.WriteStringValue(text);
                }

                writer.WriteEndArray();
                break;
            case IEnumerable<KeyValuePair<string, string?>> pairs:
                writer.WriteStartObject();
                foreach (var (name, text) in pairs)
                {
                    writer.WriteString(name, text);
                }

                writer.WriteEndObject();
                break;
            default: writer.WriteStringValue(value.ToString()); break;
        }
    }
}

/// <summary>An app found on devices; Intune lists each version on its own.</summary>
internal sealed record DetectedApp(string Id, string DisplayName, string Version, string Platform, int DeviceCount);

/// <summary>The entity types served.</summary>
internal sealed class GraphTypes
{
    private static readonly DateTimeOffset Founded = new(2024, 8, 26, 7, 30, 0, TimeSpan.Zero);

    private readonly SimulatedDirectory _directory;
    private readonly TimeProvider _clock;

    public GraphTypes(SimulatedDirectory directory, TimeProvider clock)
    {
        _directory = directory;
        _clock = clock;
        ManagedDevice = new("managedDevice", "deviceManagement/managedDevices", IsDirectoryObject: false, ManagedDeviceProperties(), IdOf);
    }

    public GraphType User { get; } = new("user", "users", IsDirectoryObject: true,
    [
        .. Nothing("businessPhones", list: true),
        Of<SimulatedPerson>("displayName", person => person.DisplayName),
        Of<SimulatedPerson>("givenName", person => person.GivenName),
        .. Nothing("jobTitle"),
        Of<SimulatedPerson>("mail", person => person.Mail),
        .. Nothing("mobilePhone"),
        .. Nothing("officeLocation"),
        Of<SimulatedPerson>("preferredLanguage", person => person.PreferredLanguage),
        Of<SimulatedPerson>("surname", person => person.Surname),
        Of<SimulatedPerson>("userPrincipalName", person => person.UserPrincipalName),
        Of<SimulatedPerson>("id", person => person.Id),
        On<SimulatedPerson>("accountEnabled", person => person.AccountEnabled),
        On<SimulatedPerson>("userType", person => person.UserType),
        On<SimulatedPerson>("department", person => person.Department),
        On<SimulatedPerson>("employeeId", person => person.UserType == "Member" ? "P" + person.Id.ToString("N")[..6].ToUpperInvariant() : null),
        On<SimulatedPerson>("usageLocation", _ => "NL"),
        On<SimulatedPerson>("companyName", _ => DemoDirectory.OrganizationName),
        On<SimulatedPerson>("mailNickname", person => person.UserPrincipalName[..person.UserPrincipalName.IndexOf('@', StringComparison.Ordinal)]),
        On<SimulatedPerson>("otherMails", _ => Array.Empty<string>()),
        On<SimulatedPerson>("proxyAddresses", person => person.Mail is { } mail ? ["SMTP:" + mail] : Array.Empty<string>()),
        On<SimulatedPerson>("createdDateTime", _ => Founded),
        On<SimulatedPerson>("deletedDateTime", _ => null),
        On<SimulatedPerson>("onPremisesImmutableId", _ => null),
        On<SimulatedPerson>("onPremisesSyncEnabled", _ => null),
        On<SimulatedPerson>("onPremisesSamAccountName", _ => null),
        On<SimulatedPerson>("onPremisesExtensionAttributes", person => Enumerable.Range(1, 15).Select(number =>
            KeyValuePair.Create<string, string?>($"extensionAttribute{number}", number == 1 ? person.ManagedAppleAccount : null))),
        On<SimulatedPerson>("onPremisesExtensionAttributes/extensionAttribute1", person => person.ManagedAppleAccount),
    ],
    IdOf);

    public GraphType Group { get; } = new("group", "groups", IsDirectoryObject: true,
    [
        Of<SimulatedGroup>("id", group => group.Id),
        .. Nothing("deletedDateTime", "classification"),
        Of<SimulatedGroup>("createdDateTime", _ => Founded),
        Of<SimulatedGroup>("description", group => group.Description),
        Of<SimulatedGroup>("displayName", group => group.DisplayName),
        .. Nothing("expirationDateTime"),
        Of<SimulatedGroup>("groupTypes", group => group.GroupTypes),
        .. Nothing("isAssignableToRole"),
        Of<SimulatedGroup>("mail", group => group.MailEnabled ? Nickname(group) + "@" + DemoDirectory.Domain : null),
        Of<SimulatedGroup>("mailEnabled", group => group.MailEnabled),
        Of<SimulatedGroup>("mailNickname", group => Nickname(group)),
        Of<SimulatedGroup>("membershipRule", group => group.MembershipRule),
        Of<SimulatedGroup>("membershipRuleProcessingState", group => group.MembershipRule is null ? null : "On"),
        .. Nothing("onPremisesLastSyncDateTime", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled", "preferredDataLocation", "preferredLanguage"),
        .. Nothing("proxyAddresses", list: true),
        Of<SimulatedGroup>("renewedDateTime", _ => Founded),
        Of<SimulatedGroup>("securityEnabled", group => group.SecurityEnabled),
        .. Nothing("securityIdentifier", "theme", "uniqueName"),
        Of<SimulatedGroup>("visibility", group => group.GroupTypes.Contains("Unified") ? "Private" : null),
    ],
    IdOf);

    public GraphType Device { get; } = new("device", "devices", IsDirectoryObject: true,
    [
        Of<SimulatedDevice>("id", device => device.Id),
        Of<SimulatedDevice>("accountEnabled", _ => true),
        Of<SimulatedDevice>("deviceId", device => device.Id),
        Of<SimulatedDevice>("displayName", device => device.DeviceName),
        Of<SimulatedDevice>("operatingSystem", device => device.OperatingSystem),
        Of<SimulatedDevice>("operatingSystemVersion", device => device.OsVersion),
        Of<SimulatedDevice>("isManaged", _ => true),
    ],
    IdOf);

    public GraphType ManagedDevice { get; }

    public GraphType DetectedApp { get; } = new("detectedApp", "deviceManagement/detectedApps", IsDirectoryObject: false,
    [
        Of<DetectedApp>("id", app => app.Id),
        Of<DetectedApp>("displayName", app => app.DisplayName),
        Of<DetectedApp>("version", app => app.Version),
        Of<DetectedApp>("sizeInByte", _ => 0),
        Of<DetectedApp>("deviceCount", app => app.DeviceCount),
        Of<DetectedApp>("publisher", _ => "Apple Inc."),
        Of<DetectedApp>("platform", app => app.Platform),
    ],
    // Apps have no object id; the order of their ids serves.
    app => new Guid(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(((DetectedApp)app).Id)).AsSpan(0, 16)));

    public GraphType For(object entity) => entity switch
    {
        SimulatedPerson => User,
        SimulatedGroup => Group,
        SimulatedDevice => Device,
        _ => throw new ArgumentException("Not a directory object.", nameof(entity)),
    };

    public static Guid IdOf(object entity) => entity switch
    {
        SimulatedPerson person => person.Id,
        SimulatedGroup group => group.Id,
        SimulatedDevice device => device.Id,
        _ => throw new ArgumentException("Not a directory object.", nameof(entity)),
    };

    private GraphProperty[] ManagedDeviceProperties() =>
    [
        Of<SimulatedDevice>("id", device => device.Id),
        // Intune says "nobody" with an empty text, not with null.
        Of<SimulatedDevice>("userId", device => device.UserId?.ToString() ?? ""),
        Of<SimulatedDevice>("deviceName", device => device.DeviceName),
        Of<SimulatedDevice>("managedDeviceOwnerType", device => device.OwnerType),
        Of<SimulatedDevice>("enrolledDateTime", device => Founded.AddMinutes(Spread(device) * 7)),
        Of<SimulatedDevice>("lastSyncDateTime", device => _clock.GetUtcNow().AddMinutes(-Spread(device) % 20_000)),
        Of<SimulatedDevice>("operatingSystem", device => device.OperatingSystem),
        Of<SimulatedDevice>("osVersion", device => device.OsVersion),
        Of<SimulatedDevice>("complianceState", _ => "compliant"),
        Of<SimulatedDevice>("managementAgent", _ => "mdm"),
        Of<SimulatedDevice>("managementState", _ => "managed"),
        Of<SimulatedDevice>("azureADRegistered", _ => true),
        Of<SimulatedDevice>("azureADDeviceId", device => device.Id),
        Of<SimulatedDevice>("deviceEnrollmentType", device => device.EnrollmentType),
        Of<SimulatedDevice>("deviceRegistrationState", _ => "registered"),
        Of<SimulatedDevice>("emailAddress", device => Holder(device)?.Mail ?? ""),
        Of<SimulatedDevice>("userPrincipalName", device => Holder(device)?.UserPrincipalName ?? ""),
        Of<SimulatedDevice>("userDisplayName", device => Holder(device)?.DisplayName ?? ""),
        Of<SimulatedDevice>("model", device => device.OperatingSystem switch { "iOS" => "iPhone 16e", "macOS" => "MacBook Air", _ => "iPad (A16)" }),
        Of<SimulatedDevice>("manufacturer", _ => "Apple"),
        Of<SimulatedDevice>("serialNumber", device => device.SerialNumber),
        Of<SimulatedDevice>("isSupervised", device => device.IsSupervised),
        Of<SimulatedDevice>("udid", device => "00008120-" + device.Id.ToString("N")[..16].ToUpperInvariant()),
    ];

    private SimulatedPerson? Holder(SimulatedDevice device) => device.UserId is { } id ? _directory.People.GetValueOrDefault(id) : null;

    private static int Spread(SimulatedDevice device) => device.Id.ToByteArray()[0] * 97;

    private static string Nickname(SimulatedGroup group) => DemoNames.Fold(group.DisplayName);

    private static GraphProperty Of<T>(string name, Func<T, object?> read) => new(name, entity => read((T)entity), ByDefault: true);

    private static GraphProperty On<T>(string name, Func<T, object?> read) => new(name, entity => read((T)entity), ByDefault: false);

    private static GraphProperty[] Nothing(params string[] names) => [.. names.Select(name => new GraphProperty(name, _ => null, ByDefault: true))];

    private static GraphProperty[] Nothing(string name, bool list) => [new(name, _ => list ? Array.Empty<string>() : null, ByDefault: true)];
}
