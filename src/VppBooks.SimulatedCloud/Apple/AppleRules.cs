using System.Net.Http.Headers;

namespace VppBooks.SimulatedCloud.Apple;

/// <summary>The order of checks (reference 10.2) and the way to the endpoint's own rules. No state changes before a request is accepted.</summary>
internal sealed class AppleRules(AppleSimulator simulator)
{
    private static readonly Dictionary<string, string[]> Endpoints = new(StringComparer.Ordinal)
    {
        ["/service/config"] = ["GET"],
        ["/client/config"] = ["GET", "POST"],
        ["/assets"] = ["GET"],
        ["/assignments"] = ["GET"],
        ["/users"] = ["GET"],
        ["/status"] = ["GET"],
        ["/assets/associate"] = ["POST"],
        ["/assets/disassociate"] = ["POST"],
        ["/assets/revoke"] = ["POST"],
        ["/users/create"] = ["POST"],
        ["/users/update"] = ["POST"],
        ["/users/retire"] = ["POST"],
    };

    private readonly ConfigRules _config = new(simulator);
    private readonly ReadRules _reads = new(simulator);
    private readonly ChangeRules _changes = new(simulator);

    /// <summary>The token of a well-formed header; null otherwise.</summary>
    public static string? BearerOf(string header) =>
        AuthenticationHeaderValue.TryParse(header, out var value) && value is { Scheme: "Bearer", Parameter: { Length: > 0 } token } && !token.Contains(' ', StringComparison.Ordinal) ? token : null;

    /// <param name="call">The request.</param>
    /// <param name="location">Location of its token, known or not good any more; null when there is none.</param>
    /// <param name="cancellationToken">The caller went away.</param>
    public async Task<Answer> AnswerAsync(AppleCall call, LocationState? location, CancellationToken cancellationToken)
    {
        try
        {
            Enter(call, location);
        }
        catch (AppleRefusal refusal)
        {
            return Refused(refusal);
        }

        try
        {
            Answer answer;
            ConfigRules.Change? change = null;
            TokenFacts facts;
            lock (simulator.Gate)
            {
                simulator.Settle();
                if (call.Path == "/service/config")
                {
                    return _config.ServiceConfig(call);
                }

                (location, facts) = Authorize(call);
                if (call.Method == "POST" && !IsJson(call.ContentType))
                {
                    throw new AppleRefusal(9727);
                }

                if (call is { Method: "POST", Path: "/client/config" })
                {
                    change = _config.Check(call.ReadObject(), location);
                }
            }

            if (change is not null)
            {
                // Delivered while the caller waits, and outside the gate: the receiver may well call back.
                if (change.TestNeeded && !await simulator.Notifications.SendTestAsync(location, change.Url!, change.Token!, simulator.NextGuid(), cancellationToken))
                {
                    throw new AppleRefusal(9728);
                }
            }

            lock (simulator.Gate)
            {
                answer = change is not null ? _config.Apply(change, location, facts)
                    : call.Method == "GET" ? Read(call, location, facts)
                    : _changes.Answer(call, location, facts);
            }

            if (simulator.Switches.NotifyBeforeAnswer && call.Method == "POST")
            {
                await simulator.Notifications.WhenQuietAsync(cancellationToken);
            }

            return answer;
        }
        catch (AppleRefusal refusal)
        {
            return Refused(refusal);
        }
        finally
        {
            Leave(location);
        }
    }

    private static Answer Refused(AppleRefusal refusal) => refusal.Status switch
    {
        404 => new Answer(404, default),
        502 => Answer.Html(502),
        _ => Answer.Error(refusal.ErrorNumber, refusal.Status, refusal.Info, refusal.RetryAfter),
    };

    private static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type) && string.Equals(type.MediaType, "application/json", StringComparison.OrdinalIgnoreCase);

    private Answer Read(AppleCall call, LocationState location, TokenFacts facts) => call.Path switch
    {
        "/client/config" => _config.ClientConfig(location, facts),
        "/assets" => _reads.Assets(call, location, facts),
        "/assignments" => _reads.Assignments(call, location, facts),
        "/users" => _reads.Users(call, location, facts),
        _ => _reads.Status(call, location, facts),
    };

    /// <summary>Path, method, outage, throttle.</summary>
    private void Enter(AppleCall call, LocationState? location)
    {
        if (!Endpoints.TryGetValue(call.Path, out var methods))
        {
            throw new AppleRefusal(0, status: 404);
        }

        if (!methods.Contains(call.Method))
        {
            throw new AppleRefusal(9726);
        }

        var switches = simulator.Switches;
        if (switches.Outage != AppleOutage.None)
        {
            throw switches.Outage switch
            {
                AppleOutage.HtmlBadGateway => new AppleRefusal(-1, status: 502),
                AppleOutage.Unavailable => new AppleRefusal(9729) { RetryAfter = Seconds(switches.OutageRetryAfter) },
                _ => new AppleRefusal(9603) { RetryAfter = Seconds(switches.OutageRetryAfter) },
            };
        }

        if (location is null)
        {
            return;
        }

        lock (simulator.Gate)
        {
            if (!TakeRate(location, switches) || (switches.MaxConcurrentRequests > 0 && location.UnderWay >= switches.MaxConcurrentRequests))
            {
                Count(location, "9646");
                throw new AppleRefusal(9646) { RetryAfter = Seconds(switches.ThrottleRetryAfter) };
            }

            location.UnderWay++;
            Count(location, $"{call.Method} {call.Path}");
        }

        static string? Seconds(int? seconds) => seconds?.ToString(System.Globalization.CultureInfo.InvariantCulture);

        static void Count(LocationState location, string endpoint) => location.RequestCounts[endpoint] = location.RequestCounts.GetValueOrDefault(endpoint) + 1;
    }

    private void Leave(LocationState? location)
    {
        if (location is null)
        {
            return;
        }

        lock (simulator.Gate)
        {
            location.UnderWay--;
        }
    }

    /// <summary>A bucket that holds one second's worth and fills evenly.</summary>
    private bool TakeRate(LocationState location, AppleSwitches switches)
    {
        if (switches.MaxRequestsPerSecond <= 0)
        {
            // Full again when the limit is switched on.
            location.RateReadAt = default;
            return true;
        }

        var now = simulator.Now;
        var filled = location.RateTokens + ((now - location.RateReadAt).TotalSeconds * switches.MaxRequestsPerSecond);
        location.RateTokens = Math.Min(switches.MaxRequestsPerSecond, Math.Max(0, filled));
        location.RateReadAt = now;
        if (location.RateTokens < 1)
        {
            return false;
        }

        location.RateTokens--;
        return true;
    }

    private (LocationState Location, TokenFacts Facts) Authorize(AppleCall call)
    {
        if (string.IsNullOrEmpty(call.Authorization))
        {
            throw new AppleRefusal(9601);
        }

        var token = BearerOf(call.Authorization) ?? throw new AppleRefusal(9722);
        var switches = simulator.Switches;
        if (simulator.Tokens.Read(token) is not { } facts || simulator.FindOrNull(facts.UId) is not { } location)
        {
            throw new AppleRefusal(9622, status: switches.UnknownTokenAnswersOk ? 200 : 401);
        }

        if (facts.Number <= location.OutdatedTokens)
        {
            throw switches.PasswordChangeAnswers9622 ? new AppleRefusal(9622, status: switches.UnknownTokenAnswersOk ? 200 : 401) : new AppleRefusal(9625);
        }

        if (facts.Number <= location.RevokedTokens)
        {
            throw new AppleRefusal(9625);
        }

        if (facts.ExpiresAt <= simulator.Now)
        {
            throw new AppleRefusal(9621);
        }

        var mayRead = call is { Method: "GET", Path: "/assets" or "/assignments" or "/users" or "/client/config" };
        return facts.ReadOnly && !mayRead ? throw new AppleRefusal(9637) : (location, facts);
    }
}
