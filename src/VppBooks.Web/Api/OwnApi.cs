using Microsoft.AspNetCore.Mvc;
using VppBooks.Core.Activities;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Web.Api.Graph;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api;

/// <summary>What Graph has no word for, under <c>/api</c>: plans, waiting lists, activity, reports.</summary>
internal static class OwnApi
{
    private static readonly ApiOption[] _activity =
    [
        new("kinds", "events, licenses or all", "all"),
        new("person", "Id of a person"),
        new("book", "Id of a book"),
        new("group", "Object id of a group"),
        new("token", "Id of a token"),
        new("about", "Part of the name of the person, book or group that it is about"),
        new("actor", "Part of the name of whoever acted; of a license, whoever committed the plan that led to its change"),
        new("action", "Name of an action, such as plan.committed"),
        new("from", "From this moment on"),
        new("until", "Before this moment"),
        new("top", "Rows of a page, 1 to 500", "100"),
        new("cursor", "The next of an earlier page"),
    ];

    extension(IEndpointRouteBuilder endpoints)
    {
        public void MapOwnApi()
        {
            var routes = endpoints.MapGroup("/api")
                .AddEndpointFilter(GraphApi.AnswerAsync)
                .WithMetadata(new RequestSizeLimitAttribute(GraphApi.MaxBodyBytes))
                .DisableAntiforgery();
            PlansApi.Map(routes);
            routes.MapGet("/books/{bookId}/waiting-list", WaitingAsync).RequireAuthorization(Policies.ReadAll)
                .Produces<WaitingWire>().WithSummary("Who waits for a book, in the order of service").WithMetadata(ApiOption.Followed);
            routes.MapGet("/activity", ActivityAsync).RequireAuthorization(Policies.ReadActivity)
                .Produces<ActivityWire>().WithSummary("What happened, newest first").WithMetadata(_activity);
            ReportsApi.Map(routes);
        }
    }

    private static async Task<IResult> WaitingAsync(HttpContext context, string bookId, WaitingLists lists, GraphSkipTokens tokens, CoreActor actor, CancellationToken cancellationToken)
    {
        var options = new ApiOptions(context.Request);
        var (skip, top) = (options.Number("skip", 0, int.MaxValue) ?? 0, options.Number("top", 1, 999) ?? 100);
        if (!ApiId.TryParse(bookId, out var book))
        {
            return NoBook();
        }

        var list = $"waiting-list of {book}";
        var after = options.Cursor(tokens, list);
        try
        {
            var part = new WaitingPart { After = after, Skip = after is null ? skip : 0, Take = top };
            return await lists.PageAsync(book, part, await actor.FindAsync(), cancellationToken) is { } page
                ? ApiJson.Answer(new WaitingWire(page.Order, page.Total, page.Groups, page.Rows, page.Next is { } next ? tokens.Write(next, list) : null))
                : NoBook();
        }
        catch (FormatException)
        {
            throw ApiOptions.ForeignCursor();
        }

        static GraphError NoBook() => GraphError.NotFound("There is no such book.");
    }

    private static async Task<IResult> ActivityAsync(HttpContext context, ActivityReader reader, CoreActor actor, CancellationToken cancellationToken)
    {
        var options = new ApiOptions(context.Request);
        var query = new ActivityQuery
        {
            Kinds = options.Word<ActivityKinds>("kinds") ?? ActivityKinds.All,
            Person = options.Id("person"),
            Book = options.Id("book"),
            Group = options.Id("group"),
            Token = options.Id("token"),
            About = options.Text("about"),
            Actor = options.Text("actor"),
            Actions = options.Text("action") is { } action ? [action] : null,
            From = options.Moment("from"),
            Until = options.Moment("until"),
            Take = options.Number("top", 1, ActivityQuery.MaxTake) ?? 100,
            After = options.Text("cursor") is not { } cursor ? null : ActivityCursor.Parse(cursor) ?? throw new GraphQueryException("cursor must be one that an earlier page gave."),
        };
        var page = await reader.ListAsync(query, await actor.FindAsync(), cancellationToken);
        return ApiJson.Answer(new ActivityWire(page.Rows, page.Next?.ToString()));
    }

    /// <summary>A page of a waiting list; <c>next</c> is the cursor of the page after it.</summary>
    private sealed record WaitingWire(WaitingOrder Order, int Total, IReadOnlyList<WaitingGroup> Groups, IReadOnlyList<WaitingRow> Rows, string? Next);

    /// <summary>A page of the activity; <c>next</c> is the cursor of the page after it.</summary>
    private sealed record ActivityWire(IReadOnlyList<ActivityEntry> Value, string? Next);
}
