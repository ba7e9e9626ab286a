using System.Security.Cryptography;
using System.Text;
using VppBooks.SimulatedCloud.Entra;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud.Graph;

/// <summary>A role of the console that somebody was given.</summary>
internal sealed record AppRoleAssignment(SimulatedPerson Person, string Role);

/// <summary>The console as the directory knows it: an application with roles, and who was given them.</summary>
internal static class GraphApplication
{
    private const string Name = "VppBooks";

    private static readonly string[] _roles = ["VppBooks.Administrator", "VppBooks.Assigner", "VppBooks.Helpdesk", "VppBooks.Auditor"];

    /// <summary>Id of the service principal: the application in this directory, which is not the id of its registration.</summary>
    private static readonly Guid _objectId = IdOf("service principal " + EntraSimulator.ConsoleClientId);

    public static GraphType Assignment { get; } = new(
        "appRoleAssignment",
        "appRoleAssignments",
        IsDirectoryObject: false,
        [
            Of("id", each => Convert.ToBase64String(IdOf(each).ToByteArray()).TrimEnd('=')),
            Of("deletedDateTime", _ => null),
            Of("appRoleId", each => IdOf(each.Role)),
            Of("createdDateTime", _ => new DateTimeOffset(2024, 8, 26, 7, 30, 0, TimeSpan.Zero)),
            Of("principalDisplayName", each => each.Person.DisplayName),
            Of("principalId", each => each.Person.Id),
            Of("principalType", _ => "User"),
            Of("resourceDisplayName", _ => Name),
            Of("resourceId", _ => _objectId),
        ],
        each => IdOf((AppRoleAssignment)each));

    /// <summary>The service principal; of its properties only those that tell roles apart.</summary>
    public static GraphAnswer Answer(GraphRequest request) => GraphAnswer.Json(writer =>
    {
        writer.WriteString("@odata.context", $"{request.Root}/$metadata#servicePrincipals(id,appRoles)/$entity");
        writer.WriteString("id", _objectId);
        writer.WriteStartArray("appRoles");
        foreach (var role in _roles)
        {
            writer.WriteStartObject();
            writer.WriteStartArray("allowedMemberTypes");
            writer.WriteStringValue("User");
            writer.WriteStringValue("Application");
            writer.WriteEndArray();
            writer.WriteString("displayName", role["VppBooks.".Length..]);
            writer.WriteString("id", IdOf(role));
            writer.WriteBoolean("isEnabled", true);
            writer.WriteString("value", role);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    private static GraphProperty Of(string name, Func<AppRoleAssignment, object?> read) => new(name, each => read((AppRoleAssignment)each), ByDefault: true);

    private static Guid IdOf(AppRoleAssignment each) => IdOf(each.Person.Id + each.Role);

    private static Guid IdOf(string text) => new(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
}
