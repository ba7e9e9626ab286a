using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Net.Http.Headers;
using VppBooks.Core.Assignments;
using VppBooks.Core.Locations;

namespace VppBooks.Web.Api.Graph;

/// <summary>A row's version as an entity tag, for callers who want to change only what they have seen.</summary>
internal static class GraphETag
{
    public static string Of(int version) => string.Create(CultureInfo.InvariantCulture, $"W/\"{version}\"");

    /// <summary>Of an assignment, whose whole content are its target and its intent.</summary>
    public static string Of(AssignmentRow row) => $"W/\"{row.GroupId?.ToString("N") ?? "all"}-{(byte)row.Intent}\"";

    /// <summary>Of a book: of all that is sent, because much of it lies in other rows, such as its title and its token.</summary>
    public static string Of(JsonObject entity) => $"W/\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(entity.ToJsonString())).AsSpan(0, 16))}\"";

    /// <summary>Of a token: of its row, and of what time and the work in progress make of it, which no version counts.</summary>
    public static string Of(LocationSummary location) =>
        string.Create(CultureInfo.InvariantCulture, $"W/\"{location.Version}-{Of(VppTokenWire.From(location))[3..^1]}\"");

    /// <summary>Whether <c>If-Match</c> names the version, or is absent.</summary>
    public static bool Admits(HttpRequest request, int version) => Admits(request, Of(version));

    /// <summary>Whether <c>If-Match</c> names the token's row as it is, or is absent: what time and our own syncs make of the token keeps nobody from changing it.</summary>
    public static bool Admits(HttpRequest request, LocationSummary location) => request.Headers.IfMatch.Count == 0
        || request.GetTypedHeaders().IfMatch.Any(t => t.Equals(EntityTagHeaderValue.Any) || t.Tag.StartsWith(string.Create(CultureInfo.InvariantCulture, $"\"{location.Version}-"), StringComparison.Ordinal));

    public static bool Admits(HttpRequest request, string tag) => request.Headers.IfMatch.Count == 0 || Names(request.GetTypedHeaders().IfMatch, tag);

    /// <summary>Whether <c>If-Match</c> names the tag of one of the ways in which something is read, or is absent.</summary>
    public static bool Admits(HttpRequest request, IEnumerable<string> tags) => tags.Any(t => Admits(request, t));

    /// <summary>Whether <c>If-Match</c> means one version, rather than any that is there.</summary>
    public static bool NamesOne(HttpRequest request) => request.Headers.IfMatch.Count > 0 && !request.GetTypedHeaders().IfMatch.Any(t => t.Equals(EntityTagHeaderValue.Any));

    /// <summary>Sets the tag of what is read; the answer to give instead when the caller has it already, else null.</summary>
    public static IResult? NotModified(HttpContext context, string tag)
    {
        context.Response.Headers.ETag = tag;
        return Names(context.Request.GetTypedHeaders().IfNoneMatch, tag) ? Results.StatusCode(StatusCodes.Status304NotModified) : null;
    }

    // Weak against strong as well: intermediaries drop the mark.
    private static bool Names(IList<EntityTagHeaderValue> wanted, string tag) =>
        wanted.Any(w => w.Equals(EntityTagHeaderValue.Any) || w.Tag.Equals(tag[2..], StringComparison.Ordinal));
}
