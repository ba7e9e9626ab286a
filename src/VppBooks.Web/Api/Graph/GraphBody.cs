using System.Text.Json;

namespace VppBooks.Web.Api.Graph;

/// <summary>A request body as JSON, read with limits and without surprises: no repeated names, no unknown ones, no lone surrogates.</summary>
internal static class GraphBody
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    /// <summary>The object in the body, or the answer to give instead.</summary>
    /// <exception cref="BadHttpRequestException">It is too large, or was cut off.</exception>
    public static async Task<(JsonElement Body, GraphError? Error)> ReadObjectAsync(HttpContext context, IReadOnlySet<string> known)
    {
        if (!context.Request.HasJsonContentType())
        {
            return (default, GraphError.ForStatus(StatusCodes.Status415UnsupportedMediaType));
        }

        JsonElement root;
        try
        {
            using var document = await JsonDocument.ParseAsync(context.Request.Body, Strict, context.RequestAborted);
            DemandText(document.RootElement);
            root = document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            return (default, GraphError.BadRequest(e.LineNumber is { } line
                ? $"The body is not valid JSON (line {line + 1}, position {e.BytePositionInLine + 1})."
                : "The body is not valid JSON, is nested too deeply, or names a property twice."));
        }
        catch (InvalidOperationException)
        {
            return (default, GraphError.BadRequest("The body holds text that is not valid Unicode."));
        }

        if (root.ValueKind != JsonValueKind.Object)
        {
            return (default, GraphError.BadRequest("The body must be a JSON object."));
        }

        return (root, Unknown(root, known));
    }

    /// <summary>Complains about the first property that nobody reads, or that is there twice: silence would hide a misspelling.</summary>
    public static GraphError? Unknown(JsonElement body, IReadOnlySet<string> known)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var property in body.EnumerateObject())
        {
            if (!property.Name.Contains('@', StringComparison.Ordinal) && !known.TryGetValueIgnoringCase(property.Name, out _))
            {
                return GraphError.BadRequest($"The property '{property.Name}' does not exist on this type.");
            }

            if (!seen.Add(property.Name))
            {
                return GraphError.BadRequest($"The property '{property.Name}' is there twice.");
            }
        }

        return null;
    }

    /// <summary>A text property; null when absent or null.</summary>
    /// <exception cref="GraphQueryException">Another type.</exception>
    public static string? Text(this JsonElement body, string name) => !Find(body, name, out var value)
        ? null
        : value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Null => null,
            _ => throw new GraphQueryException($"The property '{name}' must be a text."),
        };

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

    /// <summary>Reads every name and text once, so that nobody later meets one that cannot be read.</summary>
    /// <exception cref="InvalidOperationException">One is not valid Unicode.</exception>
    private static void DemandText(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    DemandText(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name;
                    DemandText(property.Value);
                }

                break;
        }
    }
}
