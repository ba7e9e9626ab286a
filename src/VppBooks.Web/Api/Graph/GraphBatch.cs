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
internal sealed class GraphBatch(IServiceScopeFactory scopes)
{
    private const int MostSteps = 20;

    private static readonly HashSet<string> _bodyProperties = ["requests"];
    private static readonly HashSet<string> _stepProperties = ["id", "method", "url", "headers", "body", "dependsOn"];
    private static readonly string[] _methods = ["GET", "POST", "PATCH", "PUT", "DELETE"];

    // Whatever says who asks, or how long the body is, is the outer request's business.
    private static readonly string[] _headers = ["Content-Type", "Accept", "Prefer", "If-Match", "If-None-Match", "Idempotency-Key", "ConsistencyLevel", "client-request-id"];

    /// <summary>The rest of the pipeline, from sign-in on; set when it is built.</summary>
    public RequestDelegate? Pipeline { get; set; }

    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/$batch", (HttpContext context, GraphBatch batch) => batch.ServeAsync(context)).RequireAuthorization(Policies.ReadAll);

    private async Task<IResult> ServeAsync(HttpContext context)
    {
        var (body, error) = await GraphBody.ReadObjectAsync(context, _bodyProperties);
        if (error is not null)
        {
            return error;
        }

        var steps = Read(body);
        var answers = new Dictionary<string, JsonObject>(StringComparer.OrdinalIgnoreCase);
        while (answers.Count < steps.Count)
        {
            // Those named first are served first; the list was checked to have no circle.
            var step = steps.First(s => !answers.ContainsKey(s.Id) && s.DependsOn.All(answers.ContainsKey));
            answers[step.Id] = step.DependsOn.Any(d => (int)answers[d]["status"]! >= 400) ? FailedDependency(step.Id) : await RunAsync(context, step);
        }

        return GraphAnswers.Plain(new JsonObject { ["responses"] = new JsonArray([.. steps.Select(s => answers[s.Id])]) });
    }

    private static List<Step> Read(JsonElement body)
    {
        if (!body.Find("requests", out var list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is 0 or > MostSteps)
        {
            throw new GraphQueryException($"The body must hold the array 'requests' with 1 to {MostSteps} requests.");
        }

        var steps = new List<Step>();
        foreach (var item in list.EnumerateArray())
        {
            steps.Add(ReadStep(item, steps.Count));
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

    private static Step ReadStep(JsonElement item, int index)
    {
        if (item.ValueKind != JsonValueKind.Object || GraphBody.Unknown(item, _stepProperties) is not null)
        {
            throw new GraphQueryException($"requests[{index}] must be an object with id, method, url and perhaps headers, body and dependsOn.");
        }

        var id = item.Text("id");
        var method = item.Text("method")?.ToUpperInvariant();
        var url = item.Text("url");
        if (string.IsNullOrEmpty(id) || id.Length > 64 || !_methods.Contains(method) || string.IsNullOrEmpty(url) || url.Length > 8192)
        {
            throw new GraphQueryException($"requests[{index}] needs an id of at most 64 characters, a method such as GET, and a url.");
        }

        url = url.StartsWith('/') ? url : "/" + url;
        if (url.Contains("$batch", StringComparison.OrdinalIgnoreCase) || url.Contains("%24batch", StringComparison.OrdinalIgnoreCase))
        {
            throw new GraphQueryException($"requests[{index}] is a batch itself; batches cannot be nested.");
        }

        if (url.Contains("..", StringComparison.Ordinal) || url.Contains('\\', StringComparison.Ordinal) || url.Contains('#', StringComparison.Ordinal) || url.Any(c => c is < '!' or > '~'))
        {
            throw new GraphQueryException($"The url of requests[{index}] must be an encoded path below the version, such as /deviceAppManagement/vppTokens.");
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
        return new Step(id, method!, url, headers, content, depends);
    }

    private async Task<JsonObject> RunAsync(HttpContext outer, Step step)
    {
        await using var scope = scopes.CreateAsyncScope();
        using var written = new MemoryStream();
        var context = Inner(outer, step, scope.ServiceProvider, written);
        await Pipeline!(context);
        await context.Response.CompleteAsync();
        return Answer(step.Id, context.Response, Encoding.UTF8.GetString(written.GetBuffer(), 0, (int)written.Length));
    }

    private static DefaultHttpContext Inner(HttpContext outer, Step step, IServiceProvider services, Stream written)
    {
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature());
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(written));
        features.Set(outer.Features.Get<IHttpConnectionFeature>());
        var context = new DefaultHttpContext(features)
        {
            RequestServices = services,
            RequestAborted = outer.RequestAborted,
            TraceIdentifier = $"{outer.TraceIdentifier}:{step.Id}",
        };
        var (request, question) = (context.Request, step.Url.IndexOf('?', StringComparison.Ordinal));
        request.Protocol = outer.Request.Protocol;
        request.Scheme = outer.Request.Scheme;
        request.Host = outer.Request.Host;
        request.PathBase = outer.Request.PathBase;
        request.Method = step.Method;
        var path = question < 0 ? step.Url : step.Url[..question];
        request.Path = new PathString("/" + outer.Request.Path.Value!.Split('/')[1]).Add(PathString.FromUriComponent(path));
        request.QueryString = question < 0 ? default : new QueryString(step.Url[question..]);
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

    private static JsonObject FailedDependency(string id)
    {
        var error = GraphError.ForStatus(StatusCodes.Status424FailedDependency);
        return new JsonObject
        {
            ["id"] = id,
            ["status"] = StatusCodes.Status424FailedDependency,
            ["headers"] = new JsonObject { ["Content-Type"] = "application/json" },
            ["body"] = new JsonObject { ["error"] = new JsonObject { ["code"] = error.Code, ["message"] = error.Message } },
        };
    }

    private sealed record Step(string Id, string Method, string Url, Dictionary<string, string> Headers, JsonElement? Body, string[] DependsOn);
}
