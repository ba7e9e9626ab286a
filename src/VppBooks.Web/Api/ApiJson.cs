using System.Text.Json;
using System.Text.Json.Serialization;

namespace VppBooks.Web.Api;

/// <summary>How our own API writes: camel case, words for codes, nothing for what is not known.</summary>
internal static class ApiJson
{
    private static readonly JsonSerializerOptions _options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static IResult Answer<T>(T body, int status = StatusCodes.Status200OK) => Results.Json(body, _options, statusCode: status);
}
