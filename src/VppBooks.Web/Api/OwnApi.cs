using Microsoft.AspNetCore.Mvc;
using VppBooks.Core.Activities;
using VppBooks.Core.Licenses;
using VppBooks.Core.Overview;
using VppBooks.Web.Api.Graph;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api;

/// <summary>What Graph has no word for, under <c>/api</c>: plans, waiting lists, activity, totals.</summary>
internal static class OwnApi
{
    extension(IEndpointRouteBuilder endpoints)
    {
        public void MapOwnApi()
        {
            var routes = endpoints.MapGroup("/api")
                .AddEndpointFilter(GraphApi.AnswerAsync)
                .WithMetadata(new RequestSizeLimitAttribute(GraphApi.MaxBodyBytes))
                .DisableAntiforgery();
            PlansApi.Map(routes);
            routes.MapGet("/books/{bookId}/waiting-list", WaitingAsync).RequireAuthorization(Policies.ReadAll);
            routes.MapGet("/activity", ActivityAsync).RequireAuthorization(Policies.ReadActivity);
            routes.MapGet("/reports/licenses", LicensesAsync).RequireAuthorization(Policies.ReadAll);
        }
    }

    private static async Task<IResult> WaitingAsync(HttpContext context, string bookId, WaitingLists lists, CoreActor actor, CancellationToken cancellationToken)
    {
        var options = new ApiOptions(context.Request);
        var (skip, top) = (options.Number("skip", 0, int.MaxValue) ?? 0, options.Number("top", 1, 999) ?? 100);
        return ApiId.TryParse(bookId, out var book) && await lists.FindAsync(book, skip, top, await actor.FindAsync(), cancellationToken) is { } list
            ? ApiJson.Answer(list)
            : GraphError.NotFound("There is no such book.");
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
            Action = options.Text("action"),
            From = options.Moment("from"),
            Until = options.Moment("until"),
            Take = options.Number("top", 1, ActivityQuery.MaxTake) ?? 100,
            After = options.Text("cursor") is not { } cursor ? null : ActivityCursor.Parse(cursor) ?? throw new GraphQueryException("cursor must be one that an earlier page gave."),
        };
        var page = await reader.ListAsync(query, await actor.FindAsync(), cancellationToken);
        return ApiJson.Answer(new { value = page.Rows, next = page.Next?.ToString() });
    }

    private static async Task<IResult> LicensesAsync(OverviewReader overview, CoreActor actor, CancellationToken cancellationToken)
    {
        var data = await overview.ReadAsync(await actor.FindAsync(), cancellationToken);
        return ApiJson.Answer(new { data.Licenses, data.People });
    }
}
