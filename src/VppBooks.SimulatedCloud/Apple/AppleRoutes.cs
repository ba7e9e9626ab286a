namespace VppBooks.SimulatedCloud.Apple;

internal static class AppleRoutes
{
    public static void MapApple(this IEndpointRouteBuilder app, AppleSimulator simulator)
    {
        var endpoint = new AppleEndpoint(simulator, new AppleRules(simulator));
        app.Map(AppleEndpoint.Prefix + "/{**path}", endpoint.HandleAsync);
    }
}
