using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Core.Sync;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api.Graph;

/// <summary><c>/deviceAppManagement/vppTokens</c> (parity paper §4.4).</summary>
internal static class VppTokensApi
{
    private const string Path = "vppTokens";

    private static readonly IReadOnlySet<string> _licenseSummary = new HashSet<string> { "vppTokenId", "appleId", "organizationName", "availableLicenseCount", "usedLicenseCount" };

    public static void Map(RouteGroupBuilder routes)
    {
        routes.MapGet("/vppTokens", ListAsync).RequireAuthorization(Policies.ReadTokens);
        routes.MapGet("/vppTokens/$count", CountAsync).RequireAuthorization(Policies.ReadTokens);
        routes.MapPost("/vppTokens", CreateAsync).RequireAuthorization(Policies.ManageTokens);
        routes.MapGet("/vppTokens/{id}", GetAsync).RequireAuthorization(Policies.ReadTokens);
        routes.MapPatch("/vppTokens/{id}", ChangeAsync).RequireAuthorization(Policies.ManageTokens);
        routes.MapDelete("/vppTokens/{id}", DeleteAsync).RequireAuthorization(Policies.ManageTokens);
        routes.MapPost("/vppTokens/{id}/syncLicenses", SyncAsync).RequireAuthorization(Policies.SyncNow);
        routes.MapPost("/vppTokens/{id}/microsoft.graph.syncLicenses", SyncAsync).RequireAuthorization(Policies.SyncNow);
        foreach (var qualifier in new[] { "", "microsoft.graph." })
        {
            routes.MapPost($"/vppTokens/{qualifier}syncLicenseCounts", SyncAllAsync).RequireAuthorization(Policies.SyncNow);
            routes.MapGet($"/vppTokens/{qualifier}getLicensesForApp(bundleId='{{bundleId}}')", LicensesForApp).RequireAuthorization(Policies.ReadTokens);
        }

        routes.MapPost("/vppTokens/{id}/revokeLicenses", RevokeAsync).RequireAuthorization(Policies.ManageTokens);
        routes.MapPost("/vppTokens/{id}/microsoft.graph.revokeLicenses", RevokeAsync).RequireAuthorization(Policies.ManageTokens);
    }

    private static async Task<IResult> ListAsync(HttpContext context, LocationDirectory locations, GraphSkipTokens tokens, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, VppTokenWire.Properties);
        return GraphAnswers.Page(context, Path, (await locations.ListAsync(await actor.FindAsync(), cancellationToken)).Select(l => new GraphRow(VppTokenWire.From(l), l.Name)), query, tokens);
    }

    private static async Task<IResult> CountAsync(HttpContext context, LocationDirectory locations, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, VppTokenWire.Properties);
        var all = await locations.ListAsync(await actor.FindAsync(), cancellationToken);
        return Results.Text(all.Select(VppTokenWire.From).Count(query.Admits).ToString(CultureInfo.InvariantCulture));
    }

    private static async Task<IResult> GetAsync(HttpContext context, string id, LocationDirectory locations, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, VppTokenWire.Properties);
        return await FindAsync(locations, id, await actor.FindAsync(), cancellationToken) is { } found ? Answer(context, found, query) : Missing(id);
    }

    private static async Task<IResult> CreateAsync(HttpContext context, LocationEnrollment enrollment, LocationDirectory locations, CoreActor actor, CancellationToken cancellationToken)
    {
        var (body, error) = await GraphBody.ReadObjectAsync(context, VppTokenWire.Properties);
        if (error is not null)
        {
            return error;
        }

        VppTokenWire.DemandTypes(body);
        var who = await actor.FindAsync();
        var file = Encoding.UTF8.GetBytes(body.Text("token") ?? "");
        var name = body.Text("displayName");
        if (name is null && body.Flag("dataSharingConsentGranted") == true)
        {
            // Graph's v1.0 type has no name: the location's own will do.
            switch (await enrollment.InspectAsync(new MemoryStream(file), who, cancellationToken))
            {
                case InspectTokenResult.Accepted { Preview: var preview }: name = preview.SuggestedName; break;
                case InspectTokenResult.Rejected { Refusal: var unusable }: return Refuse(unusable);
            }
        }

        var request = new CreateLocation
        {
            Token = new TokenUpload.File(file),
            Name = name ?? body.Text("organizationName") ?? "VPP token",
            AppleAccount = body.Text("appleId") ?? "",
            AccountType = AccountTypeOf(body),
            CountryOrRegion = body.Text("countryOrRegion"),
            TakeControl = body.Flag("claimTokenManagementFromExternalMdm") ?? false,
            ConsentGranted = body.Flag("dataSharingConsentGranted") ?? false,
        };
        var result = await enrollment.CreateAsync(request, who, cancellationToken);
        if (result is CreateLocationResult.Rejected { Refusal: var refusal })
        {
            return Refuse(refusal);
        }

        var id = ((CreateLocationResult.Created)result).PublicId;
        var http = context.Request;
        context.Response.Headers.Location = $"{GraphQuery.Origin(http)}{http.PathBase}/{http.Path.Value!.Split('/')[1]}/deviceAppManagement/{Path}/{id}";
        return await AnswerAsync(context, locations, id, who, cancellationToken, StatusCodes.Status201Created);
    }

    private static async Task<IResult> ChangeAsync(HttpContext context, string id, LocationEnrollment enrollment, LocationDirectory locations, CoreActor actor, CancellationToken cancellationToken)
    {
        var (body, error) = await GraphBody.ReadObjectAsync(context, VppTokenWire.Properties);
        if (error is not null)
        {
            return error;
        }

        VppTokenWire.DemandTypes(body);
        var who = await actor.FindAsync();
        var change = new LocationChange
        {
            Name = body.Text("displayName"),
            AppleAccount = body.Text("appleId"),
            AccountType = AccountTypeOf(body),
            CountryOrRegion = body.Text("countryOrRegion"),
            ConsentGranted = body.Flag("dataSharingConsentGranted"),
        };
        if (await FindAsync(locations, id, who, cancellationToken) is not { Summary: { PublicId: var publicId, Version: var version } summary })
        {
            return Missing(id);
        }

        if (!GraphETag.Admits(context.Request, summary))
        {
            return GraphError.ForStatus(StatusCodes.Status412PreconditionFailed);
        }

        // Judged before Apple is asked, so that a bad name does not leave half of the change behind.
        if (LocationEnrollment.Judge(change) is { } fault)
        {
            return Refuse(fault);
        }

        // What was seen is held against the first step: the ones after it follow upon our own change, and upon the sync that it wakes.
        var seen = GraphETag.NamesOne(context.Request) ? version : (int?)null;
        foreach (var (index, step) in Steps(publicId, body, change, enrollment, who, cancellationToken).Index())
        {
            if (await step(index == 0 ? seen : null) is ChangeLocationResult.Rejected { Refusal: var refusal })
            {
                return Refuse(refusal, id);
            }
        }

        return await AnswerAsync(context, locations, publicId, who, cancellationToken);
    }

    /// <summary>What a change asks for, the part that is likeliest to be refused first.</summary>
    private static IEnumerable<Func<int?, Task<ChangeLocationResult>>> Steps(
        Guid publicId, JsonElement body, LocationChange change, LocationEnrollment enrollment, Actor who, CancellationToken cancellationToken)
    {
        if (body.Text("token") is { Length: > 0 } token)
        {
            yield return version => enrollment.RenewAsync(publicId, new TokenUpload.File(Encoding.UTF8.GetBytes(token)), version, who, cancellationToken);
        }

        if (body.Flag("claimTokenManagementFromExternalMdm") == true)
        {
            yield return version => enrollment.TakeControlAsync(publicId, version, who, cancellationToken);
        }

        if (change != new LocationChange())
        {
            yield return version => enrollment.UpdateAsync(publicId, change, version, who, cancellationToken);
        }
    }

    private static async Task<IResult> DeleteAsync(HttpContext context, string id, LocationEnrollment enrollment, LocationDirectory locations, CoreActor actor, CancellationToken cancellationToken)
    {
        var who = await actor.FindAsync();
        if (await FindAsync(locations, id, who, cancellationToken) is not { Summary: { PublicId: var publicId, Version: var version } summary })
        {
            return Missing(id);
        }

        if (!GraphETag.Admits(context.Request, summary))
        {
            return GraphError.ForStatus(StatusCodes.Status412PreconditionFailed);
        }

        var seen = GraphETag.NamesOne(context.Request) ? version : (int?)null;
        return await enrollment.DeleteAsync(publicId, seen, who, cancellationToken) is ChangeLocationResult.Rejected { Refusal: var refusal } ? Refuse(refusal, id) : Results.NoContent();
    }

    // Asking again while one runs, or right after one, is not a mistake: the answer is the token as it stands.
    private static async Task<IResult> SyncAsync(HttpContext context, string id, SyncRequests syncs, LocationDirectory locations, CoreActor actor, CancellationToken cancellationToken)
    {
        var who = await actor.FindAsync();
        if (!ApiId.TryParse(id, out var publicId))
        {
            return Missing(id);
        }

        if (await syncs.RequestAsync(publicId, SyncReason.Manual, who, cancellationToken) is SyncRequestResult.NotPossible { State: var state })
        {
            return GraphError.Conflict($"The token cannot be synced: its state is {Wire.Word(state)}. Renew it or take control first.");
        }

        return await AnswerAsync(context, locations, publicId, who, cancellationToken);
    }

    private static async Task<IResult> SyncAllAsync(SyncRequests syncs, CoreActor actor, CancellationToken cancellationToken)
    {
        await syncs.RequestAllAsync(SyncReason.Manual, await actor.FindAsync(), cancellationToken);
        return Results.NoContent();
    }

    // Only books are managed here: of no app is there any license.
    private static IResult LicensesForApp(HttpContext context, string bundleId) =>
        GraphAnswers.Collection(context, $"{Path}/microsoft.graph.getLicensesForApp(bundleId='{bundleId}')", [], GraphQuery.Of(context.Request, _licenseSummary), total: 0, nextLink: null);

    private static async Task<IResult> RevokeAsync(string id, LocationDirectory locations, CoreActor actor, CancellationToken cancellationToken) =>
        await FindAsync(locations, id, await actor.FindAsync(), cancellationToken) is null
            ? Missing(id)
            : GraphError.Conflict("A license of a book cannot be taken back: Apple gives it to the person for good. Nothing was changed.");

    private static async Task<IResult> AnswerAsync(
        HttpContext context, LocationDirectory locations, Guid id, Actor who, CancellationToken cancellationToken, int status = StatusCodes.Status200OK) =>
        await locations.FindAsync(id, who, cancellationToken) is { } found ? Answer(context, found, query: null, status) : Missing(id.ToString());

    private static IResult Answer(HttpContext context, LocationDetail location, GraphQuery? query, int status = StatusCodes.Status200OK)
    {
        var (tag, entity) = (GraphETag.Of(location.Summary), VppTokenWire.From(location.Summary));
        if (query is not null)
        {
            return GraphETag.NotModified(context, tag) ?? GraphAnswers.Entity(context, Path, query.Project(entity), status);
        }

        // The outcome of a change is told whatever its caller has.
        context.Response.Headers.ETag = tag;
        return GraphAnswers.Entity(context, Path, entity, status);
    }

    private static async Task<LocationDetail?> FindAsync(LocationDirectory locations, string id, Actor who, CancellationToken cancellationToken) =>
        ApiId.TryParse(id, out var publicId) ? await locations.FindAsync(publicId, who, cancellationToken) : null;

    private static AccountType? AccountTypeOf(JsonElement body) => body.Text("vppTokenAccountType")?.ToLowerInvariant() switch
    {
        null => null,
        "business" => AccountType.Business,
        "education" => AccountType.Education,
        var other => throw new GraphQueryException($"vppTokenAccountType must be business or education; it is \"{(other.Length > 40 ? other[..40] : other)}\"."),
    };

    private static GraphError Missing(string id) => GraphError.NotFound($"There is no vppToken with the id '{(id.Length > 64 ? id[..64] : id)}'.");

    private static GraphError Refuse(LocationRefusal refusal, string id = "") => refusal.HttpStatus switch
    {
        StatusCodes.Status404NotFound => Missing(id),
        StatusCodes.Status412PreconditionFailed => GraphError.ForStatus(StatusCodes.Status412PreconditionFailed),
        _ => new(refusal.HttpStatus, refusal.Code, $"{refusal.Message} {Advice(refusal)}".TrimEnd(), Target(refusal), refusal.RetryAfter),
    };

    /// <summary>How to do over HTTP what the message asks for.</summary>
    private static string? Advice(LocationRefusal refusal) => refusal switch
    {
        { Code: "ConsentMissing" } => "Send dataSharingConsentGranted with the value true.",
        { ClaimedBy: not null } => "To take control, send claimTokenManagementFromExternalMdm with the value true.",
        { Existing: { } known } => $"Its id is {known.PublicId}; PATCH it with the new token.",
        _ => null,
    };

    // Core names its own fields; those inside the file belong to the one property that carries it.
    private static string? Target(LocationRefusal refusal) => refusal.Field switch
    {
        null => refusal.Code.StartsWith("TokenFile", StringComparison.Ordinal) ? "token" : null,
        "consentGranted" => "dataSharingConsentGranted",
        "takeControl" => "claimTokenManagementFromExternalMdm",
        "displayName" or "appleId" or "countryOrRegion" => refusal.Field,
        _ => "token",
    };
}
