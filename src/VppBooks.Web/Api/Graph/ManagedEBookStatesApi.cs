using System.Globalization;
using VppBooks.Core.Catalog;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api.Graph;

/// <summary>
/// Reports about people and devices of a book (parity paper §3.1, §4.5). People are counted by their license: "installed" means that Apple assigned it. What is on a
/// device nobody tells us, so no device is called installed; one whose owner holds the book is "unknown".
/// </summary>
internal static class ManagedEBookStatesApi
{
    private const string Path = "managedEBooks";
    private const string Devices = "deviceStates";

    private static readonly Expandable _ownDevices = new(Devices, BookStatesWire.DeviceProperties);

    public static void Map(RouteGroupBuilder routes)
    {
        routes.MapGet("/managedEBooks/{id}/installSummary", SummaryAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet("/managedEBooks/{id}/deviceStates", ListDevicesAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet("/managedEBooks/{id}/deviceStates/$count", CountDevicesAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet("/managedEBooks/{id}/deviceStates/{deviceStateId}", GetDeviceAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet("/managedEBooks/{id}/userStateSummary", ListUsersAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet("/managedEBooks/{id}/userStateSummary/$count", CountUsersAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet("/managedEBooks/{id}/userStateSummary/{userId}", GetUserAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet("/managedEBooks/{id}/userStateSummary/{userId}/deviceStates", ListDevicesOfUserAsync).RequireAuthorization(Policies.ReadAll);
        routes.MapGet("/managedEBooks/{id}/userStateSummary/{userId}/deviceStates/{deviceStateId}", GetDeviceOfUserAsync).RequireAuthorization(Policies.ReadAll);
    }

    private static async Task<IResult> SummaryAsync(HttpContext context, string id, BookStates states, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, BookStatesWire.SummaryProperties);
        if (!ApiId.TryParse(id, out var book) || await states.CountAsync(book, await actor.FindAsync(), cancellationToken) is not { } counts)
        {
            return ManagedEBooksApi.Missing(id);
        }

        return GraphAnswers.Entity(context, $"{Path}('{id}')/installSummary", query.Project(BookStatesWire.From(book, counts)));
    }

    private static async Task<IResult> ListDevicesAsync(HttpContext context, string id, BookStates states, GraphSkipTokens tokens, CoreActor actor, CancellationToken cancellationToken)
    {
        var who = await actor.FindAsync();
        var query = GraphQuery.Of(context.Request, BookStatesWire.DeviceProperties);
        var path = $"{Path}('{id}')/{Devices}";
        if (query.IsPlain && ApiId.TryParse(id, out var book))
        {
            return await PageAsync(page => states.PageDevicesAsync(book, page, who, cancellationToken), query, tokens) is { } part
                ? GraphAnswers.Collection(context, path, part.Rows.Select(BookStatesWire.From), query, part.Total, NextLink(part.Next, query, tokens))
                : ManagedEBooksApi.Missing(id);
        }

        return await FindAsync(states, id, actor, cancellationToken) is { } users
            ? GraphAnswers.Page(context, path, users.SelectMany(u => u.Devices).Select(BookStatesWire.From), query)
            : ManagedEBooksApi.Missing(id);
    }

    private static async Task<IResult> CountDevicesAsync(HttpContext context, string id, BookStates states, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, BookStatesWire.DeviceProperties);
        if (query.IsPlain && ApiId.TryParse(id, out var book))
        {
            return await states.CountAsync(book, await actor.FindAsync(), cancellationToken) is { } counts ? Number(counts.Devices.Values.Sum()) : ManagedEBooksApi.Missing(id);
        }

        return await FindAsync(states, id, actor, cancellationToken) is { } users ? Number(query.Arrange(users.SelectMany(u => u.Devices).Select(BookStatesWire.From)).Count) : ManagedEBooksApi.Missing(id);
    }

    private static async Task<IResult> GetDeviceAsync(HttpContext context, string id, string deviceStateId, BookStates states, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, BookStatesWire.DeviceProperties);
        var owner = deviceStateId.Split('_') is [var person, _] && Guid.TryParseExact(person, "N", out var personId) ? personId.ToString() : "";
        return (await FindUserAsync(states, id, owner, actor, cancellationToken))?.Devices.FirstOrDefault(d => BookStatesWire.IdOf(d) == deviceStateId) is { } device
            ? GraphAnswers.Entity(context, $"{Path}('{id}')/{Devices}", query.Project(BookStatesWire.From(device)))
            : GraphError.NotFound("There is no such deviceInstallState.");
    }

    private static async Task<IResult> ListUsersAsync(HttpContext context, string id, BookStates states, GraphSkipTokens tokens, CoreActor actor, CancellationToken cancellationToken)
    {
        var who = await actor.FindAsync();
        var query = GraphQuery.Of(context.Request, BookStatesWire.UserProperties, _ownDevices);
        var path = $"{Path}('{id}')/userStateSummary";
        if (query.IsPlain && ApiId.TryParse(id, out var book))
        {
            return await PageAsync(page => states.PageUsersAsync(book, page, who, cancellationToken), query, tokens) is { } part
                ? GraphAnswers.Collection(context, path, part.Rows.Select(u => BookStatesWire.From(u, query.Expand.ContainsKey(Devices))), query, part.Total, NextLink(part.Next, query, tokens))
                : ManagedEBooksApi.Missing(id);
        }

        return await FindAsync(states, id, actor, cancellationToken) is { } users
            ? GraphAnswers.Page(context, path, users.Select(u => BookStatesWire.From(u, query.Expand.ContainsKey(Devices))), query)
            : ManagedEBooksApi.Missing(id);
    }

    private static async Task<IResult> CountUsersAsync(HttpContext context, string id, BookStates states, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, BookStatesWire.UserProperties);
        if (query.IsPlain && ApiId.TryParse(id, out var book))
        {
            return await states.CountAsync(book, await actor.FindAsync(), cancellationToken) is { } counts ? Number(counts.People.Values.Sum()) : ManagedEBooksApi.Missing(id);
        }

        return await FindAsync(states, id, actor, cancellationToken) is { } users ? Number(query.Arrange(users.Select(u => BookStatesWire.From(u, query.Expand.ContainsKey(Devices)))).Count) : ManagedEBooksApi.Missing(id);
    }

    private static async Task<IResult> GetUserAsync(HttpContext context, string id, string userId, BookStates states, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, BookStatesWire.UserProperties, _ownDevices);
        return await FindUserAsync(states, id, userId, actor, cancellationToken) is { } user
            ? GraphAnswers.Entity(context, $"{Path}('{id}')/userStateSummary", query.Project(BookStatesWire.From(user, query.Expand.ContainsKey(Devices))))
            : NoUser();
    }

    private static async Task<IResult> ListDevicesOfUserAsync(HttpContext context, string id, string userId, BookStates states, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, BookStatesWire.DeviceProperties);
        return await FindUserAsync(states, id, userId, actor, cancellationToken) is { } user
            ? GraphAnswers.Page(context, $"{Path}('{id}')/userStateSummary('{userId}')/{Devices}", user.Devices.Select(BookStatesWire.From), query)
            : NoUser();
    }

    private static async Task<IResult> GetDeviceOfUserAsync(
        HttpContext context, string id, string userId, string deviceStateId, BookStates states, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, BookStatesWire.DeviceProperties);
        return (await FindUserAsync(states, id, userId, actor, cancellationToken))?.Devices.FirstOrDefault(d => BookStatesWire.IdOf(d) == deviceStateId) is { } device
            ? GraphAnswers.Entity(context, $"{Path}('{id}')/userStateSummary('{userId}')/{Devices}", query.Project(BookStatesWire.From(device)))
            : GraphError.NotFound("There is no such deviceInstallState.");
    }

    private static async Task<BookPart<T>?> PageAsync<T>(Func<BookStatePage, Task<BookPart<T>?>> read, GraphQuery query, GraphSkipTokens tokens)
    {
        try
        {
            return await read(new BookStatePage { Skip = query.SkipToken is null ? query.Skip : 0, Take = query.Top, After = tokens.Read(query), Count = query.Count });
        }
        catch (FormatException)
        {
            throw GraphSkipTokens.Foreign();
        }
    }

    private static string? NextLink(IReadOnlyList<string>? next, GraphQuery query, GraphSkipTokens tokens) => next is null ? null : query.NextLink(tokens.Write(next, query));

    /// <summary>Everybody, for a filter or an order that the database does not know.</summary>
    private static async Task<IReadOnlyList<BookUser>?> FindAsync(BookStates states, string id, CoreActor actor, CancellationToken cancellationToken) =>
        ApiId.TryParse(id, out var publicId) ? await states.ListAsync(publicId, await actor.FindAsync(), cancellationToken) : null;

    private static async Task<BookUser?> FindUserAsync(BookStates states, string id, string userId, CoreActor actor, CancellationToken cancellationToken) =>
        ApiId.TryParse(id, out var book) && ApiId.TryParse(userId, out var person) ? await states.FindUserAsync(book, person, await actor.FindAsync(), cancellationToken) : null;

    private static GraphError NoUser() => GraphError.NotFound("There is no such userInstallStateSummary.");

    private static IResult Number(int count) => Results.Text(count.ToString(CultureInfo.InvariantCulture));
}
