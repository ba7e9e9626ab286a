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
        var query = GraphQuery.Of(context.Request, BookStatesWire.DeviceProperties);
        return await DevicesAsync(states, id, BookStatesFilter.Page(query, tokens, devices: true), actor, cancellationToken) is { } part
            ? GraphAnswers.Collection(context, $"{Path}('{id}')/{Devices}", part.Rows.Select(BookStatesWire.From), query, part.Total, tokens.NextLink(part.Next, query))
            : ManagedEBooksApi.Missing(id);
    }

    private static async Task<IResult> CountDevicesAsync(HttpContext context, string id, BookStates states, GraphSkipTokens tokens, CoreActor actor, CancellationToken cancellationToken)
    {
        var page = BookStatesFilter.Page(GraphQuery.Of(context.Request, BookStatesWire.DeviceProperties), tokens, devices: true) with { Take = 0, Count = true };
        return await DevicesAsync(states, id, page, actor, cancellationToken) is { Total: { } count } ? Number(count) : ManagedEBooksApi.Missing(id);
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
        var query = GraphQuery.Of(context.Request, BookStatesWire.UserProperties, _ownDevices);
        return await UsersAsync(states, id, BookStatesFilter.Page(query, tokens, devices: false), actor, cancellationToken) is { } part
            ? GraphAnswers.Collection(
                context, $"{Path}('{id}')/userStateSummary", part.Rows.Select(u => BookStatesWire.From(u, query.Expand.ContainsKey(Devices))), query, part.Total, tokens.NextLink(part.Next, query))
            : ManagedEBooksApi.Missing(id);
    }

    private static async Task<IResult> CountUsersAsync(HttpContext context, string id, BookStates states, GraphSkipTokens tokens, CoreActor actor, CancellationToken cancellationToken)
    {
        var page = BookStatesFilter.Page(GraphQuery.Of(context.Request, BookStatesWire.UserProperties), tokens, devices: false) with { Take = 0, Count = true };
        return await UsersAsync(states, id, page, actor, cancellationToken) is { Total: { } count } ? Number(count) : ManagedEBooksApi.Missing(id);
    }

    private static async Task<IResult> GetUserAsync(HttpContext context, string id, string userId, BookStates states, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, BookStatesWire.UserProperties, _ownDevices);
        return await FindUserAsync(states, id, userId, actor, cancellationToken) is { } user
            ? GraphAnswers.Entity(context, $"{Path}('{id}')/userStateSummary", query.Project(BookStatesWire.From(user, query.Expand.ContainsKey(Devices))))
            : NoUser();
    }

    private static async Task<IResult> ListDevicesOfUserAsync(
        HttpContext context, string id, string userId, BookStates states, GraphSkipTokens tokens, CoreActor actor, CancellationToken cancellationToken)
    {
        var query = GraphQuery.Of(context.Request, BookStatesWire.DeviceProperties);
        return await FindUserAsync(states, id, userId, actor, cancellationToken) is { } user
            ? GraphAnswers.Page(context, $"{Path}('{id}')/userStateSummary('{userId}')/{Devices}", user.Devices.Select(d => new GraphRow(BookStatesWire.From(d), (decimal)d.Number)), query, tokens)
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

    private static async Task<BookPart<BookDevice>?> DevicesAsync(BookStates states, string id, BookStatePage page, CoreActor actor, CancellationToken cancellationToken) =>
        ApiId.TryParse(id, out var book) ? await PlacedAsync(states.PageDevicesAsync(book, page, await actor.FindAsync(), cancellationToken)) : null;

    private static async Task<BookPart<BookUser>?> UsersAsync(BookStates states, string id, BookStatePage page, CoreActor actor, CancellationToken cancellationToken) =>
        ApiId.TryParse(id, out var book) ? await PlacedAsync(states.PageUsersAsync(book, page, await actor.FindAsync(), cancellationToken)) : null;

    private static async Task<BookPart<T>?> PlacedAsync<T>(Task<BookPart<T>?> reading)
    {
        try
        {
            return await reading;
        }
        catch (FormatException)
        {
            throw GraphSkipTokens.Foreign();
        }
    }

    private static async Task<BookUser?> FindUserAsync(BookStates states, string id, string userId, CoreActor actor, CancellationToken cancellationToken) =>
        ApiId.TryParse(id, out var book) && ApiId.TryParse(userId, out var person) ? await states.FindUserAsync(book, person, await actor.FindAsync(), cancellationToken) : null;

    private static GraphError NoUser() => GraphError.NotFound("There is no such userInstallStateSummary.");

    private static IResult Number(int count) => Results.Text(count.ToString(CultureInfo.InvariantCulture));
}
