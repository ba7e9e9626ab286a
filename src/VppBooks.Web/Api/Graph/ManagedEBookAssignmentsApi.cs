using System.Text.Json.Nodes;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Security;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api.Graph;

/// <summary>
/// Assignments of a book, together and one by one (parity paper §4.5). Every change is planned and committed as a whole list, under the same guards as on the
/// screen; a plan that needs a second person is answered with 202 and named.
/// </summary>
internal static class ManagedEBookAssignmentsApi
{
    /// <summary>Header that names the plan behind a change.</summary>
    public const string PlanHeader = "VppBooks-Plan";

    private const string Path = "managedEBooks";
    private const string Assignments = "assignments";

    public static void Map(RouteGroupBuilder routes)
    {
        routes.MapPost("/managedEBooks/{id}/assign", AssignAsync).RequireAuthorization(Policies.Assign);
        routes.MapPost("/managedEBooks/{id}/microsoft.graph.assign", AssignAsync).RequireAuthorization(Policies.Assign);
        routes.MapGet("/managedEBooks/{id}/assignments", ListAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet("/managedEBooks/{id}/assignments/$count", CountAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapPost("/managedEBooks/{id}/assignments", CreateAsync).RequireAuthorization(Policies.Assign);
        routes.MapGet("/managedEBooks/{id}/assignments/{assignmentId}", GetAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapPatch("/managedEBooks/{id}/assignments/{assignmentId}", ChangeAsync).RequireAuthorization(Policies.Assign);
        routes.MapDelete("/managedEBooks/{id}/assignments/{assignmentId}", DeleteAsync).RequireAuthorization(Policies.Assign);
    }

    private static async Task<IResult> ListAsync(HttpContext context, string id, BookCatalog books, PlanViews plans, GraphSkipTokens tokens, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, ManagedEBookWire.AssignmentProperties);
        return await RowsAsync(id, books, plans, actor, cancellationToken) is { } rows
            // As on the screen: by intent, then by the name of the group, which is not sent.
            ? GraphAnswers.Page(context, $"{Path}('{id}')/{Assignments}", rows.Select(r => new GraphRow(ManagedEBookWire.From(r), -(decimal)r.Intent, r.GroupName)), query, tokens)
            : ManagedEBooksApi.Missing(id);
    }

    private static async Task<IResult> CountAsync(HttpContext context, string id, BookCatalog books, PlanViews plans, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, ManagedEBookWire.AssignmentProperties);
        return await RowsAsync(id, books, plans, actor, cancellationToken) is { } rows ? GraphAnswers.Count(rows.Select(ManagedEBookWire.From), query) : ManagedEBooksApi.Missing(id);
    }

    /// <summary>All assignments of a book; null when there is no such book.</summary>
    private static async Task<IReadOnlyList<AssignmentRow>?> RowsAsync(string id, BookCatalog books, PlanViews plans, CoreActor actor, CancellationToken cancellationToken)
    {
        var who = await actor.FindAsync();
        return ApiId.TryParse(id, out var publicId) && await books.FindAsync(publicId, who, cancellationToken) is not null
            ? await plans.ListAssignmentsAsync(publicId, who, cancellationToken)
            : null;
    }

    private static async Task<IResult> GetAsync(HttpContext context, string id, string assignmentId, PlanViews plans, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, ManagedEBookWire.AssignmentProperties);
        var who = await actor.FindAsync();
        if (!ApiId.TryParse(id, out var publicId) || !ApiId.TryParse(assignmentId, out var wanted)
            || (await plans.ListAssignmentsAsync(publicId, who, cancellationToken)).FirstOrDefault(a => a.Id == wanted) is not { } row)
        {
            return Missing();
        }

        return GraphETag.NotModified(context, GraphETag.Of(row))
            ?? GraphAnswers.Entity(context, $"{Path}('{publicId}')/{Assignments}", query.Project(ManagedEBookWire.From(row)));
    }

    private static async Task<IResult> AssignAsync(
        HttpContext context, string id, AssignmentDesk desk, PlanViews plans, BookReading reading, CoreActor actor, CancellationToken cancellationToken)
    {
        var (body, error) = await GraphBody.ReadObjectAsync(context, AssignBody.Properties);
        if (error is not null)
        {
            return error;
        }

        var (wishes, fault) = AssignBody.Read(body);
        if (wishes is null)
        {
            return fault!;
        }

        if (!ApiId.TryParse(id, out var publicId))
        {
            return ManagedEBooksApi.Missing(id);
        }

        var who = await actor.FindAsync();
        CommitResult? result;
        if (GraphETag.NamesOne(context.Request))
        {
            // The assignments first: those that were there when the tag was right are the ones that may be replaced.
            HashSet<string> seen = [.. (await plans.ListAssignmentsAsync(publicId, who, cancellationToken)).Select(GraphETag.Of)];
            if (await reading.TagsAsync(publicId, context.Request, who, cancellationToken) is not { } tags)
            {
                return ManagedEBooksApi.Missing(id);
            }

            result = GraphETag.Admits(context.Request, tags)
                ? await desk.ChangeAsync(publicId, rows => seen.SetEquals(rows.Select(GraphETag.Of)) ? wishes : null, who, cancellationToken)
                : null;
        }
        else
        {
            result = await desk.AssignAsync(new PlanRequest(publicId, wishes), who, cancellationToken);
        }

        return result switch
        {
            null => GraphError.ForStatus(StatusCodes.Status412PreconditionFailed),
            CommitResult.Committed { Plan: var plan } => Held(context, plan) is { } told ? GraphAnswers.Plain(new JsonObject { ["vppBooks"] = told }, StatusCodes.Status202Accepted) : Results.NoContent(),
            var other => Refuse(other, id, AssignBody.At),
        };
    }

    private static async Task<IResult> CreateAsync(HttpContext context, string id, AssignmentDesk desk, PlanViews plans, CoreActor actor, CancellationToken cancellationToken)
    {
        var (body, error) = await GraphBody.ReadObjectAsync(context, ManagedEBookWire.AssignmentProperties);
        if (error is not null)
        {
            return error;
        }

        var (wish, fault) = AssignBody.ReadSingle(body, standing: null);
        if (wish is null)
        {
            return fault!;
        }

        if (!ApiId.TryParse(id, out var publicId))
        {
            return ManagedEBooksApi.Missing(id);
        }

        var who = await actor.FindAsync();
        var result = await desk.ChangeAsync(
            publicId, rows => rows.Any(r => r.GroupId == wish.GroupId) ? null : [.. rows.Select(Wish), wish], who, cancellationToken);
        return result switch
        {
            null => new GraphError(StatusCodes.Status409Conflict, "SameGroupTwice", "The book is assigned to this target already: change that assignment.", "target"),
            CommitResult.Committed { Plan: var plan } => await AnswerAsync(context, publicId, wish.GroupId, plan, plans, who, created: true, cancellationToken),
            var other => Refuse(other, id, Single),
        };
    }

    private static async Task<IResult> ChangeAsync(
        HttpContext context, string id, string assignmentId, AssignmentDesk desk, PlanViews plans, CoreActor actor, CancellationToken cancellationToken)
    {
        var (body, error) = await GraphBody.ReadObjectAsync(context, ManagedEBookWire.AssignmentProperties);
        if (error is not null)
        {
            return error;
        }

        if (!ApiId.TryParse(id, out var publicId) || !ApiId.TryParse(assignmentId, out var wanted))
        {
            return Missing();
        }

        WishedAssignment? wish = null;
        GraphError? fault = Missing();
        var who = await actor.FindAsync();
        var result = await desk.ChangeAsync(
            publicId,
            rows =>
            {
                if (rows.FirstOrDefault(r => r.Id == wanted) is not { } row)
                {
                    return null;
                }

                if (!GraphETag.Admits(context.Request, GraphETag.Of(row)))
                {
                    fault = GraphError.ForStatus(StatusCodes.Status412PreconditionFailed);
                    return null;
                }

                (wish, fault) = AssignBody.ReadSingle(body, row);
                if (wish is null)
                {
                    return null;
                }

                // Another target would be another assignment: the id that the caller holds would name nothing any more.
                if (wish.GroupId != row.GroupId)
                {
                    fault = new GraphError(
                        StatusCodes.Status400BadRequest, "TargetFixed", "The target of an assignment cannot be changed: delete this assignment and create another one.", "target");
                    return null;
                }

                return [.. rows.Where(r => r.Id != wanted).Select(Wish), wish];
            },
            who,
            cancellationToken);
        return result switch
        {
            null => fault!,
            CommitResult.Committed { Plan: var plan } => await AnswerAsync(context, publicId, wish!.GroupId, plan, plans, who, created: false, cancellationToken),
            var other => Refuse(other, id, Single),
        };
    }

    private static async Task<IResult> DeleteAsync(HttpContext context, string id, string assignmentId, AssignmentDesk desk, CoreActor actor, CancellationToken cancellationToken)
    {
        if (!ApiId.TryParse(id, out var publicId) || !ApiId.TryParse(assignmentId, out var wanted))
        {
            return Missing();
        }

        var fault = Missing();
        var result = await desk.ChangeAsync(
            publicId,
            rows =>
            {
                if (rows.FirstOrDefault(r => r.Id == wanted) is not { } row)
                {
                    return null;
                }

                if (!GraphETag.Admits(context.Request, GraphETag.Of(row)))
                {
                    fault = GraphError.ForStatus(StatusCodes.Status412PreconditionFailed);
                    return null;
                }

                return [.. rows.Where(r => r.Id != wanted).Select(Wish)];
            },
            await actor.FindAsync(),
            cancellationToken);
        switch (result)
        {
            case null:
                return fault;
            case CommitResult.Committed { Plan: var plan }:
                Held(context, plan);
                return Results.NoContent();
            default:
                return Refuse(result, id, Single);
        }
    }

    private static WishedAssignment Wish(AssignmentRow row) => new(row.GroupId, row.Intent);

    private static async Task<IResult> AnswerAsync(
        HttpContext context, Guid bookId, Guid? groupId, PlanView plan, PlanViews plans, Actor who, bool created, CancellationToken cancellationToken)
    {
        var held = Held(context, plan);
        if ((await plans.ListAssignmentsAsync(bookId, who, cancellationToken)).FirstOrDefault(a => a.GroupId == groupId) is not { } row)
        {
            return GraphError.Conflict("The assignment was made and changed again meanwhile. Read the assignments.");
        }

        if (created)
        {
            var http = context.Request;
            var root = http.Path.Value!.Split('/')[1];
            context.Response.Headers.Location = $"{GraphQuery.Origin(http)}{http.PathBase}/{root}/deviceAppManagement/{Path}/{bookId}/{Assignments}/{row.Id}";
        }

        var entity = ManagedEBookWire.From(row);
        entity["vppBooks"] = held;
        context.Response.Headers.ETag = GraphETag.Of(row);
        var status = held is not null ? StatusCodes.Status202Accepted : created ? StatusCodes.Status201Created : StatusCodes.Status200OK;
        return GraphAnswers.Entity(context, $"{Path}('{bookId}')/{Assignments}", entity, status);
    }

    /// <summary>Names the plan in a header; what a caller has to know when nothing is sent yet, else null.</summary>
    private static JsonObject? Held(HttpContext context, PlanView plan)
    {
        context.Response.Headers[PlanHeader] = plan.Id.ToString();
        return plan.State is not (PlanState.AwaitingApproval or PlanState.Undoable)
            ? null
            : new JsonObject
            {
                ["planId"] = plan.Id.ToString(),
                ["planState"] = plan.State == PlanState.AwaitingApproval ? "awaitingApproval" : "undoable",
                ["licenseCount"] = plan.Takes,
                ["sendDateTime"] = plan.SendAt is { } at ? Wire.Date(at) : null,
                ["message"] = plan.State == PlanState.AwaitingApproval
                    ? "The assignments stand. Their licenses are sent when a second person approves the plan."
                    : "The assignments stand. Their licenses are sent at the time given; until then the plan can be undone.",
            };
    }

    private static GraphError Single(string message, int index, string code) => new(StatusCodes.Status400BadRequest, code, message, "target");

    private static GraphError Refuse(CommitResult result, string id, Func<string, int, string, GraphError> at) => result switch
    {
        CommitResult.Refused { Refusal: { Code: "BookNotFound" } } => ManagedEBooksApi.Missing(id),
        CommitResult.Refused { Refusal: { Code: "AssignmentsChanged" } refusal } => new GraphError(StatusCodes.Status409Conflict, refusal.Code, refusal.Message),
        CommitResult.Refused { Refusal: { Code: "DirectoryUnavailable" or "DirectoryConsentMissing" or "DirectoryBusy" or "DirectoryStale" } refusal } => GraphError.Unavailable(refusal.Message, refusal.RetryAt),
        CommitResult.Refused { Refusal: { Index: { } index } refusal } => at(refusal.Message, index, refusal.Code),
        CommitResult.Refused { Refusal: var refusal } => new GraphError(StatusCodes.Status400BadRequest, refusal.Code, refusal.Message),
        _ => GraphError.Conflict("People or licenses kept changing while the assignment was made. Nothing was changed; try again."),
    };

    private static GraphError Missing() => GraphError.NotFound("There is no such assignment.");
}
