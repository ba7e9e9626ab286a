using System.Security.Cryptography;
using System.Text;
using VppBooks.Core.Security;
using VppBooks.Web.Api.Graph;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api;

/// <summary>
/// <c>Idempotency-Key</c> on the API's changing requests: the same request again gets the same answer and does nothing (F53, F54). Runs after authorization,
/// so that a remembered answer is given only to a caller who may still ask.
/// </summary>
internal static class Idempotency
{
    /// <summary>Header with the caller's key.</summary>
    public const string Header = "Idempotency-Key";

    /// <summary>Header of an answer that was given before.</summary>
    public const string Replayed = "Idempotency-Replayed";

    private const int LongestKey = 128;
    private const int LargestBody = 1024 * 1024;
    private const int LargestKeptBody = 64 * 1024;

    private static readonly string[] _keptHeaders = ["ETag", "Retry-After", ManagedEBookAssignmentsApi.PlanHeader];

    extension(IApplicationBuilder app)
    {
        public void UseIdempotency() => app.UseWhen(IsConcerned, api => api.Use(RunAsync));
    }

    private static bool IsConcerned(HttpContext context) =>
        ApiRoutes.Match(context.Request.Path)
        && context.User.Identity?.IsAuthenticated == true
        && context.Request.Headers.ContainsKey(Header)
        && context.GetEndpoint()?.Metadata.GetMetadata<CarriesRequests>() is null
        && (HttpMethods.IsPost(context.Request.Method) || HttpMethods.IsPatch(context.Request.Method) || HttpMethods.IsPut(context.Request.Method) || HttpMethods.IsDelete(context.Request.Method));

    private static async Task RunAsync(HttpContext context, RequestDelegate next)
    {
        var values = context.Request.Headers[Header];
        if (values is not [{ Length: > 0 and <= LongestKey } key] || !key.All(c => c is > ' ' and <= '~'))
        {
            await new GraphError(
                StatusCodes.Status400BadRequest, "IdempotencyKeyInvalid", $"Send one {Header} of 1 to {LongestKey} visible ASCII characters, such as a new GUID.", Header).ExecuteAsync(context);
            return;
        }

        using var body = await HoldBodyAsync(context.Request, context.RequestAborted);
        if (body is null)
        {
            await GraphError.ForStatus(StatusCodes.Status413PayloadTooLarge).ExecuteAsync(context);
            return;
        }

        context.Request.Body = body;

        // A caller who gives up waiting comes back with the same key to hear the outcome: the work goes on to its end.
        var lifetime = context.RequestServices.GetRequiredService<IHostApplicationLifetime>();
        var requests = context.RequestServices.GetRequiredService<IdempotentRequests>();
        var fingerprint = Fingerprint(context.Request, body);
        switch (await requests.BeginAsync(CoreActor.From(context.User).Id, key, fingerprint, context.RequestAborted))
        {
            case KeyedRequest.Fresh fresh:
                context.RequestAborted = lifetime.ApplicationStopping;
                await ServeAsync(context, next, requests, fresh);
                break;
            case KeyedRequest.Answered { Answer: var answer }:
                await ReplayAsync(context, answer);
                break;
            case KeyedRequest.OtherRequest:
                await new GraphError(
                    StatusCodes.Status422UnprocessableEntity, "IdempotencyKeyReused", $"This {Header} was sent with another request before. Use a new key for a new request.", Header).ExecuteAsync(context);
                break;
            case KeyedRequest.Running { RetryAfter: var wait }:
                await new GraphError(
                    StatusCodes.Status409Conflict, "IdempotencyKeyInUse", "The first request with this key is still being served. Ask again after the time in Retry-After.", Header, wait).ExecuteAsync(context);
                break;
        }
    }

    private static async Task ServeAsync(HttpContext context, RequestDelegate next, IdempotentRequests requests, KeyedRequest.Fresh fresh)
    {
        var wire = context.Response.Body;
        using var held = new MemoryStream();
        context.Response.Body = held;
        using var served = new CancellationTokenSource();
        var staying = StayAsync(context.RequestServices, requests, fresh, served.Token);
        try
        {
            await next(context);
        }
        catch
        {
            // Whatever stopped it is told by the error handler; the key is free for another try.
            context.Response.Body = wire;
            await served.CancelAsync();
            await requests.ForgetAsync(await staying, CancellationToken.None);
            throw;
        }

        context.Response.Body = wire;
        await served.CancelAsync();
        fresh = await staying;
        var response = context.Response;
        var large = held.Length > LargestKeptBody;
        if (response.StatusCode >= StatusCodes.Status500InternalServerError || (large && response.StatusCode >= StatusCodes.Status400BadRequest))
        {
            // Nothing was done that a second try could do twice.
            await requests.ForgetAsync(fresh, CancellationToken.None);
        }
        else
        {
            // What was done is remembered, if not word for word.
            var body = held.Length == 0 || large ? null : Encoding.UTF8.GetString(held.GetBuffer(), 0, (int)held.Length);
            try
            {
                var headers = _keptHeaders.Where(response.Headers.ContainsKey).ToDictionary(name => name, name => response.Headers[name].ToString());
                await requests.AnswerAsync(fresh, new KeyedAnswer(response.StatusCode, body is null ? null : response.ContentType, body, Text(response.Headers.Location)) { Headers = headers }, CancellationToken.None);
            }
#pragma warning disable CA1031 // The work is done: whoever waits for the answer shall have it.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LoggerOf(context.RequestServices).AnswerNotKept(exception);
            }
        }

        if (held.Length > 0)
        {
            response.ContentLength = held.Length;
            held.Position = 0;
            await held.CopyToAsync(wire, context.RequestAborted);
        }
    }

    /// <summary>Keeps a request in the hands of its owner until it is served.</summary>
    /// <returns>What to hand the answer in with.</returns>
    private static async Task<KeyedRequest.Fresh> StayAsync(IServiceProvider services, IdempotentRequests requests, KeyedRequest.Fresh owned, CancellationToken served)
    {
        var clock = services.GetRequiredService<TimeProvider>();
        while (true)
        {
            await Task.Delay(requests.RenewEvery, clock, served).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (served.IsCancellationRequested)
            {
                return owned;
            }

            try
            {
                owned = await requests.RenewAsync(owned, CancellationToken.None) ?? owned;
            }
#pragma warning disable CA1031 // There is time for another try; and the work itself goes on whatever happens here.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LoggerOf(services).OwnerNotRenewed(exception);
            }
        }
    }

    private static ILogger LoggerOf(IServiceProvider services) => services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(Idempotency).FullName!);

    private static async Task ReplayAsync(HttpContext context, KeyedAnswer answer)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        response.Headers[Replayed] = "true";
        if (answer.Location is { } location)
        {
            response.Headers.Location = location;
        }

        foreach (var (name, value) in answer.Headers)
        {
            response.Headers[name] = value;
        }

        if (answer.Body is { } body)
        {
            response.ContentType = answer.ContentType;
            await response.WriteAsync(body, context.RequestAborted);
        }
    }

    /// <summary>The whole body, in memory alone: it may hold a content token. Null when it is larger than any request of the API may be.</summary>
    /// <exception cref="BadHttpRequestException">The body is too large for its address, or was cut off.</exception>
    private static async Task<MemoryStream?> HoldBodyAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var held = new MemoryStream();
        var buffer = new byte[16 * 1024];
        int read;
        while ((read = await request.Body.ReadAsync(buffer, cancellationToken)) > 0)
        {
            held.Write(buffer, 0, read);
            if (held.Length > LargestBody)
            {
                return null;
            }
        }

        held.Position = 0;
        return held;
    }

    /// <summary>Differs when method, address or body differ.</summary>
    private static string Fingerprint(HttpRequest request, MemoryStream body)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.Method} {request.PathBase}{request.Path}{request.QueryString}\n{request.Headers.IfMatch}\n"));
        hash.AppendData(body.GetBuffer(), 0, (int)body.Length);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string? Text(Microsoft.Extensions.Primitives.StringValues header) => header.Count == 0 ? null : header.ToString();
}

/// <summary>On an address that carries other requests: they have keys and limits of their own. Its answer would be a copy of theirs, failures that pass included.</summary>
internal sealed class CarriesRequests;
