using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.SimulatedCloud.Portal;

/// <summary>What tests and scripts do to Apple's stand-in over HTTP: <c>/_sim/…</c>, JSON in camel case, enumerations as texts, spans as <c>hh:mm:ss</c>.</summary>
internal static class ControlApi
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public sealed record AssetRequest(string Location, string AdamId, string PricingParam = "STDQ", int Licenses = 1);

    public sealed record LocationRequest(string Location, string? Name = null, int Acts = 1, bool ReadOnly = false, TimeSpan? Lifetime = null);

    public sealed record AcceptRequest(string InviteCode, string Account);

    public sealed record ClockRequest(TimeSpan Advance);

    public static void MapControlApi(this IEndpointRouteBuilder app, SimulatedCloudHost host)
    {
        var apple = host.Apple;
        var api = app.MapGroup("/_sim").RefuseOtherSites();
        api.MapGet("/state", () => Results.Json(
            new { now = apple.Clock.GetUtcNow(), options = host.Options, switches = apple.Switches, faults = apple.Faults.List(), locations = apple.Locations }, Json));
        api.MapGet("/assets", (string location, bool? booksOnly) => Run(() => apple.Assets(location, booksOnly ?? false)));
        api.MapGet("/users", (string location, string? clientUserId) => Run(() => apple.Users(location, clientUserId)));
        api.MapGet("/holders", (string location, string adamId, string? pricingParam) => Run(() => apple.Holders(location, adamId, pricingParam ?? "STDQ")));
        api.MapGet("/counts", (string location, string adamId, string? pricingParam) => Run(() => apple.Counts(location, adamId, pricingParam ?? "STDQ")));
        api.MapGet("/ledger", (string? location, int? after) =>
            Run(() => apple.Ledger.Where(e => (location is null || e.Location == location) && e.Seq > (after ?? 0)).ToArray()));
        api.MapGet("/requests", (string? location, int? after) =>
            Run(() => apple.Requests.Where(e => (location is null || e.Location == location) && e.Seq > (after ?? 0)).ToArray()));
        api.MapGet("/request-counts", (string location) => Run(() => apple.RequestCounts(location)));
        api.MapGet("/mails", (string? to) => Run(() => host.Mails.List().Where(m => to is null || m.To.Contains(to, StringComparer.OrdinalIgnoreCase)).ToArray()));
        api.MapGet("/deliveries", () => Run(() => apple.Deliveries));

        api.MapGet("/switches", () => Run(() => apple.Switches));
        Post<JsonElement>("/switches", change => Set(apple.Switches, change));
        api.MapGet("/faults", () => Run(apple.Faults.List));
        Post<JsonElement>("/faults", body =>
        {
            foreach (var fault in body.ValueKind == JsonValueKind.Array ? body.Deserialize<Fault[]>(Json)! : [body.Deserialize<Fault>(Json)!])
            {
                apple.Faults.Add(fault);
            }
        });
        api.MapDelete("/faults", () => Do(apple.Faults.Clear));

        Post<AssetRequest>("/buy", r => apple.Buy(r.Location, r.AdamId, r.PricingParam, r.Licenses));
        Post<AssetRequest>("/refund", r =>
        {
            if (!apple.Refund(r.Location, r.AdamId, r.PricingParam, r.Licenses))
            {
                throw new NotSupportedException("Fewer licenses are free.");
            }
        });
        Post<LocationRequest>("/claim", r => apple.ClaimByOtherMdm(r.Location, r.Name ?? "OtherMDM"));
        Post<LocationRequest>("/act", r => apple.ActAsOtherMdm(r.Location, r.Acts));
        Post<LocationRequest>("/revoke", r => apple.RevokeTokens(r.Location));
        Post<LocationRequest>("/password", r => apple.ChangePassword(r.Location));
        Post<AcceptRequest>("/accept", r =>
        {
            if (apple.AcceptInvitation(r.InviteCode, r.Account) is { } refusal)
            {
                throw new NotSupportedException(refusal);
            }
        });
        Answer<LocationRequest>("/token", r => Results.Bytes(apple.IssueToken(r.Location, r.ReadOnly, r.Lifetime), "application/octet-stream"));
        api.MapPost("/finish-events", () => Do(apple.FinishEvents));
        api.MapPost("/forget-events", () => Do(apple.ForgetEvents));
        api.MapPost("/forget-versions", () => Do(apple.ForgetVersions));
        api.MapPost("/clear", () => Do(() =>
        {
            apple.Faults.Clear();
            apple.ClearRequests();
        }));
        api.MapGet("/clock", () => Run(() => new { now = apple.Clock.GetUtcNow() }));
        Post<ClockRequest>("/clock", r => apple.AdvanceClock(r.Advance));

        void Post<T>(string path, Action<T> action) => Answer<T>(path, request =>
        {
            action(request);
            return Results.NoContent();
        });

        // Cast, because a lambda that takes an HttpContext would otherwise pass as a plain request delegate, whose result nobody writes.
        void Answer<T>(string path, Func<T, IResult> action) => api.MapPost(path, (Delegate)((HttpContext context) => ReadAsync(context, action)));
    }

    /// <summary>Sets the switches that are named and leaves the others.</summary>
    private static void Set(object target, JsonElement change)
    {
        // All or nothing: a misspelled name must not leave half of the change behind.
        var values = change.EnumerateObject().Select(property =>
        {
            var info = target.GetType().GetProperty(property.Name, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase)
                ?? throw new NotSupportedException($"There is no switch '{property.Name}'.");
            return (info, value: property.Value.Deserialize(info.PropertyType, Json));
        }).ToArray();
        foreach (var (info, value) in values)
        {
            info.SetValue(target, value);
        }
    }

    private static async Task<IResult> ReadAsync<T>(HttpContext context, Func<T, IResult> action)
    {
        try
        {
            return action((await JsonSerializer.DeserializeAsync<T>(context.Request.Body, Json, context.RequestAborted))!);
        }
        catch (Exception exception) when (exception is ArgumentException or JsonException or NotSupportedException)
        {
            return Results.Text(exception.Message, statusCode: 400);
        }
    }

    private static IResult Run<T>(Func<T> read)
    {
        try
        {
            return Results.Json(read(), Json);
        }
        catch (ArgumentException exception)
        {
            return Results.Text(exception.Message, statusCode: 404);
        }
    }

    private static IResult Do(Action action)
    {
        action();
        return Results.NoContent();
    }
}
