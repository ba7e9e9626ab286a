using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace VppBooks.SimulatedCloud.Graph;

/// <summary>One question to Graph, asked on its own or as a step of a batch.</summary>
internal sealed class GraphRequest
{
    public GraphRequest(string method, string root, string pathAndQuery, Func<string, string?> header)
    {
        Method = method.ToUpperInvariant();
        Root = root;
        Header = header;
        var question = pathAndQuery.IndexOf('?', StringComparison.Ordinal);
        Path = question < 0 ? pathAndQuery : pathAndQuery[..question];
        Query = QueryHelpers.ParseQuery(question < 0 ? "" : pathAndQuery[question..]);
        Segments = [.. Path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Normalize)];
    }

    public string Method { get; }

    /// <summary>Absolute address of the service root, version included, without a trailing slash.</summary>
    public string Root { get; }

    public string Path { get; }

    /// <summary>Path segments in lower case, with each spelling of casts and functions brought to one.</summary>
    public string[] Segments { get; }

    public Dictionary<string, StringValues> Query { get; }

    public Func<string, string?> Header { get; }

    /// <summary>Whether the caller accepts the index instead of the store, which is what unlocks search, counts and casts.</summary>
    public bool IsEventual => string.Equals(Header("ConsistencyLevel"), "eventual", StringComparison.OrdinalIgnoreCase);

    public bool WantsCount => string.Equals(Option("$count"), "true", StringComparison.OrdinalIgnoreCase);

    public string? Option(string name) => Query.TryGetValue(name, out var value) && value.ToString() is { Length: > 0 } text ? text : null;

    /// <summary>The same question with another token, as an absolute address.</summary>
    public string Link(string tokenName, string token)
    {
        var kept = Query.Where(pair => !pair.Key.EndsWith("token", StringComparison.OrdinalIgnoreCase))
            .Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value.ToString())}&");
        return $"{Root}{Path}?{string.Concat(kept)}{tokenName}={token}";
    }

    private static string Normalize(string segment)
    {
        var text = Uri.UnescapeDataString(segment).ToLowerInvariant();
        return text switch
        {
            "delta()" or "microsoft.graph.delta()" or "microsoft.graph.delta" or "graph.delta()" or "graph.delta" => "delta",
            _ when text.StartsWith("microsoft.graph.", StringComparison.Ordinal) => text["microsoft.".Length..],
            _ => text,
        };
    }
}

/// <summary>An answer held in memory, so that a batch can carry it as well as a connection.</summary>
internal sealed record GraphAnswer(int Status, ReadOnlyMemory<byte> Body, string ContentType = "application/json")
{
    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    public static GraphAnswer Json(Action<Utf8JsonWriter> write, int status = StatusCodes.Status200OK)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return new(status, buffer.WrittenMemory);
    }

    public static GraphAnswer Error(GraphErrorException error, string requestId, string? clientRequestId, DateTimeOffset now)
    {
        var answer = Json(
            writer =>
            {
                writer.WriteStartObject("error");
                writer.WriteString("code", error.Code);
                writer.WriteString("message", error.Message);
                writer.WriteStartObject("innerError");
                // Live answers carry no zone letter.
                writer.WriteString("date", now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture));
                writer.WriteString("request-id", requestId);
                writer.WriteString("client-request-id", clientRequestId ?? requestId);
                writer.WriteEndObject();
                writer.WriteEndObject();
            },
            error.Status);
        foreach (var (name, value) in error.Headers)
        {
            answer.Headers[name] = value;
        }

        return answer;
    }
}

/// <summary>A refusal in Graph's words.</summary>
internal sealed class GraphErrorException(int status, string code, string message) : Exception(message)
{
    public int Status => status;

    public string Code => code;

    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);

    public static GraphErrorException BadRequest(string message) => new(400, "BadRequest", message);

    public static GraphErrorException UnsupportedQuery(string message) => new(400, "Request_UnsupportedQuery", message);

    public static GraphErrorException NotFound(string id) => new(
        404, "Request_ResourceNotFound", $"Resource '{id}' does not exist or one of its queried reference-property objects are not present.");
}
