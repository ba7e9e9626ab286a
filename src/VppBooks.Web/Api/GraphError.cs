using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace VppBooks.Web.Api;

/// <summary>An error in the shape of Microsoft Graph: <c>{"error":{"code","message","innerError":{…}}}</c>.</summary>
/// <remarks>Source: Microsoft Graph, "Microsoft Graph error responses and resource types".</remarks>
/// <param name="status">HTTP status.</param>
/// <param name="code">Stable word for programs.</param>
/// <param name="message">What is wrong and what to do, for people.</param>
/// <param name="target">The part of the request that is concerned, or null.</param>
/// <param name="retryAfter">How long to wait before trying again; null when nobody knows.</param>
/// <param name="details">Each fault by itself, where a request has several; null or empty for none.</param>
public sealed class GraphError(int status, string code, string message, string? target = null, TimeSpan? retryAfter = null, IReadOnlyList<GraphErrorDetail>? details = null) : IResult, IStatusCodeHttpResult
{
    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public int? StatusCode => status;

    public string Code => code;

    public string Message => message;

    public string? Target => target;

    /// <summary>When to try again, where a moment is known and not a time; null otherwise.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    public static GraphError BadRequest(string message) => new(StatusCodes.Status400BadRequest, "BadRequest", message);

    public static GraphError NotFound(string message) => new(StatusCodes.Status404NotFound, "ResourceNotFound", message);

    /// <summary>Somebody we depend on cannot answer; it is worth trying again at <paramref name="retryAt"/>, where that is known.</summary>
    public static GraphError Unavailable(string message, DateTimeOffset? retryAt) => new(StatusCodes.Status503ServiceUnavailable, "ServiceUnavailable", message) { RetryAt = retryAt };

    public static GraphError Conflict(string message) => new(StatusCodes.Status409Conflict, "Conflict", message);

    /// <summary>The general sentence for a status, where nothing more is known or may be told.</summary>
    public static GraphError ForStatus(int status) => status switch
    {
        400 => new(status, "BadRequest", "The request is not valid."),
        401 => new(status, "InvalidAuthenticationToken", "Access token is empty, expired or not meant for this service. A Graph client sends its token only to the hosts it was told to trust: this one must be among them."),
        403 => new(status, "Forbidden", "The roles and scopes in the access token do not allow this."),
        404 => new(status, "ResourceNotFound", "There is nothing at this address."),
        405 => new(status, "MethodNotAllowed", "The address does not know this method."),
        409 => new(status, "Conflict", "The request conflicts with the present state."),
        412 => new(status, "PreconditionFailed", "It was changed meanwhile. Read it again, then repeat the change."),
        413 => new(status, "RequestTooLarge", "The request body is too large."),
        415 => new(status, "UnsupportedMediaType", "The media type of the body is not supported."),
        422 => new(status, "UnprocessableEntity", "The request is well formed and cannot be carried out."),
        424 => new(status, "FailedDependency", "A request that this one depends on failed."),
        429 => new(status, "TooManyRequests", "Too many requests; wait as long as Retry-After says."),
        503 => new(status, "ServiceUnavailable", "The service cannot answer now. Try again in a few minutes."),
        _ when status >= 500 => new(status, "InternalServerError", "Something went wrong here. The request id finds it in the log."),
        _ => new(status, "UnknownError", "The request failed."),
    };

    public Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        var clock = httpContext.RequestServices.GetRequiredService<TimeProvider>();
        var asked = httpContext.Request.Headers["client-request-id"].ToString();
        var now = clock.GetUtcNow();
        var inner = new Inner(
            now.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture),
            httpContext.TraceIdentifier,
            Guid.TryParse(asked, out var id) ? id.ToString() : null);
        httpContext.Response.StatusCode = status;
        if ((retryAfter ?? RetryAt - now) is { } wait)
        {
            // Clients ignore a fraction.
            httpContext.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        return httpContext.Response.WriteAsJsonAsync(new Envelope(new Error(code, message, target, details is { Count: > 0 } ? details : null, inner)), _json, httpContext.RequestAborted);
    }

    private sealed record Envelope(Error Error);

    private sealed record Error(string Code, string Message, string? Target, IReadOnlyList<GraphErrorDetail>? Details, Inner InnerError);

    private sealed record Inner(
        string Date,
        [property: JsonPropertyName("request-id")] string RequestId,
        [property: JsonPropertyName("client-request-id")] string? ClientRequestId);
}

/// <summary>One of several faults of a request.</summary>
public sealed record GraphErrorDetail(string Code, string Message, string? Target);
