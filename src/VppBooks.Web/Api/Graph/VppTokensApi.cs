using System.Globalization;
using System.Text;
using System.Text.Json;
using VppBooks.Core.Locations;
using VppBooks.Core.Sync;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api.Graph;

/// <summary><c>/deviceAppManagement/vppTokens</c> (parity paper §4.4).</summary>
internal static class VppTokensApi
{
    private const string Path = "vppTokens";

    public static void Map(RouteGroupBuilder routes)
    {
        routes.MapGet("/vppTokens", ListAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet("/vppTokens/$count", CountAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapPost("/vppTokens", CreateAsync).RequireAuthorization(Policies.ManageTokens);
        routes.MapGet("/vppTokens/{id}", GetAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapPatch("/vppTokens/{id}", ChangeAsync).RequireAuthorization(Policies.ManageTokens);
        routes.MapDelete("/vppTokens/{id}", DeleteAsync).RequireAuthorization(Policies.ManageTokens);
        routes.MapPost("/vppTokens/{id}/syncLicenses", SyncAsync).RequireAuthorization(Policies.SyncNow);
        routes.MapPost("/vppTokens/{id}/microsoft.graph.syncLicenses", SyncAsync).RequireAuthorization(Policies.SyncNow);
    }

    private static async Task<IResult> ListAsync(HttpContext context, LocationDirectory locations, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, VppTokenWire.Properties);
        var beta = Wire.IsBeta(context);
        var rows = await locations.ListAsync(await actor.FindAsync(), cancellationToken);
        return GraphAnswers.Page(context, Path, rows.Select(r => VppTokenWire.From(r, consent: true, beta)), query);
    }

    private static async Task<IResult> CountAsync(HttpContext context, LocationDirectory locations, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, VppTokenWire.Properties);
        var rows = await locations.ListAsync(await actor.FindAsync(), cancellationToken);
        return Results.Text(query.Arrange(rows.Select(r => VppTokenWire.From(r, consent: true, Wire.IsBeta(context)))).Count.ToString(CultureInfo.InvariantCulture));
    }

    private static async Task<IResult> GetAsync(HttpContext context, string id, LocationDirectory locations, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, VppTokenWire.Properties);
        return await FindAsync(locations, id, actor, cancellationToken) is { } found
            ? GraphAnswers.Entity(context, Path, query.Project(VppTokenWire.From(found.Summary, found.ConsentGranted, Wire.IsBeta(context))))
            : Missing(id);
    }

    private static async Task<IResult> CreateAsync(HttpContext context, LocationEnrollment enrollment, LocationDirectory locations, CoreActor actor, CancellationToken cancellationToken)
    {
        var (body, error) = await GraphBody.ReadObjectAsync(context, VppTokenWire.Properties);
        if (error is not null)
        {
            return error;
        }

        var who = await actor.FindAsync();
        var result = await enrollment.CreateAsync(
            new CreateLocation
            {
                Token = new TokenUpload.File(Encoding.UTF8.GetBytes(body.Text("token") ?? "")),
                Name = body.Text("displayName") ?? body.Text("organizationName") ?? body.Text("appleId") ?? "",
                AppleAccount = body.Text("appleId") ?? "",
                AccountType = AccountTypeOf(body),
                CountryOrRegion = body.Text("countryOrRegion"),
                TakeControl = body.Flag("claimTokenManagementFromExternalMdm") ?? false,
                ConsentGranted = body.Flag("dataSharingConsentGranted") ?? false,
            },
            who,
            cancellationToken);
        if (result is CreateLocationResult.Rejected { Refusal: var refusal })
        {
            return Refuse(refusal);
        }

        var created = (CreateLocationResult.Created)result;
        var location = await locations.FindAsync(created.PublicId, who, cancellationToken);
        context.Response.Headers.Location = $"{GraphQuery.Origin(context.Request)}{context.Request.Path}/{created.PublicId}";
        return GraphAnswers.Entity(context, Path, VppTokenWire.From(location!.Summary, location.ConsentGranted, Wire.IsBeta(context)), StatusCodes.Status201Created);
    }

    private static async Task<IResult> ChangeAsync(HttpContext context, string id, LocationEnrollment enrollment, LocationDirectory locations, CoreActor actor, CancellationToken cancellationToken)
    {
        var (body, error) = await GraphBody.ReadObjectAsync(context, VppTokenWire.Properties);
        if (error is not null)
        {
            return error;
        }

        var who = await actor.FindAsync();
        if (await FindAsync(locations, id, actor, cancellationToken) is not { Summary.PublicId: var publicId })
        {
            return Missing(id);
        }

        var change = new LocationChange
        {
            Name = body.Text("displayName"),
            AppleAccount = body.Text("appleId"),
            AccountType = AccountTypeOf(body),
            CountryOrRegion = body.Text("countryOrRegion"),
            ConsentGranted = body.Flag("dataSharingConsentGranted"),
        };
        var token = body.Text("token");
        var takeControl = body.Flag("claimTokenManagementFromExternalMdm") == true;
        if (token is { Length: > 0 } && await enrollment.RenewAsync(publicId, new TokenUpload.File(Encoding.UTF8.GetBytes(token)), who, cancellationToken) is ChangeLocationResult.Rejected renewal)
        {
            return Refuse(renewal.Refusal);
        }

        if (change != new LocationChange() && await enrollment.UpdateAsync(publicId, change, expectedVersion: null, who, cancellationToken) is ChangeLocationResult.Rejected update)
        {
            return Refuse(update.Refusal);
        }

        if (takeControl && await enrollment.TakeControlAsync(publicId, who, cancellationToken) is ChangeLocationResult.Rejected control)
        {
            return Refuse(control.Refusal);
        }

        var changed = await locations.FindAsync(publicId, who, cancellationToken);
        return GraphAnswers.Entity(context, Path, VppTokenWire.From(changed!.Summary, changed.ConsentGranted, Wire.IsBeta(context)));
    }

    private static async Task<IResult> DeleteAsync(string id, LocationEnrollment enrollment, CoreActor actor, CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(id, out var publicId))
        {
            return Missing(id);
        }

        return await enrollment.DeleteAsync(publicId, await actor.FindAsync(), cancellationToken) is ChangeLocationResult.Rejected { Refusal: var refusal }
            ? Refuse(refusal)
            : Results.NoContent();
    }

    // Asking again while one runs, or right after one, is not a mistake: the answer is the token as it stands.
    private static async Task<IResult> SyncAsync(HttpContext context, string id, SyncRequests syncs, LocationDirectory locations, CoreActor actor, CancellationToken cancellationToken)
    {
        if (await FindAsync(locations, id, actor, cancellationToken) is not { Summary.PublicId: var publicId })
        {
            return Missing(id);
        }

        var who = await actor.FindAsync();
        if (await syncs.RequestAsync(publicId, SyncReason.Manual, who, cancellationToken) is SyncRequestResult.NotPossible { State: var state })
        {
            return GraphError.Conflict($"The token cannot be synced: its state is {Wire.Word(state, beta: true)}. Renew it or take control first.");
        }

        var location = await locations.FindAsync(publicId, who, cancellationToken);
        return location is null ? Missing(id) : GraphAnswers.Entity(context, Path, VppTokenWire.From(location.Summary, location.ConsentGranted, Wire.IsBeta(context)));
    }

    private static async Task<LocationDetail?> FindAsync(LocationDirectory locations, string id, CoreActor actor, CancellationToken cancellationToken) =>
        Guid.TryParse(id, out var publicId) ? await locations.FindAsync(publicId, await actor.FindAsync(), cancellationToken) : null;

    private static AccountType? AccountTypeOf(JsonElement body) => body.Text("vppTokenAccountType")?.ToLowerInvariant() switch
    {
        null => null,
        "business" => AccountType.Business,
        "education" => AccountType.Education,
        var other => throw new GraphQueryException($"vppTokenAccountType must be business or education; it is \"{(other.Length > 40 ? other[..40] : other)}\"."),
    };

    private static GraphError Missing(string id) => GraphError.NotFound($"There is no vppToken with the id '{(id.Length > 64 ? id[..64] : id)}'.");

    private static GraphError Refuse(LocationRefusal refusal) => new(refusal.HttpStatus, refusal.Code, refusal.Message, refusal.Field);
}
