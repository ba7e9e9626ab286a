using System.Globalization;
using System.Text.RegularExpressions;

namespace VppBooks.SimulatedCloud.Apple;

internal static partial class AppleRoutes
{
    public static void MapApple(this IEndpointRouteBuilder app, AppleSimulator simulator)
    {
        var endpoint = new AppleEndpoint(simulator);
        var rules = new AppleRules(simulator);
        var store = new StoreRules(simulator);
        app.Map(AppleEndpoint.Prefix + "/{**path}", ManageAsync);
        app.MapGet("/apple/lookup-mdm", LookUpAsync);
        app.MapGet("/apple/lookup", LookUpPubliclyAsync);
        app.MapGet("/apple/artwork/{adamId}/{file}", FetchArtworkAsync);

        Task ManageAsync(HttpContext context)
        {
            var request = context.Request;
            var header = request.Headers.Authorization.ToString();
            var location = LocationOf(AppleRules.BearerOf(header));
            var path = request.Path.Value![AppleEndpoint.Prefix.Length..];
            return endpoint.RunAsync(context, location, body =>
                rules.AnswerAsync(new AppleCall(request.Method, path, request.Query, header, request.ContentType, body, BaseUrlOf(request)), location, context.RequestAborted));
        }

        Task LookUpAsync(HttpContext context)
        {
            var cookie = context.Request.Cookies["itvt"];
            return endpoint.RunAsync(context, LocationOf(cookie), _ => Task.FromResult(store.MdmLookup(context.Request.Query, cookie, BaseUrlOf(context.Request))));
        }

        Task LookUpPubliclyAsync(HttpContext context) =>
            endpoint.RunAsync(context, null, _ => Task.FromResult(store.PublicLookup(context.Request.Query, BaseUrlOf(context.Request))));

        Task FetchArtworkAsync(HttpContext context)
        {
            var adamId = (string)context.GetRouteValue("adamId")!;
            var match = ArtworkName.Match((string)context.GetRouteValue("file")!);
            return endpoint.RunAsync(context, null, _ => Task.FromResult(match.Success ? store.Artwork(adamId, Number("w"), Number("h")) : new Answer(404, default)));

            int Number(string group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);
        }

        LocationState? LocationOf(string? token) => token is null ? null : simulator.FindOrNull(simulator.Tokens.Read(token)?.UId);
    }

    private static string BaseUrlOf(HttpRequest request) => $"{request.Scheme}://{request.Host}";

    [GeneratedRegex(@"^(?<w>[0-9]{1,4})x(?<h>[0-9]{1,4})[a-z]{0,4}\.(?:png|jpg|webp)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ArtworkName { get; }
}
