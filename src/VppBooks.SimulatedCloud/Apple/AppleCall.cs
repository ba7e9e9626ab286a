using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace VppBooks.SimulatedCloud.Apple;

/// <summary>A request to App and Book Management with everything the rules look at.</summary>
/// <param name="Path">Path below <c>/mdm/v2</c>.</param>
/// <param name="BaseUrl">Root under which the caller reached the stand-ins.</param>
internal sealed record AppleCall(string Method, string Path, IQueryCollection Query, string? Authorization, string? ContentType, byte[] Body, string BaseUrl)
{
    public bool? Flag(string name) => Query[name].ToString() switch
    {
        "" => null,
        "true" or "1" => true,
        "false" or "0" => false,
        _ => throw new AppleRefusal(9602),
    };

    public string? Text(string name) => Query[name].ToString() is { Length: > 0 } text ? text : null;

    public int? Number(string name) => Text(name) is not { } text ? null : int.TryParse(text, out var number) ? number : throw new AppleRefusal(9602);

    public string? OneOf(string name, params ReadOnlySpan<string> allowed) => Text(name) is not { } text ? null : allowed.Contains(text) ? text : throw new AppleRefusal(9602);

    /// <summary>The body as an object (9602 otherwise).</summary>
    public JsonElement ReadObject()
    {
        try
        {
            using var json = JsonDocument.Parse(Body);
            return json.RootElement.ValueKind == JsonValueKind.Object ? json.RootElement.Clone() : throw new AppleRefusal(9602);
        }
        catch (JsonException)
        {
            throw new AppleRefusal(9602);
        }
    }
}

internal static class BodyReading
{
    /// <summary>A property; null when it is missing or null.</summary>
    public static JsonElement? Find(this JsonElement body, string name) => body.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static string? FindText(this JsonElement body, string name) =>
        body.Find(name) is not { } value ? null : value.ValueKind == JsonValueKind.String ? value.GetString() : throw new AppleRefusal(9602);

    public static IReadOnlyList<JsonElement>? FindList(this JsonElement body, string name) =>
        body.Find(name) is not { } value ? null : value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : throw new AppleRefusal(9602);

    public static IReadOnlyList<string>? FindTexts(this JsonElement body, string name) =>
        body.FindList(name) is not { } list
            ? null
            : [.. list.Select(item => item.ValueKind == JsonValueKind.String && item.GetString() is { Length: > 0 } text ? text : throw new AppleRefusal(9602))];
}
