using System.Globalization;
using System.Text.Json.Nodes;
using VppBooks.Core.Locations;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api.Graph;

/// <summary>What Graph tells about tokens outside of <c>/deviceAppManagement</c> (parity paper §4.4, row 11).</summary>
internal static class DeviceManagementApi
{
    private const string Count = "getExpiringVppTokenCount(expiringBeforeDateTime='{moment}')";

    public static void Map(RouteGroupBuilder routes)
    {
        foreach (var qualifier in new[] { "", "microsoft.graph." })
        {
            routes.MapGet($"/depOnboardingSettings/{qualifier}{Count}", CountExpiringAsync).RequireAuthorization(Policies.ReadTokens);
        }
    }

    private static async Task<IResult> CountExpiringAsync(HttpContext context, string moment, LocationDirectory locations, CoreActor actor, CancellationToken cancellationToken)
    {
        if (!DateTimeOffset.TryParse(moment, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var before))
        {
            throw new GraphQueryException($"expiringBeforeDateTime must be a moment such as 2026-12-31T00:00:00Z; it is \"{(moment.Length > 40 ? moment[..40] : moment)}\".");
        }

        var expiring = (await locations.ListAsync(await actor.FindAsync(), cancellationToken)).Count(l => l.TokenExpires < before);
        return GraphAnswers.Value(context, "Edm.Int32", JsonValue.Create(expiring));
    }
}
