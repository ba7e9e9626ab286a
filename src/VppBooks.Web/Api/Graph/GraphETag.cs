using System.Globalization;
using Microsoft.Net.Http.Headers;

namespace VppBooks.Web.Api.Graph;

/// <summary>A row's version as an entity tag, for callers who want to change only what they have seen.</summary>
internal static class GraphETag
{
    public static string Of(int version) => string.Create(CultureInfo.InvariantCulture, $"W/\"{version}\"");

    /// <summary>Whether <c>If-Match</c> names the version, or is absent.</summary>
    public static bool Admits(HttpRequest request, int version)
    {
        var wanted = request.GetTypedHeaders().IfMatch;
        return request.Headers.IfMatch.Count == 0
            || wanted.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Tag.Equals(Of(version)[2..], StringComparison.Ordinal));
    }
}
