namespace VppBooks.SimulatedCloud.Portal;

internal static class PortalRoutes
{
    public static void MapPortal(this IEndpointRouteBuilder app, SimulatedCloudHost host)
    {
        app.MapGet("/portal/locations/{uId}/token", (string uId) =>
            host.Apple.Locations.FirstOrDefault(l => l.UId == uId) is { } location
                ? Results.File(host.Apple.IssueToken(uId), "application/octet-stream", $"sToken_for_{location.Name}.vpptoken")
                : Results.NotFound());
    }
}
