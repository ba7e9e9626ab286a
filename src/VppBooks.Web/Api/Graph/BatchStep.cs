using System.Text;
using System.Text.Json;

namespace VppBooks.Web.Api.Graph;

/// <summary>One request inside a batch, read before any of them is served.</summary>
/// <param name="Id">What answers and <paramref name="DependsOn"/> name it by.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Decoded path below the version.</param>
/// <param name="Query">Encoded query with its question mark, or empty.</param>
/// <param name="Headers">Headers that are its own business.</param>
/// <param name="Body">JSON to send, or null.</param>
/// <param name="DependsOn">Those that have to succeed first.</param>
/// <param name="Fault">Why it cannot be served; the others of the batch can.</param>
internal sealed record BatchStep(
    string Id, string Method, PathString Path, string Query, IReadOnlyDictionary<string, string> Headers, JsonElement? Body, IReadOnlyList<string> DependsOn, string? Fault)
{
    private const int LongestUrl = 32 * 1024;

    private static readonly HashSet<string> _properties = ["id", "method", "url", "headers", "body", "dependsOn"];
    private static readonly string[] _methods = ["GET", "POST", "PATCH", "PUT", "DELETE"];

    // Whatever says who asks, or how long the body is, is the outer request's business.
    private static readonly string[] _headers = ["Content-Type", "Accept", "Prefer", "If-Match", "If-None-Match", "Idempotency-Key", "ConsistencyLevel", "client-request-id"];

    /// <exception cref="GraphQueryException">It cannot be told from the others, or is no request at all.</exception>
    public static BatchStep Read(JsonElement item, int index)
    {
        if (item.ValueKind != JsonValueKind.Object || GraphBody.Unknown(item, _properties) is not null)
        {
            throw new GraphQueryException($"requests[{index}] must be an object with id, method, url and perhaps headers, body and dependsOn.");
        }

        var id = item.Text("id");
        var method = item.Text("method")?.ToUpperInvariant();
        var url = item.Text("url");
        if (!IsId(id) || !_methods.Contains(method) || string.IsNullOrEmpty(url))
        {
            throw new GraphQueryException($"requests[{index}] needs an id of 1 to 64 letters, digits, '-', '_' or '.', a method such as GET, and a url.");
        }

        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (item.Find("headers", out var given) && given.ValueKind == JsonValueKind.Object)
        {
            foreach (var header in given.EnumerateObject().Where(h => h.Value.ValueKind == JsonValueKind.String && _headers.Contains(h.Name, StringComparer.OrdinalIgnoreCase)))
            {
                var value = header.Value.GetString()!;
                headers[header.Name] = value.Any(char.IsControl) ? throw new GraphQueryException($"A header of requests[{index}] holds a control character.") : value;
            }
        }

        var depends = !item.Find("dependsOn", out var names) || names.ValueKind == JsonValueKind.Null
            ? []
            : names.ValueKind == JsonValueKind.Array && names.EnumerateArray().All(n => n.ValueKind == JsonValueKind.String)
                ? names.EnumerateArray().Select(n => n.GetString()!).ToArray()
                : throw new GraphQueryException($"dependsOn of requests[{index}] must be an array of ids.");
        JsonElement? content = item.Find("body", out var sent) && sent.ValueKind != JsonValueKind.Null ? sent : null;
        var question = url.IndexOf('?', StringComparison.Ordinal);
        var (path, fault) = url.Length > LongestUrl
            ? (default, $"The url is longer than {LongestUrl} characters.")
            : PathOf(question < 0 ? url : url[..question]);
        return new BatchStep(id!, method!, path, question < 0 || fault is not null ? "" : Encoded(url[question..]), headers, content, depends, fault);
    }

    // It becomes part of the reference under which the request is found in the log.
    private static bool IsId(string? id) => id is { Length: > 0 and <= 64 } && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static (PathString Path, string? Fault) PathOf(string text)
    {
        try
        {
            var path = PathString.FromUriComponent(text.StartsWith('/') ? text : "/" + text);
            return path.Value!.Split('/').Any(s => s is "." or "..") || path.Value.Any(c => c == '\\' || char.IsControl(c))
                ? (default, "The url must be a path below the version, such as /deviceAppManagement/vppTokens.")
                : (path, null);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException)
        {
            return (default, "The path of the url is not encoded as a path has to be.");
        }
    }

    /// <summary>A query as it would come over the line: scripts write blanks and letters into a filter as they are.</summary>
    private static string Encoded(string query)
    {
        var text = new StringBuilder(query.Length);
        foreach (var rune in query.EnumerateRunes())
        {
            text.Append(rune.Value is >= '!' and <= '~' and not '#' ? rune.ToString() : Uri.EscapeDataString(rune.ToString()));
        }

        return text.ToString();
    }
}
