using System.Text;
using System.Xml.Linq;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api.Graph;

/// <summary><c>GET /$metadata</c>: the part of Graph's schema that is served here, as CSDL.</summary>
internal static class GraphMetadata
{
    private static readonly XNamespace _edmx = "http://docs.oasis-open.org/odata/ns/edmx";
    private static readonly XNamespace _edm = "http://docs.oasis-open.org/odata/ns/edm";

    /// <summary>Every entity type with its properties; an entry with a bar before its type is a navigation.</summary>
    public static readonly IReadOnlyDictionary<string, string> Types = new Dictionary<string, string>
    {
        ["vppToken"] = "id:String organizationName:String vppTokenAccountType:String appleId:String expirationDateTime:DateTimeOffset lastSyncDateTime:DateTimeOffset token:String "
            + "lastModifiedDateTime:DateTimeOffset state:String lastSyncStatus:String automaticallyUpdateApps:Boolean countryOrRegion:String displayName:String locationName:String "
            + "claimTokenManagementFromExternalMdm:Boolean dataSharingConsentGranted:Boolean roleScopeTagIds:Collection(Edm.String) tokenActionResults:Collection(Edm.Untyped)",
        ["iosVppEBook"] = "id:String displayName:String description:String publisher:String publishedDateTime:DateTimeOffset largeCover:Untyped createdDateTime:DateTimeOffset "
            + "lastModifiedDateTime:DateTimeOffset informationUrl:String privacyInformationUrl:String vppTokenId:Guid appleId:String vppOrganizationName:String "
            + "genres:Collection(Edm.String) language:String seller:String totalLicenseCount:Int32 usedLicenseCount:Int32 roleScopeTagIds:Collection(Edm.String) vppBooks:Untyped "
            + "assignments:|managedEBookAssignment* installSummary:|eBookInstallSummary deviceStates:|deviceInstallState* userStateSummary:|userInstallStateSummary* categories:|managedEBookCategory*",
        ["managedEBookAssignment"] = "id:String target:Untyped installIntent:String",
        ["eBookInstallSummary"] = "id:String installedDeviceCount:Int32 failedDeviceCount:Int32 notInstalledDeviceCount:Int32 installedUserCount:Int32 failedUserCount:Int32 notInstalledUserCount:Int32",
        ["userInstallStateSummary"] = "id:String userName:String installedDeviceCount:Int32 failedDeviceCount:Int32 notInstalledDeviceCount:Int32 deviceStates:|deviceInstallState*",
        ["deviceInstallState"] = "id:String deviceName:String deviceId:String lastSyncDateTime:DateTimeOffset installState:String errorCode:String osVersion:String osDescription:String userName:String",
        ["managedEBookCategory"] = "id:String displayName:String lastModifiedDateTime:DateTimeOffset",
        ["auditEvent"] = "id:String displayName:String componentName:String actor:Untyped activity:String activityDateTime:DateTimeOffset activityType:String activityOperationType:String "
            + "activityResult:String correlationId:Guid resources:Collection(Edm.Untyped) category:String",
        ["deviceAppManagement"] = "id:String vppTokens:|vppToken* managedEBooks:|iosVppEBook* managedEBookCategories:|managedEBookCategory*",
        ["deviceManagement"] = "id:String auditEvents:|auditEvent*",
    };

    /// <summary>The first type that has exactly these properties, for people; empty when none has.</summary>
    public static string NameOf(IReadOnlySet<string> properties) =>
        Types.FirstOrDefault(t => properties.SetEquals(t.Value.Split(' ').Select(p => p.Split(':')).Where(p => p[1][0] != '|').Select(p => p[0]))).Key is { } name ? "microsoft.graph." + name : "";

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/$metadata", () => Results.Text(_document, "application/xml", Encoding.UTF8)).RequireAuthorization(Policies.ReadTokens);

    private static readonly string _document = new XDeclaration("1.0", "utf-8", null) + "\n" + new XElement(
        _edmx + "Edmx",
        new XAttribute(XNamespace.Xmlns + "edmx", _edmx),
        new XAttribute("Version", "4.0"),
        new XElement(
            _edmx + "DataServices",
            new XElement(
                _edm + "Schema",
                new XAttribute("Namespace", "microsoft.graph"),
                Types.Select(t => Entity(t.Key, t.Value)),
                new XElement(
                    _edm + "EntityContainer",
                    new XAttribute("Name", "GraphService"),
                    new[] { "deviceAppManagement", "deviceManagement" }.Select(s => new XElement(_edm + "Singleton", new XAttribute("Name", s), new XAttribute("Type", "microsoft.graph." + s)))))));

    private static XElement Entity(string name, string properties) => new(
        _edm + "EntityType",
        new XAttribute("Name", name),
        new XElement(_edm + "Key", new XElement(_edm + "PropertyRef", new XAttribute("Name", "id"))),
        properties.Split(' ').Select(p => p.Split(':') switch
        {
            [var property, ['|', .. var type]] => new XElement(
                _edm + "NavigationProperty",
                new XAttribute("Name", property),
                new XAttribute("Type", type.EndsWith('*') ? $"Collection(microsoft.graph.{type[..^1]})" : "microsoft.graph." + type),
                new XAttribute("ContainsTarget", true)),
            [var property, var type] => new XElement(
                _edm + "Property",
                new XAttribute("Name", property),
                new XAttribute("Type", type.Contains('.', StringComparison.Ordinal) ? type : "Edm." + type),
                property == "id" ? new XAttribute("Nullable", false) : null),
            _ => throw new InvalidOperationException($"'{p}' is no property."),
        }));
}
