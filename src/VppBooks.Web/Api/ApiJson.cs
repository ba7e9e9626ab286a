using System.Text.Json;
using System.Text.Json.Serialization;

namespace VppBooks.Web.Api;

/// <summary>How our own API writes: camel case, words for codes, nothing for what is not known.</summary>
internal static class ApiJson
{
    private static readonly JsonSerializerOptions _options = Configured(new JsonSerializerOptions(JsonSerializerDefaults.Web));

    public static IResult Answer<T>(T body, int status = StatusCodes.Status200OK) => Results.Json(body, _options, statusCode: status);

    /// <summary>The same for the description of the answers.</summary>
    public static void Configure(JsonSerializerOptions options) => Configured(options);

    private static JsonSerializerOptions Configured(JsonSerializerOptions options)
    {
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase));
        return options;
    }
}

/// <summary>A list that comes as a whole, or of which the caller names the part.</summary>
internal sealed record ListWire<T>(IReadOnlyList<T> Value);

/// <summary>A page of a list; <c>next</c> is the cursor of the page after it.</summary>
internal sealed record PageWire<T>(IReadOnlyList<T> Value, string? Next);
