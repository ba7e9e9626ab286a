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

    public static readonly IReadOnlySet<string> AssignmentProperties = new HashSet<string> { "id", "target", "installIntent" };

    /// <summary>A book. An unlimited title counts as many as are used: Graph has no word for more (parity paper §4.7).</summary>
    public static JsonObject From(BookDetail book, string appleAccount, CoverFile? cover) => new()
    {
        ["@odata.type"] = "#microsoft.graph.iosVppEBook",
        ["id"] = book.Book.PublicId.ToString(),
        ["displayName"] = book.Book.Title ?? "Book " + book.Book.AdamId.ToString(CultureInfo.InvariantCulture),
        ["description"] = book.Description,
        ["publisher"] = book.Seller ?? book.Book.Author,
        ["publishedDateTime"] = book.ReleaseDate is { } date ? date.ToString("yyyy-MM-dd'T'00:00:00'Z'", CultureInfo.InvariantCulture) : Wire.Never,
        ["largeCover"] = cover is null ? null : new JsonObject { ["type"] = cover.ContentType, ["value"] = Convert.ToBase64String(cover.Content) },
        ["createdDateTime"] = Wire.Date(book.CreatedAt),
        ["lastModifiedDateTime"] = Wire.Date(book.ModifiedAt),
        ["informationUrl"] = book.StoreUrl,
        ["privacyInformationUrl"] = null,
        ["vppTokenId"] = book.Book.LocationPublicId.ToString(),
        ["appleId"] = appleAccount,
        ["vppOrganizationName"] = book.OrganizationName,
        ["genres"] = new JsonArray([.. book.Genres.Select(g => (JsonNode)g)]),
        ["language"] = book.Language,
        ["seller"] = book.Seller,
        ["totalLicenseCount"] = Wire.Int32(book.Book.Unlimited ? book.Book.Used : book.Book.Total),
        ["usedLicenseCount"] = Wire.Int32(book.Book.Used),
        ["roleScopeTagIds"] = new JsonArray("0"),
        ["vppBooks"] = new JsonObject
        {
            ["adamId"] = book.Book.AdamId.ToString(CultureInfo.InvariantCulture),
            ["pricingParam"] = book.Book.PricingParam.ToString(),
            ["unlimited"] = book.Book.Unlimited,
            ["availableLicenseCount"] = book.Book.Unlimited ? null : book.Book.Free,
            ["reservedLicenseCount"] = book.Book.Reserved,
            ["waitingCount"] = book.Book.Waiting,
            ["notOursLicenseCount"] = book.Foreign,
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
