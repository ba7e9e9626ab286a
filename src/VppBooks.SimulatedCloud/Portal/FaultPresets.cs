using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.SimulatedCloud.Portal;

/// <summary>The faults that the portal offers by name.</summary>
internal static class FaultPresets
{
    private const string Associate = "/mdm/v2/assets/associate";

    public static readonly IReadOnlyDictionary<string, Func<Fault>> All = new Dictionary<string, Func<Fault>>(StringComparer.Ordinal)
    {
        ["Next assignment: accepted, then the connection breaks"] = () => new Fault { Action = FaultAction.DropAfter, Method = "POST", Path = Associate },
        ["Next assignment: accepted, then 500"] = () => new Fault { Action = FaultAction.ErrorAfter, Method = "POST", Path = Associate },
        ["Next assignment: accepted, answer without an event"] = () => new Fault { Action = FaultAction.WithoutEventId, Method = "POST", Path = Associate },
        ["Next assignment: the connection breaks, nothing done"] = () => new Fault { Action = FaultAction.Drop, Method = "POST", Path = Associate },
        ["Next 3 requests: 503, come back in 7 seconds"] = () => new Fault { Action = FaultAction.Unavailable, Path = "/mdm/*", Times = 3, RetryAfter = "7" },
        ["Next 3 requests: too many requests"] = () => new Fault { Action = FaultAction.TooManyRequests, Path = "/mdm/*", Times = 3 },
        ["Next request: a gateway's HTML page"] = () => new Fault { Action = FaultAction.HtmlBadGateway, Path = "/mdm/*" },
        ["Next request: token invalid, inside HTTP 200"] = () => new Fault { Action = FaultAction.ErrorInOk, ErrorNumber = 9622, Path = "/mdm/*" },
        ["Next list: truncated"] = () => new Fault { Action = FaultAction.TruncatedBody, Method = "GET", Path = "/mdm/v2/ass*" },
        ["Next list: wrong types"] = () => new Fault { Action = FaultAction.WrongTypes, Method = "GET", Path = "/mdm/v2/ass*" },
        ["Next request: never answered"] = () => new Fault { Action = FaultAction.NeverAnswer, Path = "/mdm/*" },
        ["Store look-up: out of order"] = () => new Fault { Action = FaultAction.HtmlBadGateway, Path = "/lookup*", Times = 0 },
    };
}
