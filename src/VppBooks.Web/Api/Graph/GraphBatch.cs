using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Features;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api.Graph;

/// <summary>
/// <c>POST /$batch</c>: up to 20 requests in one (parity paper §4.8). Each goes through the whole pipeline with the caller's own token, so that sign-in, roles, limits and
/// idempotency keys hold for it as if it had come alone.
/// </summary>
internal sealed class GraphBatch(IServiceScopeFactory scopes, ILogger<GraphBatch> logger)
{
    private const int MostSteps = 20;

    private static readonly HashSet<string> _bodyProperties = ["requests"];
    private static readonly object _inside = new();

    /// <summary>When answers are this large together, no further request is served: they are held until the last one is there.</summary>
    public long MostBytes { get; internal set; } = 4 * 1024 * 1024;

    /// <summary>The rest of the pipeline, from sign-in on; set when it is built.</summary>
    public RequestDelegate? Pipeline { get; set; }

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/$batch", (HttpContext context, GraphBatch batch) => batch.ServeAsync(context)).RequireAuthorization(Policies.ReadTokens).WithMetadata(new CarriesRequests());

    private async Task<IResult> ServeAsync(HttpContext context)
    {
        // Asked of the request itself: its address can be written in many ways.
        if (context.Items.ContainsKey(_inside))
        {
            return GraphError.BadRequest("This request is a batch itself; batches cannot be nested.");
        }

        var (body, error) = await GraphBody.ReadObjectAsync(context, _bodyProperties);
        if (error is not null)
        {
            return error;
        }

        var steps = Read(body);
        var answers = new Dictionary<string, JsonObject>(StringComparer.OrdinalIgnoreCase);
        var bytes = 0L;
        while (answers.Count < steps.Count)
        {
            // Those named first are served first; the list was checked to have no circle.
            var step = steps.First(s => !answers.ContainsKey(s.Id) && s.DependsOn.All(answers.ContainsKey));
            if (step.DependsOn.Any(d => (int)answers[d]["status"]! >= 400))
            {
                answers[step.Id] = Refusal(step.Id, GraphError.ForStatus(StatusCodes.Status424FailedDependency));
            }
            else if (step.Fault is { } fault)
            {
                answers[step.Id] = Refusal(step.Id, GraphError.BadRequest(fault));
            }
            else if (bytes > MostBytes)
            {
                // Before it is served, so that it can be sent again whatever it does.
                answers[step.Id] = Refusal(step.Id, new GraphError(StatusCodes.Status429TooManyRequests, "TooManyRequests", "The answers of this batch are too large together. This request was not served: send it in another batch."), "1");
            }
            else
            {
                (answers[step.Id], var length) = await RunAsync(context, step);
                bytes += length;
            }
        }

        return GraphAnswers.Plain(new JsonObject { ["responses"] = new JsonArray([.. steps.Select(s => answers[s.Id])]) });
    }

    private static List<BatchStep> Read(JsonElement body)
    {
        if (!body.Find("requests", out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is 0 or > MostSteps)
        {
            throw new GraphQueryException($"The body must hold the array 'requests' with 1 to {MostSteps} requests.");
        }

        var steps = new List<BatchStep>();
        foreach (var item in list.EnumerateArray())
        {
            steps.Add(BatchStep.Read(item, steps.Count));
            if (steps.Count(s => s.Id.Equals(steps[^1].Id, StringComparison.OrdinalIgnoreCase)) > 1)
            {
                throw new GraphQueryException($"requests[{steps.Count - 1}] has the id of another request.");
            }
        }

        var done = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        while (steps.FirstOrDefault(s => !done.Contains(s.Id) && s.DependsOn.All(done.Contains)) is { } free)
        {
            done.Add(free.Id);
        }

        return done.Count == steps.Count ? steps : throw new GraphQueryException("A request in dependsOn is not there, or requests depend on each other in a circle.");
    }

    private async Task<(JsonObject Answer, long Length)> RunAsync(HttpContext outer, BatchStep step)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            using var written = new MemoryStream();
            var context = Inner(outer, step, scope.ServiceProvider, written);
            await Pipeline!(context);
            await context.Response.CompleteAsync();
            return (Answer(step.Id, context.Response, Encoding.UTF8.GetString(written.GetBuffer(), 0, (int)written.Length)), written.Length);
        }
#pragma warning disable CA1031 // What the others have done is done: their answers must not be lost with this one.
        catch (Exception exception) when (!outer.RequestAborted.IsCancellationRequested)
#pragma warning restore CA1031
        {
            logger.BatchStepFailed(exception, step.Id);
            return (Refusal(step.Id, GraphError.ForStatus(StatusCodes.Status500InternalServerError)), 0);
        }
    }

    private static DefaultHttpContext Inner(HttpContext outer, BatchStep step, IServiceProvider services, Stream written)
    {
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature());
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(written));
        features.Set<IHttpMaxRequestBodySizeFeature>(new BodyOfBatch());
        features.Set(outer.Features.Get<IHttpConnectionFeature>());
        var context = new DefaultHttpContext(features)
        {
            RequestServices = services,
            RequestAborted = outer.RequestAborted,
            TraceIdentifier = $"{outer.TraceIdentifier}:{step.Id}",
        };
        context.Items[_inside] = true;
        var request = context.Request;
        request.Protocol = outer.Request.Protocol;
        request.Scheme = outer.Request.Scheme;
        request.Host = outer.Request.Host;
        request.PathBase = outer.Request.PathBase;
        request.Method = step.Method;
        request.Path = new PathString("/" + outer.Request.Path.Value!.Split('/')[1]).Add(step.Path);
        request.QueryString = new QueryString(step.Query);
        request.Headers.Authorization = outer.Request.Headers.Authorization;
        foreach (var (name, value) in step.Headers)
        {
            request.Headers[name] = value;
        }

        if (step.Body is { } body)
        {
            var bytes = Encoding.UTF8.GetBytes(body.GetRawText());
            request.Body = new MemoryStream(bytes, writable: false);
            request.ContentLength = bytes.Length;
            request.ContentType ??= "application/json";
        }

        return context;
    }

    private static JsonObject Answer(string id, HttpResponse response, string text)
    {
        var headers = new JsonObject();
        foreach (var name in new[] { "Content-Type", "Location", "ETag", "Retry-After", "Preference-Applied", Idempotency.Replayed, ManagedEBookAssignmentsApi.PlanHeader })
        {
            if (response.Headers.TryGetValue(name, out var value) && value.Count > 0)
            {
                headers[name] = value.ToString();
            }
        }

        var answer = new JsonObject { ["id"] = id, ["status"] = response.StatusCode, ["headers"] = headers };
        if (text.Length > 0)
        {
            answer["body"] = response.ContentType?.Contains("json", StringComparison.OrdinalIgnoreCase) == true ? JsonNode.Parse(text) : JsonValue.Create(text);
        }

        return answer;
    }

    private static JsonObject Refusal(string id, GraphError error, string? retryAfter = null)
    {
        var headers = new JsonObject { ["Content-Type"] = "application/json" };
        if (retryAfter is not null)
        {
            headers["Retry-After"] = retryAfter;
        }

        return new JsonObject
        {
            ["id"] = id,
            ["status"] = error.StatusCode,
            ["headers"] = headers,
            ["body"] = new JsonObject { ["error"] = new JsonObject { ["code"] = error.Code, ["message"] = error.Message } },
        };
    }

    /// <summary>A request inside a batch is at most as large as the batch, which was held to its limit already.</summary>
    private sealed class BodyOfBatch : IHttpMaxRequestBodySizeFeature
    {
        public bool IsReadOnly => false;

        public long? MaxRequestBodySize { get; set; }
    }
}
