using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace VppBooks.SimulatedCloud.Apple;

/// <summary>The HTTP side of the stand-in: latency, scripted faults, the request log.</summary>
internal sealed class AppleEndpoint(AppleSimulator simulator)
{
    /// <summary>Root of App and Book Management.</summary>
    public const string Prefix = "/apple/mdm/v2";

    /// <summary>Answers a request by <paramref name="process"/>, unless a fault comes between.</summary>
    /// <param name="context">The request.</param>
    /// <param name="location">Location of its token, if known.</param>
    /// <param name="process">Takes the request body; makes the request take effect.</param>
    public async Task RunAsync(HttpContext context, LocationState? location, Func<byte[], Task<Answer>> process)
    {
        var request = context.Request;
        var path = request.Path.Value!["/apple".Length..];
        var query = request.QueryString.Value ?? "";
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body, context.RequestAborted);

        var fault = simulator.Faults.Take(request.Method, path, query, location?.UId);
        var time = simulator.Now;
        var switches = simulator.Switches;
        if (switches.Latency > TimeSpan.Zero)
        {
            await Task.Delay(switches.Latency, simulator.Clock, context.RequestAborted);
        }

        if (fault is { Action: FaultAction.Delay, Delay: var delay })
        {
            await Task.Delay(delay, simulator.Clock, context.RequestAborted);
        }

        var answer = fault is null ? null : Refuse(fault);
        if (answer is null && fault?.Action is not (FaultAction.Drop or FaultAction.NeverAnswer))
        {
            answer = await process(body.ToArray());
            if (fault is not null)
            {
                answer = Spoil(fault, answer);
                if (fault.Action == FaultAction.DataMoves && location is not null)
                {
                    simulator.ActAsOtherMdm(location.UId, 20);
                }
            }
        }

        if (!path.StartsWith("/artwork/", StringComparison.Ordinal))
        {
            var (status, errorNumber) = (answer?.Status ?? 0, answer?.ErrorNumber ?? 0);
            simulator.Log(seq => new RequestEntry(seq, time, request.Method, path, query, location?.UId, status, errorNumber, fault?.Action));
        }

        if (answer is null)
        {
            await LeaveAsync(context, waitForCaller: fault!.Action is FaultAction.NeverAnswer or FaultAction.NeverAnswerAfter);
            return;
        }

        await SendAsync(context, answer);
    }

    private static async Task LeaveAsync(HttpContext context, bool waitForCaller)
    {
        if (waitForCaller)
        {
            var gone = new TaskCompletionSource();
            await using var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(() => gone.TrySetResult());
            await using var left = context.RequestAborted.Register(() => gone.TrySetResult());
            await gone.Task;
        }

        context.Abort();
    }

    private static async Task SendAsync(HttpContext context, Answer answer)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        response.ContentType = answer.ContentType;
        if (answer.RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = wait;
        }

        response.ContentLength = answer.Body.Length;
        if (answer.Body.Length > 0)
        {
            await response.Body.WriteAsync(answer.Body, context.RequestAborted);
        }
    }

    /// <summary>The answer of a fault that keeps the request from being processed; null for the others.</summary>
    private static Answer? Refuse(Fault fault) => fault.Action switch
    {
        FaultAction.Respond => Custom(fault, 500),
        FaultAction.Error => Answer.Error(fault.ErrorNumber ?? 9603, fault.Status, null, fault.RetryAfter),
        FaultAction.ErrorInOk => Answer.Error(fault.ErrorNumber ?? 9603, 200, null, fault.RetryAfter),
        FaultAction.HtmlBadGateway => Answer.Html(502) with { RetryAfter = fault.RetryAfter },
        FaultAction.Unavailable => Answer.Error(9729, 503, null, fault.RetryAfter),
        FaultAction.TooManyRequests => Answer.Error(9646, 429, null, fault.RetryAfter),
        _ => null,
    };

    private static Answer Custom(Fault fault, int status) =>
        new(fault.Status ?? status, Encoding.UTF8.GetBytes(fault.Body ?? "")) { RetryAfter = fault.RetryAfter, ContentType = fault.Body?.StartsWith('<') == true ? "text/html" : "application/json" };

    /// <summary>What becomes of the answer to a request that took effect; null = none is sent.</summary>
    private static Answer? Spoil(Fault fault, Answer answer) => fault.Action switch
    {
        FaultAction.DropAfter or FaultAction.NeverAnswerAfter => null,
        FaultAction.ErrorAfter when fault.Body is not null => Custom(fault, 500),
        FaultAction.ErrorAfter => Answer.Error(fault.ErrorNumber ?? 9603, fault.Status, null, fault.RetryAfter),
        FaultAction.HtmlBadGatewayAfter => Answer.Html(502) with { RetryAfter = fault.RetryAfter },
        FaultAction.EmptyBody => answer with { Body = ReadOnlyMemory<byte>.Empty },
        FaultAction.TruncatedBody => answer with { Body = answer.Body[..(answer.Body.Length / 2)] },
        // What is no JSON (a page of a server in front) has no members to spoil.
        _ when answer.ContentType == "text/html" => answer,
        FaultAction.HugeBody => answer with { Body = Huge(answer.Body) },
        FaultAction.WithoutEventId => answer with { Body = Rewrite(answer.Body, static json => json.Remove("eventId")) },
        FaultAction.WrongTypes => answer with { Body = Rewrite(answer.Body, WrongTypes) },
        _ => answer,
    };

    private static byte[] Rewrite(ReadOnlyMemory<byte> body, Action<JsonObject> change)
    {
        var json = JsonNode.Parse(body.Span)!.AsObject();
        change(json);
        return JsonSerializer.SerializeToUtf8Bytes(json);
    }

    private static void WrongTypes(JsonObject json)
    {
        foreach (var (name, value) in json.ToArray())
        {
            json[name] = value switch
            {
                JsonArray => JsonValue.Create("not a list"),
                JsonObject => JsonValue.Create(17),
                not null when value.GetValueKind() == JsonValueKind.Number => new JsonObject { ["number"] = value.ToString() },
                _ => new JsonArray(),
            };
        }
    }

    private static byte[] Huge(ReadOnlyMemory<byte> body)
    {
        // Still valid JSON: only its size is wrong.
        const int Padding = 12 * 1024 * 1024;
        var huge = new byte[body.Length + Padding];
        body.Span[..^1].CopyTo(huge);
        huge.AsSpan(body.Length - 1, Padding).Fill((byte)' ');
        huge[^1] = (byte)'}';
        return huge;
    }
}
