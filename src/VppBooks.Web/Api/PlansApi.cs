using System.Text.Json;
using VppBooks.Core.Assignments;
using VppBooks.Web.Api.Graph;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api;

/// <summary>Plans for programs that want to see what an assignment would do before it spends anything, and decisions about plans that are held.</summary>
internal static class PlansApi
{
    private static readonly HashSet<string> _commit = ["typedNumber", "undoMinutes"];

    public static void Map(RouteGroupBuilder routes)
    {
        routes.MapPost("/books/{bookId}/plans", PlanAsync).RequireAuthorization(Policies.Assign)
            .Produces<PlanWire>(StatusCodes.Status201Created).WithSummary("What a complete list of assignments would do; spends nothing");
        routes.MapGet("/plans/awaiting-approval", AwaitingAsync).RequireAuthorization(Policies.ReadAll)
            .Produces<ListWire<AwaitingPlan>>().WithSummary("Plans that wait for a second person");
        routes.MapGet("/plans/{planId}", GetAsync).RequireAuthorization(Policies.ReadAll).Produces<PlanWire>().WithSummary("A plan, and how far it is carried out");
        routes.MapGet("/plans/{planId}/people", PeopleAsync).RequireAuthorization(Policies.ReadAll)
            .Produces<PageWire<PlanLineRow>>().WithSummary("Each person of a plan, and what it does for them, by name").WithMetadata([.. ApiOption.Followed, new ApiOption("outcome", "Only people of this outcome")]);
        routes.MapPost("/plans/{planId}/commit", CommitAsync).RequireAuthorization(Policies.Assign).Produces<PlanWire>().Produces<PlanWire>(StatusCodes.Status202Accepted).WithSummary("Commit a plan: this spends licenses");
        routes.MapPost("/plans/{planId}/approve", ApproveAsync).RequireAuthorization(Policies.Assign).Produces<PlanWire>().WithSummary("Agree to a plan as the second person");
        routes.MapPost("/plans/{planId}/reject", RejectAsync).RequireAuthorization(Policies.Assign).Produces<PlanWire>().WithSummary("Refuse a plan as the second person");
        routes.MapPost("/plans/{planId}/undo", UndoAsync).RequireAuthorization(Policies.Assign).Produces<PlanWire>().WithSummary("Take a plan back before anything is sent");
    }

    private static async Task<IResult> PlanAsync(HttpContext context, string bookId, AssignmentDesk desk, CoreActor actor, CancellationToken cancellationToken)
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

        if (!ApiId.TryParse(bookId, out var book))
        {
            return GraphError.NotFound("There is no such book.");
        }

        switch (await desk.PlanAsync(new PlanRequest(book, wishes), await actor.FindAsync(), cancellationToken))
        {
            case PlanResult.Planned { Plan: var plan }:
                context.Response.Headers.Location = $"{GraphQuery.Origin(context.Request)}{context.Request.PathBase}/api/plans/{plan.Id}";
                return ApiJson.Answer(PlanWire.From(plan), StatusCodes.Status201Created);
            case PlanResult.Refused { Refusal: var refusal }:
                return Refuse(refusal);
            default:
                throw new InvalidOperationException("A plan is made or refused.");
        }
    }

    private static async Task<IResult> AwaitingAsync(PlanViews plans, CoreActor actor, CancellationToken cancellationToken) =>
        ApiJson.Answer(new ListWire<AwaitingPlan>(await plans.ListAwaitingAsync(await actor.FindAsync(), cancellationToken)));

    private static async Task<IResult> GetAsync(string planId, PlanViews plans, CoreActor actor, CancellationToken cancellationToken)
    {
        var who = await actor.FindAsync();
        if (!ApiId.TryParse(planId, out var id) || await plans.FindAsync(id, who, cancellationToken) is not { } plan)
        {
            return Missing();
        }

        var progress = plan.CommittedAt is null ? null : await plans.ProgressAsync(id, who, cancellationToken);
        return ApiJson.Answer(PlanWire.From(plan) with { Progress = progress });
    }

    private static async Task<IResult> PeopleAsync(
        HttpContext context, string planId, PlanViews plans, GraphSkipTokens tokens, CoreActor actor, CancellationToken cancellationToken)
    {
        var options = new ApiOptions(context.Request);
        var (skip, top) = (options.Number("skip", 0, int.MaxValue) ?? 0, options.Number("top", 1, 999) ?? 100);
        var outcome = options.Word<PlanOutcome>("outcome");
        if (!ApiId.TryParse(planId, out var id))
        {
            return Missing();
        }

        var list = $"people of {id}, {outcome}";
        var after = options.Cursor(tokens, list);
        try
        {
            return await plans.PageLinesAsync(id, outcome, after, after is null ? skip : 0, top, await actor.FindAsync(), cancellationToken) is { } page
                ? ApiJson.Answer(new PageWire<PlanLineRow>(page.Rows, page.Next is { } next ? tokens.Write(next, list) : null))
                : Missing();
        }
        catch (FormatException)
        {
            throw ApiOptions.ForeignCursor();
        }
    }

    private static async Task<IResult> CommitAsync(HttpContext context, string planId, AssignmentDesk desk, CoreActor actor, CancellationToken cancellationToken)
    {
        var how = new CommitOptions();
        if (context.Request.ContentLength is > 0 || context.Request.ContentType is not null)
        {
            var (body, error) = await GraphBody.ReadObjectAsync(context, _commit);
            if (error is not null)
            {
                return error;
            }

            how = new CommitOptions(Number(body, "undoMinutes") is { } minutes ? TimeSpan.FromMinutes(minutes) : null, Number(body, "typedNumber"));
        }

        if (!ApiId.TryParse(planId, out var id))
        {
            return Missing();
        }

        return await desk.CommitAsync(id, how, await actor.FindAsync(), cancellationToken) switch
        {
            CommitResult.Committed { Plan: var plan } =>
                ApiJson.Answer(PlanWire.From(plan), plan.State is PlanState.AwaitingApproval or PlanState.Undoable ? StatusCodes.Status202Accepted : StatusCodes.Status200OK),
            CommitResult.Stale { NewPlan: var newer } => new GraphError(
                StatusCodes.Status409Conflict, "PlanStale", "People or licenses have changed since the plan was made. Nothing was changed; look at the new plan and commit that one.",
                $"/api/plans/{newer.Id}"),
            CommitResult.Refused { Refusal: var refusal } => Refuse(refusal),
            _ => throw new InvalidOperationException("A plan is committed, stale or refused."),
        };
    }

    private static Task<IResult> ApproveAsync(string planId, PlanDecisions decisions, CoreActor actor, CancellationToken cancellationToken) =>
        DecideAsync(planId, actor, (id, who) => decisions.ApproveAsync(id, who, cancellationToken));

    private static Task<IResult> RejectAsync(string planId, PlanDecisions decisions, CoreActor actor, CancellationToken cancellationToken) =>
        DecideAsync(planId, actor, (id, who) => decisions.RejectAsync(id, who, cancellationToken));

    private static Task<IResult> UndoAsync(string planId, PlanDecisions decisions, CoreActor actor, CancellationToken cancellationToken) =>
        DecideAsync(planId, actor, (id, who) => decisions.UndoAsync(id, who, cancellationToken));

    private static async Task<IResult> DecideAsync(string planId, CoreActor actor, Func<Guid, VppBooks.Core.Security.Actor, Task<DecisionResult>> decide) =>
        !ApiId.TryParse(planId, out var id)
            ? Missing()
            : await decide(id, await actor.FindAsync()) switch
            {
                DecisionResult.Done { Plan: var plan } => ApiJson.Answer(PlanWire.From(plan)),
                DecisionResult.Refused { Refusal: var refusal } => Refuse(refusal),
                _ => throw new InvalidOperationException("A decision is done or refused."),
            };

    private static int? Number(JsonElement body, string name) => !body.Find(name, out var value) || value.ValueKind == JsonValueKind.Null
        ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number is >= 0 and <= 10_000_000
            ? number
            : throw new GraphQueryException($"The property '{name}' must be a whole number from 0 to 10,000,000.");

    private static GraphError Missing() => GraphError.NotFound("There is no such plan.");

    private static GraphError Refuse(AssignmentRefusal refusal) => refusal switch
    {
        { Code: "PlanNotFound" } => Missing(),
        { Code: "BookNotFound" } => GraphError.NotFound("There is no such book."),
        { Code: "DirectoryUnavailable" or "DirectoryConsentMissing" or "DirectoryBusy" or "DirectoryStale" } => GraphError.Unavailable(refusal.Message, refusal.RetryAt),
        { Code: "PlanUndone" or "PlanRejected" or "PlanApproved" or "PlanEnded" or "TooLate" or "GroupDeleted" } => new GraphError(StatusCodes.Status409Conflict, refusal.Code, refusal.Message),
        { Code: "OwnPlan" or "PersonNeeded" } => new GraphError(StatusCodes.Status403Forbidden, refusal.Code, refusal.Message),
        { Code: "NumberNotTyped" } => new GraphError(StatusCodes.Status422UnprocessableEntity, refusal.Code, refusal.Message, "typedNumber"),
        { Index: { } index } => AssignBody.At(refusal.Message, index, refusal.Code),
        _ => new GraphError(StatusCodes.Status400BadRequest, refusal.Code, refusal.Message),
    };
}

/// <summary>A plan as programs read it. Times are UTC; what is not known is left out.</summary>
internal sealed record PlanWire
{
    public required Guid Id { get; init; }

    public required Guid BookId { get; init; }

    public required PlanState State { get; init; }

    public required PlanKind Kind { get; init; }

    public required IReadOnlyList<PlannedAssignment> Assignments { get; init; }

    /// <summary>People by what the plan does for them.</summary>
    public required PlanCounts Effect { get; init; }

    /// <summary>Licenses that the plan takes.</summary>
    public required int LicenseCount { get; init; }

    public required bool Unlimited { get; init; }

    public required long FreeLicenseCount { get; init; }

    public required bool NeedsApproval { get; init; }

    /// <summary>To be sent with the commit: licenses that the plan takes, and people whom it makes wait for one.</summary>
    public int? NumberToType { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? DataFrom { get; init; }

    public string? CommittedByName { get; init; }

    public DateTimeOffset? CommittedAt { get; init; }

    public string? DecidedByName { get; init; }

    public DateTimeOffset? DecidedAt { get; init; }

    public DateTimeOffset? SendAt { get; init; }

    public PlanProgress? Progress { get; init; }

    public static PlanWire From(PlanView plan) => new()
    {
        Id = plan.Id,
        BookId = plan.BookId,
        State = plan.State,
        Kind = plan.Kind,
        Assignments = plan.Assignments,
        Effect = new PlanCounts(plan.GetNow, plan.AlreadyHave, plan.RegisterFirst, plan.InviteFirst, plan.Cannot, plan.Wait, plan.Release, plan.Offered),
        LicenseCount = plan.Takes,
        Unlimited = plan.Unlimited,
        FreeLicenseCount = plan.Free,
        NeedsApproval = plan.NeedsApproval,
        NumberToType = plan.NumberToType,
        CreatedAt = plan.CreatedAt,
        DataFrom = plan.DataFrom,
        CommittedByName = plan.CommittedByName,
        CommittedAt = plan.CommittedAt,
        DecidedByName = plan.DecidedByName,
        DecidedAt = plan.DecidedAt,
        SendAt = plan.SendAt,
    };

    internal sealed record PlanCounts(int GetNow, int AlreadyHave, int RegisterFirst, int InviteFirst, int Cannot, int Wait, int Release, int Offered);
}
