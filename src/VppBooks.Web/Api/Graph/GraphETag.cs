using System.Globalization;
using Microsoft.Net.Http.Headers;
using VppBooks.Core.Assignments;

namespace VppBooks.Web.Api.Graph;

/// <summary>A row's version as an entity tag, for callers who want to change only what they have seen.</summary>
internal static class GraphETag
{
    public static string Of(int version) => string.Create(CultureInfo.InvariantCulture, $"W/\"{version}\"");

    /// <summary>Of an assignment, whose whole content are its target and its intent.</summary>
    public static string Of(AssignmentRow row) => $"W/\"{row.GroupId?.ToString("N") ?? "all"}-{(byte)row.Intent}\"";

    /// <summary>Whether <c>If-Match</c> names the version, or is absent.</summary>
    public static bool Admits(HttpRequest request, int version) => Admits(request, Of(version));

    public static bool Admits(HttpRequest request, string tag) => request.Headers.IfMatch.Count == 0 || Names(request.GetTypedHeaders().IfMatch, tag);

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
