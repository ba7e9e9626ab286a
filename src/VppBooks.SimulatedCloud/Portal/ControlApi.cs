namespace VppBooks.SimulatedCloud.Portal;

internal static class ControlApi
{
    public static void MapControlApi(this IEndpointRouteBuilder app, SimulatedCloudHost host)
    {
        var api = app.MapGroup("/_sim");
        api.MapGet("/ledger", () => Results.Json(host.Apple.Ledger));
        api.MapGet("/requests", () => Results.Json(host.Apple.Requests));
    }
}
