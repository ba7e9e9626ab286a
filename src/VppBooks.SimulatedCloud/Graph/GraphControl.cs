using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud.Graph;

/// <summary>The switches over HTTP, for scripts and for tests that run in another process.</summary>
internal static class GraphControl
{
    /// <summary>Maps the switches under <c>/_sim/graph</c>.</summary>
    public static void MapGraphControl(this WebApplication app, GraphSimulator graph)
    {
        var control = app.MapGroup("/_sim/graph").AddEndpointFilter(async (context, next) =>
        {
            try
            {
                return await next(context);
            }
            catch (KeyNotFoundException)
            {
                return Results.NotFound();
            }
        });

        control.MapGet("/requests", () => Results.Json(new { total = graph.Requests.Total, counts = graph.Requests.Counts, recent = graph.Requests.Recent }));
        control.MapDelete("/requests", () => Done(graph.Requests.Clear));

        control.MapPost("/faults", (int? count, string? path, int? status, double? retryAfter) =>
            Done(() => graph.FailNext(count ?? 1, path ?? "", status ?? 429, retryAfter)));
        control.MapDelete("/faults", () => Done(() =>
        {
            graph.ClearFaults();
            graph.ConsentWithdrawn = false;
            graph.Latency = TimeSpan.Zero;
        }));
        control.MapPost("/consent", (bool withdrawn) => Done(() => graph.ConsentWithdrawn = withdrawn));
        control.MapPost("/latency", (double milliseconds) => Done(() => graph.Latency = TimeSpan.FromMilliseconds(milliseconds)));
        control.MapPost("/delta/expire", (int? status, string? code) => Done(() => graph.ExpireDeltaTokens(status ?? 410, code ?? "syncStateNotFound")));

        control.MapPost("/groups", (string name) => Results.Json(new { id = graph.AddGroup(name).Id }, statusCode: 201));
        control.MapDelete("/groups/{group:guid}", (Guid group, bool? restorable) => Done(() => graph.DeleteGroup(group, restorable)));
        control.MapPost("/groups/{group:guid}/restore", (Guid group) => Done(() => graph.RestoreGroup(group)));
        control.MapPost("/groups/{group:guid}/rename", (Guid group, string name) => Done(() => graph.RenameGroup(group, name)));
        control.MapPost("/groups/{group:guid}/members/{member:guid}", (Guid group, Guid member) => Done(() => graph.AddMember(group, member)));
        control.MapDelete("/groups/{group:guid}/members/{member:guid}", (Guid group, Guid member) => Done(() => graph.RemoveMember(group, member)));

        control.MapGet("/people", (string? search) => Results.Json(Find(graph.Directory, search ?? "")));
        control.MapPost("/people", (string given, string surname, string address) => Results.Json(new { id = graph.AddPerson(given, surname, address).Id }, statusCode: 201));
        control.MapDelete("/people/{person:guid}", (Guid person) => Done(() => graph.DeletePerson(person)));
        control.MapPost("/people/{person:guid}/restore", (Guid person) => Done(() => graph.RestorePerson(person)));
        control.MapPost("/people/{person:guid}/rename", (Guid person, string given, string surname) => Done(() => graph.RenamePerson(person, given, surname)));
        control.MapPost("/people/{person:guid}/disable", (Guid person) => Done(() => graph.DisablePerson(person)));
        control.MapPost("/people/{person:guid}/roles/{role}", (Guid person, string role) => Done(() => graph.GrantRole(person, role)));
        control.MapDelete("/people/{person:guid}/roles/{role}", (Guid person, string role) => Done(() => graph.WithdrawRole(person, role)));
        control.MapPost("/people/{person:guid}/enable", (Guid person) => Done(() => graph.EnablePerson(person)));
    }

    private static IResult Done(Action action)
    {
        action();
        return Results.NoContent();
    }

    private static object[] Find(SimulatedDirectory directory, string search)
    {
        lock (directory.Gate)
        {
            return [.. directory.People.Values
                .Where(person => person.DisplayName.Contains(search, StringComparison.OrdinalIgnoreCase)
                    || person.UserPrincipalName.Contains(search, StringComparison.OrdinalIgnoreCase))
                .Take(50)
                .Select(person => (object)new { person.Id, person.DisplayName, person.UserPrincipalName, person.ManagedAppleAccount })];
        }
    }
}
