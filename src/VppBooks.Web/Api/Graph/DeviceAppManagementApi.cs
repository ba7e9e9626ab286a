using System.Text.Json.Nodes;
using VppBooks.Core.Catalog;
using VppBooks.Core.Locations;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api.Graph;

/// <summary><c>GET /deviceAppManagement</c>: nothing of its own, and tokens and books with <c>$expand</c> (parity paper §4.5, row 29).</summary>
internal static class DeviceAppManagementApi
{
    private const string Tokens = "vppTokens";
    private const string Books = "managedEBooks";

    private static readonly IReadOnlySet<string> _properties = new HashSet<string> { "id" };
    private static readonly Expandable[] _parts = [new(Tokens, VppTokenWire.Properties), new(Books, ManagedEBookWire.Properties)];

    public static void Map(RouteGroupBuilder routes) => routes.MapGet("", GetAsync).RequireAuthorization(Policies.ReadTokens);

    private static async Task<IResult> GetAsync(HttpContext context, LocationDirectory locations, BookReading reading, GraphSkipTokens tokens, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, _properties, _parts);
        var who = await actor.FindAsync();
        var entity = new JsonObject { ["@odata.type"] = "#microsoft.graph.deviceAppManagement", ["id"] = "deviceAppManagement" };
        if (query.Expand.ContainsKey(Tokens))
        {
            entity[Tokens] = new JsonArray([.. (await locations.ListAsync(who, cancellationToken)).Select(VppTokenWire.From)]);
        }

        if (query.Expand.ContainsKey(Books))
        {
            var page = await reading.SelectAsync(new BookSelection { Take = BookReading.MostExpanded }, query, who, cancellationToken);
            entity[Books] = new JsonArray([.. page.Rows]);
            if (page.Next is { } next)
            {
                entity[Books + "@odata.nextLink"] = tokens.LinkTo(Books, next, query);
            }
        }

        return GraphAnswers.Container(context, query.Project(entity));
    }
}
