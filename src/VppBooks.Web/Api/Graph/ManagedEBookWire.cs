using System.Globalization;
using System.Text.Json.Nodes;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;

namespace VppBooks.Web.Api.Graph;

/// <summary><c>microsoft.graph.iosVppEBook</c> and its assignments.</summary>
internal static class ManagedEBookWire
{
    public static readonly IReadOnlySet<string> Properties = new HashSet<string>
    {
        "id", "displayName", "description", "publisher", "publishedDateTime", "largeCover", "createdDateTime", "lastModifiedDateTime", "informationUrl", "privacyInformationUrl",
        "vppTokenId", "appleId", "vppOrganizationName", "genres", "language", "seller", "totalLicenseCount", "usedLicenseCount", "roleScopeTagIds", "vppBooks",
    };

    public const string Type = "#microsoft.graph.iosVppEBook";

    /// <summary>Properties that the database can filter and order by; by the others nobody is served a list, but for <see cref="NeverSet"/>.</summary>
    public static readonly IReadOnlyDictionary<string, BookField> Fields = new Dictionary<string, BookField>
    {
        ["id"] = BookField.Id,
        ["displayName"] = BookField.DisplayName,
        ["description"] = BookField.Description,
        ["publisher"] = BookField.Publisher,
        ["publishedDateTime"] = BookField.Published,
        ["createdDateTime"] = BookField.CreatedAt,
        ["lastModifiedDateTime"] = BookField.ModifiedAt,
        ["informationUrl"] = BookField.StoreUrl,
        ["vppTokenId"] = BookField.Token,
        ["appleId"] = BookField.AppleAccount,
        ["vppOrganizationName"] = BookField.OrganizationName,
        ["genres"] = BookField.Genres,
        ["language"] = BookField.Language,
        ["seller"] = BookField.Seller,
        ["totalLicenseCount"] = BookField.Total,
        ["usedLicenseCount"] = BookField.Used,
    };

    /// <summary>Null for every book, so that a comparison with it needs no database and an order by it changes nothing.</summary>
    public const string NeverSet = "privacyInformationUrl";

    public static readonly IReadOnlySet<string> AssignmentProperties = new HashSet<string> { "id", "target", "installIntent" };

    /// <summary>A book. An unlimited title counts as many as are used: Graph has no word for more (parity paper §4.7).</summary>
    public static JsonObject From(BookRow book, BookFacts facts, CoverFile? cover) => new()
    {
        ["@odata.type"] = Type,
        ["id"] = book.PublicId.ToString(),
        ["displayName"] = book.Title ?? "Book " + book.AdamId.ToString(CultureInfo.InvariantCulture),
        ["description"] = facts.Description,
        ["publisher"] = facts.Seller ?? book.Author,
        ["publishedDateTime"] = facts.ReleaseDate is { } date ? date.ToString("yyyy-MM-dd'T00:00:00Z'", CultureInfo.InvariantCulture) : Wire.Never,
        ["largeCover"] = cover is null ? null : new JsonObject { ["type"] = cover.ContentType, ["value"] = Convert.ToBase64String(cover.Content) },
        ["createdDateTime"] = Wire.Date(facts.CreatedAt),
        ["lastModifiedDateTime"] = Wire.Date(facts.ModifiedAt),
        ["informationUrl"] = facts.StoreUrl,
        ["privacyInformationUrl"] = null,
        ["vppTokenId"] = book.LocationPublicId.ToString(),
        ["appleId"] = facts.AppleAccount,
        ["vppOrganizationName"] = facts.OrganizationName,
        ["genres"] = new JsonArray([.. facts.Genres.Select(g => (JsonNode)g)]),
        ["language"] = facts.Language,
        ["seller"] = facts.Seller,
        ["totalLicenseCount"] = Wire.Int32(book.Unlimited ? book.Used : book.Total),
        ["usedLicenseCount"] = Wire.Int32(book.Used),
        ["roleScopeTagIds"] = new JsonArray("0"),
        ["vppBooks"] = new JsonObject
        {
            ["adamId"] = book.AdamId.ToString(CultureInfo.InvariantCulture),
            ["pricingParam"] = book.PricingParam.ToString(),
            ["unlimited"] = book.Unlimited,
            ["availableLicenseCount"] = book.Unlimited ? null : book.Free,
            ["reservedLicenseCount"] = book.Reserved,
            ["waitingCount"] = book.Waiting,
            ["notOursLicenseCount"] = facts.Foreign,
        },
    };

    public static JsonObject From(AssignmentRow assignment)
    {
        var target = new JsonObject
        {
            ["@odata.type"] = (assignment.GroupId, assignment.Intent) switch
            {
                (null, _) => "#microsoft.graph.allLicensedUsersAssignmentTarget",
                (_, Intent.Excluded) => "#microsoft.graph.exclusionGroupAssignmentTarget",
                _ => "#microsoft.graph.groupAssignmentTarget",
            },
        };
        if (assignment.GroupId is { } groupId)
        {
            target["groupId"] = groupId.ToString();
        }

        return new JsonObject
        {
            ["@odata.type"] = "#microsoft.graph.iosVppEBookAssignment",
            ["id"] = assignment.Id.ToString(),
            ["installIntent"] = assignment.Intent == Intent.Required ? "required" : "available",
            ["target"] = target,
        };
    }
}
