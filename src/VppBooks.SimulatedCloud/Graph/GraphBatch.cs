using System.Text.Json;

namespace VppBooks.SimulatedCloud.Graph;

/// <summary>Up to twenty questions in one request; each has its own status, and a throttled one is 429 inside a 200.</summary>
internal sealed class GraphBatch(GraphService service)
{
    private const int MaxSteps = 20;

    public GraphAnswer Answer(GraphRequest batch, JsonElement body)
    {
        var steps = Read(body);
        var answers = new Dictionary<string, (Step Step, GraphAnswer Answer)>(StringComparer.OrdinalIgnoreCase);
        foreach (var step in steps)
        {
            answers[step.Id] = (step, Answer(batch, step, answers));
        }

        return GraphAnswer.Json(writer =>
        {
            writer.WriteStartArray("responses");
            // Any order is allowed; the reverse finds callers that count on theirs.
            foreach (var (step, answer) in answers.Values.Reverse())
            {
                Write(writer, step.Id, answer);
            }

            writer.WriteEndArray();
        });
    }

    private GraphAnswer Answer(GraphRequest batch, Step step, Dictionary<string, (Step Step, GraphAnswer Answer)> before)
    {
        string? Header(string name) => step.Headers.TryGetValue(name, out var value) ? value : name == "client-request-id" ? batch.Header(name) : null;

        var request = new GraphRequest(step.Method, batch.Root, RelativeUrl(batch, step.Url), Header);
        var problem = request.Segments switch
        {
            ["v1.0" or "beta", ..] => GraphErrorException.BadRequest($"Resource not found for the segment '{request.Segments[0]}'."),
            ["$batch"] => GraphErrorException.BadRequest("A batch within a batch is not supported."),
            _ when step.DependsOn.Any(id => !before.TryGetValue(id, out var earlier) || earlier.Answer.Status >= 400) =>
                new(424, "FailedDependency", "The request failed because a request it depends on failed."),
            _ => null,
        };
        return problem is null
            ? service.Answer(request, inBatch: true)
            : GraphAnswer.Error(problem, Guid.NewGuid().ToString(), Header("client-request-id"), service.Now);
    }

    // The official .NET client makes a step's address by cutting the five letters of "/v1.0" off the path, which leaves
    // "h/v1.0" of our "/graph/v1.0". At Microsoft nothing is left; here it must be taken off.
    private static string RelativeUrl(GraphRequest batch, string url)
    {
        var left = new Uri(batch.Root).AbsolutePath["/v1.0".Length..];
        var path = url.TrimStart('/');
        return "/" + (left.Length > 0 && path.StartsWith(left + "/", StringComparison.Ordinal) ? path[(left.Length + 1)..] : path);
    }

    private static void Write(Utf8JsonWriter writer, string id, GraphAnswer answer)
    {
        writer.WriteStartObject();
        writer.WriteString("id", id);
        writer.WriteNumber("status", answer.Status);
        writer.WriteStartObject("headers");
        foreach (var (name, value) in answer.Headers)
        {
            writer.WriteString(name, value);
        }

        writer.WriteString("Content-Type", answer.ContentType);
        writer.WriteEndObject();
        if (answer.Body.Length > 0)
        {
            writer.WritePropertyName("body");
            writer.WriteRawValue(answer.Body.Span);
        }

        writer.WriteEndObject();
    }

    private static List<Step> Read(JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("requests", out var requests) || requests.ValueKind != JsonValueKind.Array)
        {
            throw GraphErrorException.BadRequest("Write request body must contain the property 'requests'.");
        }

        if (requests.GetArrayLength() > MaxSteps)
        {
            throw new GraphErrorException(400, "MaximumValueExceeded", $"Number of batch request steps exceeds the maximum value of {MaxSteps}.");
        }

        var steps = requests.EnumerateArray().Select(ReadStep).ToList();
        return steps.Select(step => step.Id).Distinct(StringComparer.OrdinalIgnoreCase).Count() == steps.Count
            ? steps
            : throw GraphErrorException.BadRequest("Request Ids have to be unique in a batch.");
    }

    private static Step ReadStep(JsonElement step)
    {
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (step.TryGetProperty("headers", out var given) && given.ValueKind == JsonValueKind.Object)
        {
            foreach (var header in given.EnumerateObject())
            {
                headers[header.Name] = header.Value.ToString();
            }
        }

        return new(
            Text("id"),
            Text("method"),
            Text("url"),
            headers,
            step.TryGetProperty("dependsOn", out var depends) && depends.ValueKind == JsonValueKind.Array ? [.. depends.EnumerateArray().Select(id => id.ToString())] : []);

        string Text(string name) => step.TryGetProperty(name, out var value) && value.ToString() is { Length: > 0 } text
            ? text
            : throw GraphErrorException.BadRequest($"Every step of a batch needs '{name}'.");
    }

    private sealed record Step(string Id, string Method, string Url, Dictionary<string, string> Headers, string[] DependsOn);
}
