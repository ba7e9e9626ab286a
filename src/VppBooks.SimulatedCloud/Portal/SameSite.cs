namespace VppBooks.SimulatedCloud.Portal;

internal static class SameSite
{
    /// <summary>Keeps some other page from playing with the stand-ins behind its visitor's back.</summary>
    public static RouteGroupBuilder RefuseOtherSites(this RouteGroupBuilder group) => group.AddEndpointFilter(async (context, next) =>
        context.HttpContext.Request.Headers["Sec-Fetch-Site"] == "cross-site" ? Results.StatusCode(403) : await next(context));
}
