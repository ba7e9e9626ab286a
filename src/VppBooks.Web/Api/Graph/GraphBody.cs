using System.Text;
using System.Text.Json;

namespace VppBooks.Web.Api.Graph;

/// <summary>A request body as JSON, read with limits and without surprises: no repeated names, no unknown ones, no lone surrogates.</summary>
internal static class GraphBody
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    /// <summary>The object in the body, or the answer to give instead.</summary>
    public static async Task<(JsonElement Body, GraphError? Error)> ReadObjectAsync(HttpContext context, IReadOnlySet<string> known)
    {
        if (context.Request.ContentType is not { } type || !type.StartsWith("application/json", StringComparison.OrdinalIgnoreCase))
        {
            return (default, GraphError.ForStatus(StatusCodes.Status415UnsupportedMediaType));
        }

        JsonElement root;
        try
        {
            using var document = await JsonDocument.ParseAsync(context.Request.Body, Strict, context.RequestAborted);
            root = document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            return (default, GraphError.BadRequest($"The body is not valid JSON (line {e.LineNumber + 1}, position {e.BytePositionInLine + 1})."));
        }

        if (root.ValueKind != JsonValueKind.Object)
        {
            return (default, GraphError.BadRequest("The body must be a JSON object."));
        }

        return (root, Unknown(root, known));
    }

    /// <summary>Complains about the first property that nobody reads: silence would hide a misspelling.</summary>
    public static GraphError? Unknown(JsonElement body, IReadOnlySet<string> known)
    {
        foreach (var property in body.EnumerateObject())
        {
            if (!property.Name.Contains('@', StringComparison.Ordinal) && !known.TryGetValueIgnoringCase(property.Name, out _))
            {
                return GraphError.BadRequest($"The property '{property.Name}' does not exist on this type.");
            }
        }

        return null;
    }

    /// <summary>A text property; null when absent or null.</summary>
    /// <exception cref="GraphQueryException">Another type, or text that is not valid Unicode.</exception>
    public static string? Text(this JsonElement body, string name)
    {
        if (!Find(body, name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String)
        {
            throw new GraphQueryException($"The property '{name}' must be a text.");
        }

        try
        {
            var text = value.GetString()!;
            _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetByteCount(text);
            return text;
        }
        catch (Exception e) when (e is InvalidOperationException or EncoderFallbackException)
        {
            throw new GraphQueryException($"The property '{name}' is not valid text.");
        }
    }

    /// <summary>A yes-or-no property; null when absent or null.</summary>
    /// <exception cref="GraphQueryException">Another type.</exception>
    public static bool? Flag(this JsonElement body, string name) => !Find(body, name, out var value)
        ? null
        : value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Null => null,
            _ => throw new GraphQueryException($"The property '{name}' must be true or false."),
        };

    public static bool Find(this JsonElement body, string name, out JsonElement value)
    {
        foreach (var property in body.EnumerateObject())
        {
            if (property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                value = property.Value;
                return true;
            }
        }

        value = default;
        return false;
    }
}
