using System.Collections.Concurrent;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.StaticAssets;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Tests.Api;
using VppBooks.Web.Api;

namespace VppBooks.Tests.Security;

/// <content>Doors: every endpoint of the running program, asked over HTTP with a real session or a real token.</content>
public sealed partial class RoleMatrixTests(ApiHouse house) : IClassFixture<ApiHouse>
{
    private const Who Tokens = Who.Administrator;
    private const Who Giving = Who.Administrator | Who.Assigner;
    private const Who Syncing = Who.Administrator | Who.Assigner | Who.Helpdesk;
    private const Who Activity = Who.Administrator | Who.Helpdesk | Who.Auditor;
    private const string Api = "/v1.0/deviceAppManagement";

    /// <summary>For whom each door is. <c>/beta</c> is <c>/v1.0</c> under another name.</summary>
    private static readonly Dictionary<string, Who> _doors = new(StringComparer.OrdinalIgnoreCase)
    {
        // The console.
        ["GET /"] = Who.Console,
        ["GET /apps/ebooks"] = Who.Console,
        ["GET /apps/ebooks/{Id:guid}"] = Who.Console,
        ["GET /apps/ebooks/{BookId:guid}/plan/{PlanId:guid}"] = Who.Console,
        ["GET /groups"] = Who.Console,
        ["GET /groups/{Id:guid}"] = Who.Console,
        ["GET /monitor/activity"] = Activity,
        ["GET /monitor/alerts"] = Who.Console,
        ["GET /monitor/forecast"] = Who.Console,
        ["GET /monitor/forecast/shopping-list"] = Who.Console,
        ["GET /monitor/reports"] = Who.Console,
        ["GET /monitor/reports/history"] = Who.Console,
        ["GET /monitor/reports/people"] = Who.Console,
        ["GET /monitor/reports/titles"] = Who.Console,
        ["GET /monitor/reports/titles/twice"] = Who.Console,
        ["GET /monitor/reports/titles/{AdamId:long}"] = Who.Console,
        ["GET /monitor/reports/unserved"] = Who.Console,
        ["GET /monitor/verify"] = Who.Console,
        ["GET /people"] = Who.Console,
        ["GET /people/stuck-copies"] = Who.Console,
        ["GET /people/with-leavers"] = Who.Console,
        ["GET /people/{Id:guid}"] = Who.Console,
        ["GET /people/{PersonId:guid}/books/{BookId:guid}"] = Who.Console,
        ["GET /reports"] = Who.Console,
        ["GET /search"] = Who.Console,
        ["GET /settings"] = Activity,
        ["GET /tenant/connectors/apple-vpp-tokens"] = Who.Console,
        ["GET /tenant/connectors/apple-vpp-tokens/{Id:guid}"] = Who.Console,

        // Readers.
        ["GET /covers/{titleId:int}"] = Who.SignedIn,
        ["GET /library"] = Who.SignedIn,
        ["GET /library/data.json"] = Who.SignedIn,
        ["POST /library/get"] = Who.SignedIn,
        ["POST /library/invitation"] = Who.SignedIn,

        // Signing in and out, and what is said when something is wrong.
        ["GET /account/access-denied"] = Who.SignedIn,
        ["GET /account/sign-in-failed"] = Who.Everybody,
        ["GET /account/signed-out"] = Who.Everybody,
        ["POST /account/language"] = Who.Everybody,
        ["POST /account/signout"] = Who.Everybody,
        ["GET /api-reference/favicon.svg"] = Who.Everybody,
        ["GET /api-reference/scalar.aspnetcore.js"] = Who.Everybody,
        ["GET /api-reference/scalar.js"] = Who.Everybody,
        ["GET /error"] = Who.Everybody,
        ["GET /not-found"] = Who.SignedIn,
        ["GET /status/{Code:int}"] = Who.Everybody,
        ["GET /health/live"] = Who.Everybody,
        ["GET /health/ready"] = Who.Everybody,

        // Files.
        ["GET /exports/activity"] = Activity,
        ["GET /exports/alerts"] = Who.Console,
        ["GET /exports/book-groups"] = Who.Console,
        ["GET /exports/book-people"] = Who.Console,
        ["GET /exports/books"] = Who.Console,
        ["GET /exports/categories"] = Who.Console,
        ["GET /exports/copies-with-leavers"] = Who.Console,
        ["GET /exports/forecast"] = Who.Console,
        ["GET /exports/group-books"] = Who.Console,
        ["GET /exports/group-members"] = Who.Console,
        ["GET /exports/groups"] = Who.Console,
        ["GET /exports/license-history"] = Who.Console,
        ["GET /exports/license-use"] = Who.Console,
        ["GET /exports/notifications"] = Who.Console,
        ["GET /exports/past-holders"] = Who.Console,
        ["GET /exports/people"] = Who.Console,
        ["GET /exports/person-books"] = Who.Console,
        ["GET /exports/person-devices"] = Who.Console,
        ["GET /exports/person-entitlements"] = Who.Console,
        ["GET /exports/person-mails"] = Who.Console,
        ["GET /exports/person-registrations"] = Who.Console,
        ["GET /exports/plan-people"] = Who.Console,
        ["GET /exports/plans-awaiting-approval"] = Who.Console,
        ["GET /exports/shared-titles"] = Who.Console,
        ["GET /exports/shopping-list"] = Who.Console,
        ["GET /exports/stuck-copies"] = Who.Console,
        ["GET /exports/sync-runs"] = Who.Console,
        ["GET /exports/title-copies"] = Who.Console,
        ["GET /exports/tokens"] = Who.Console,
        ["GET /exports/unregistered-people"] = Who.Console,
        ["GET /exports/unserved-copies"] = Who.Console,
        ["GET /exports/verification-differences"] = Who.Console,
        ["GET /exports/waiting-list"] = Who.Console,
        ["GET /people/{id:guid}/data.json"] = Who.Administrator,
        ["GET /openapi/{documentName}.json"] = Who.Console,
        ["GET /api-reference/{documentName?}"] = Who.Console,

        // The API in Graph's shape.
        ["GET /v1.0/$metadata"] = Who.Console,
        ["POST /v1.0/$batch"] = Who.Console,
        [$"GET {Api}/vppTokens"] = Who.Console,
        [$"GET {Api}/vppTokens/$count"] = Who.Console,
        [$"GET {Api}/vppTokens/{{id}}"] = Who.Console,
        [$"POST {Api}/vppTokens"] = Tokens,
        [$"PATCH {Api}/vppTokens/{{id}}"] = Tokens,
        [$"DELETE {Api}/vppTokens/{{id}}"] = Tokens,
        [$"POST {Api}/vppTokens/{{id}}/syncLicenses"] = Syncing,
        [$"POST {Api}/vppTokens/{{id}}/microsoft.graph.syncLicenses"] = Syncing,
        [$"POST {Api}/vppTokens/{{id}}/revokeLicenses"] = Tokens,
        [$"POST {Api}/vppTokens/{{id}}/microsoft.graph.revokeLicenses"] = Tokens,
        [$"POST {Api}/vppTokens/syncLicenseCounts"] = Syncing,
        [$"POST {Api}/vppTokens/microsoft.graph.syncLicenseCounts"] = Syncing,
        [$"GET {Api}/vppTokens/getLicensesForApp(bundleId='{{bundleId}}')"] = Who.Console,
        [$"GET {Api}/vppTokens/microsoft.graph.getLicensesForApp(bundleId='{{bundleId}}')"] = Who.Console,
        [$"GET {Api}"] = Who.Console,
        ["GET /v1.0/deviceManagement/depOnboardingSettings/getExpiringVppTokenCount(expiringBeforeDateTime='{moment}')"] = Who.Console,
        ["GET /v1.0/deviceManagement/depOnboardingSettings/microsoft.graph.getExpiringVppTokenCount(expiringBeforeDateTime='{moment}')"] = Who.Console,
        ["GET /v1.0/deviceManagement/auditEvents"] = Activity,
        ["GET /v1.0/deviceManagement/auditEvents/$count"] = Activity,
        ["GET /v1.0/deviceManagement/auditEvents/{id}"] = Activity,
        ["GET /v1.0/deviceManagement/auditEvents/getAuditCategories"] = Activity,
        ["GET /v1.0/deviceManagement/auditEvents/getAuditCategories()"] = Activity,
        ["GET /v1.0/deviceManagement/auditEvents/microsoft.graph.getAuditCategories"] = Activity,
        ["GET /v1.0/deviceManagement/auditEvents/microsoft.graph.getAuditCategories()"] = Activity,
        ["GET /v1.0/deviceManagement/auditEvents/getAuditActivityTypes(category='{category}')"] = Activity,
        ["GET /v1.0/deviceManagement/auditEvents/microsoft.graph.getAuditActivityTypes(category='{category}')"] = Activity,
        [$"GET {Api}/managedEBooks"] = Who.Console,
        [$"GET {Api}/managedEBooks/$count"] = Who.Console,
        [$"GET {Api}/managedEBooks/microsoft.graph.iosVppEBook"] = Who.Console,
        [$"GET {Api}/managedEBooks/microsoft.graph.iosVppEBook/$count"] = Who.Console,
        [$"GET {Api}/managedEBooks/graph.iosVppEBook"] = Who.Console,
        [$"GET {Api}/managedEBooks/graph.iosVppEBook/$count"] = Who.Console,
        [$"GET {Api}/managedEBooks/{{id}}"] = Who.Console,
        [$"GET {Api}/managedEBooks/{{id}}/microsoft.graph.iosVppEBook"] = Who.Console,
        [$"GET {Api}/managedEBooks/{{id}}/graph.iosVppEBook"] = Who.Console,
        [$"POST {Api}/managedEBooks"] = Tokens,
        [$"PATCH {Api}/managedEBooks/{{id}}"] = Tokens,
        [$"DELETE {Api}/managedEBooks/{{id}}"] = Tokens,
        [$"POST {Api}/managedEBooks/{{id}}/assign"] = Giving,
        [$"POST {Api}/managedEBooks/{{id}}/microsoft.graph.assign"] = Giving,
        [$"GET {Api}/managedEBooks/{{id}}/assignments"] = Who.Console,
        [$"GET {Api}/managedEBooks/{{id}}/assignments/$count"] = Who.Console,
        [$"POST {Api}/managedEBooks/{{id}}/assignments"] = Giving,
        [$"GET {Api}/managedEBooks/{{id}}/assignments/{{assignmentId}}"] = Who.Console,
        [$"PATCH {Api}/managedEBooks/{{id}}/assignments/{{assignmentId}}"] = Giving,
        [$"DELETE {Api}/managedEBooks/{{id}}/assignments/{{assignmentId}}"] = Giving,
        [$"GET {Api}/managedEBooks/{{id}}/installSummary"] = Who.Console,
        [$"GET {Api}/managedEBooks/{{id}}/deviceStates"] = Who.Console,
        [$"GET {Api}/managedEBooks/{{id}}/deviceStates/$count"] = Who.Console,
        [$"GET {Api}/managedEBooks/{{id}}/deviceStates/{{deviceStateId}}"] = Who.Console,
        [$"GET {Api}/managedEBooks/{{id}}/userStateSummary"] = Who.Console,
        [$"GET {Api}/managedEBooks/{{id}}/userStateSummary/$count"] = Who.Console,
        [$"GET {Api}/managedEBooks/{{id}}/userStateSummary/{{userId}}"] = Who.Console,
        [$"GET {Api}/managedEBooks/{{id}}/userStateSummary/{{userId}}/deviceStates"] = Who.Console,
        [$"GET {Api}/managedEBooks/{{id}}/userStateSummary/{{userId}}/deviceStates/{{deviceStateId}}"] = Who.Console,
        [$"GET {Api}/managedEBooks/{{id}}/categories"] = Who.Console,
        [$"GET {Api}/managedEBooks/{{id}}/categories/$count"] = Who.Console,
        [$"GET {Api}/managedEBooks/{{id}}/categories/{{categoryId}}"] = Who.Console,
        [$"POST {Api}/managedEBooks/{{id}}/categories"] = Tokens,
        [$"POST {Api}/managedEBooks/{{id}}/categories/$ref"] = Tokens,
        [$"DELETE {Api}/managedEBooks/{{id}}/categories/{{categoryId}}"] = Tokens,
        [$"DELETE {Api}/managedEBooks/{{id}}/categories/{{categoryId}}/$ref"] = Tokens,
        [$"GET {Api}/managedEBookCategories"] = Who.Console,
        [$"GET {Api}/managedEBookCategories/$count"] = Who.Console,
        [$"GET {Api}/managedEBookCategories/{{categoryId}}"] = Who.Console,
        [$"POST {Api}/managedEBookCategories"] = Tokens,
        [$"PATCH {Api}/managedEBookCategories/{{categoryId}}"] = Tokens,
        [$"DELETE {Api}/managedEBookCategories/{{categoryId}}"] = Tokens,

        // The API of its own.
        ["GET /api/activity"] = Activity,
        ["GET /api/books/{bookId}/days/{day}"] = Who.Console,
        ["GET /api/books/{bookId}/waiting-list"] = Who.Console,
        ["GET /api/people/{id}/books/{bookId}/why"] = Who.Console,
        ["GET /api/plans/awaiting-approval"] = Who.Console,
        ["GET /api/plans/{planId}"] = Who.Console,
        ["GET /api/plans/{planId}/people"] = Who.Console,
        ["GET /api/reports/forecast"] = Who.Console,
        ["GET /api/reports/history"] = Who.Console,
        ["GET /api/reports/licenses"] = Who.Console,
        ["GET /api/reports/shopping"] = Who.Console,
        ["GET /api/reports/titles"] = Who.Console,
        ["GET /api/reports/unregistered"] = Who.Console,
        ["GET /api/reports/unserved"] = Who.Console,
        ["GET /api/reports/use"] = Who.Console,
        ["POST /api/books/{bookId}/plans"] = Giving,
        ["POST /api/plans/{planId}/commit"] = Giving,
        ["POST /api/plans/{planId}/approve"] = Giving,
        ["POST /api/plans/{planId}/reject"] = Giving,
        ["POST /api/plans/{planId}/undo"] = Giving,

        // The connection behind the pages.
        ["GET /_blazor"] = Who.SignedIn,
        ["POST /_blazor/negotiate"] = Who.SignedIn,
        ["POST /_blazor/disconnect"] = Who.SignedIn,
        ["GET /_blazor/initializers"] = Who.SignedIn,
        ["GET /_framework/opaque-redirect"] = Who.SignedIn,

        // What is named like a file and is none.
        ["GET /{**path:file}"] = Who.SignedIn,
    };

    /// <summary>Doors that send everybody to sign in, or know no people at all: the way to Entra, and Apple's own with its own secret.</summary>
    private static readonly HashSet<string> _asksEverybody = new(StringComparer.OrdinalIgnoreCase) { "GET /account/signin", "POST /apple/notifications/{locationId:guid}" };

    [Fact]
    public async Task Every_door_opens_for_whom_it_is_and_for_nobody_else()
    {
        var endpoints = house.Services.GetServices<EndpointDataSource>().SelectMany(s => s.Endpoints).OfType<RouteEndpoint>().ToList();
        var files = endpoints.Where(e => e.Metadata.GetMetadata<StaticAssetDescriptor>() is not null).ToList();
        Assert.All(files, file => Assert.NotNull(file.Metadata.GetMetadata<IAllowAnonymous>()));

        var doors = endpoints.Except(files).Select(Door).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var known = doors.Select(d => d.Replace(" /beta/", " /v1.0/", StringComparison.Ordinal)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        AssertNone(
            [
                .. known.Where(d => !_doors.ContainsKey(d) && !_asksEverybody.Contains(d)).Order(StringComparer.Ordinal).Select(d => $"{d} is new: write into the table for whom it is."),
                .. _doors.Keys.Concat(_asksEverybody).Where(d => !known.Contains(d)).Select(d => $"{d} is in the table and nowhere else."),
            ],
            "Endpoints and the table of doors differ");

        var sessions = new Dictionary<Who, string>();
        foreach (var who in _everyone.Where(w => w != Who.Anonymous))
        {
            sessions[who] = await house.SignInAsync(who.ToString().ToLowerInvariant().Replace("administrator", "admin", StringComparison.Ordinal));
        }

        var faults = new ConcurrentBag<string>();
        var asked = doors.SelectMany(door => _everyone.SelectMany(who => Ways(door).Select(bearer => (door, who, bearer))));
        await Parallel.ForEachAsync(asked, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = TestContext.Current.CancellationToken }, async (one, _) =>
        {
            var (door, who, bearer) = one;
            var expected = _asksEverybody.Contains(door) ? Answer.SignIn
                : _doors[door.Replace(" /beta/", " /v1.0/", StringComparison.Ordinal)].HasFlag(who) ? Answer.Opens
                : who == Who.Anonymous ? Answer.SignIn
                : Answer.Refused;
            using var answer = await AskAsync(door, who, bearer, sessions);
            var got = Tell(answer, door);
            if (got != expected)
            {
                faults.Add($"{door} as {who}{(bearer ? " with a token" : "")}: {got}, should be {expected} ({(int)answer.StatusCode} {answer.Headers.Location})");
            }
        });

        AssertNone([.. faults.Order(StringComparer.Ordinal)], "Doors that stand wrong");
    }

    private enum Answer
    {
        Opens,
        SignIn,
        Refused,
        Breaks,
    }

    private static Answer Tell(HttpResponseMessage answer, string door)
    {
        var target = answer.Headers.Location is { } to ? (to.IsAbsoluteUri ? to.AbsolutePath : to.OriginalString.Split('?')[0]) : null;
        return answer.StatusCode switch
        {
            HttpStatusCode.Unauthorized => Answer.SignIn,
            HttpStatusCode.Redirect when target!.EndsWith("/authorize", StringComparison.Ordinal) => Answer.SignIn,
            HttpStatusCode.Forbidden => Answer.Refused,
            HttpStatusCode.Redirect when target == "/account/access-denied" => Answer.Refused,

            // Somebody without a role at the console's front door is shown to the own page.
            HttpStatusCode.Redirect when door == "GET /" && target == "/library" => Answer.Refused,
            >= HttpStatusCode.InternalServerError when door != "GET /error" => Answer.Breaks,
            _ => Answer.Opens,
        };
    }

    /// <summary>Method and pattern, as the table has them.</summary>
    private static string Door(RouteEndpoint endpoint)
    {
        var pattern = "/" + endpoint.RoutePattern.RawText?.Trim('/');
        var methods = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [];
        var method = methods.Count == 0
            ? pattern is "/_blazor/negotiate" or "/_blazor/disconnect" ? "POST" : "GET"
            : methods.Contains("GET") ? "GET" : methods[0];
        return $"{method} {pattern}";
    }

    /// <summary>Sessions for browsers, tokens for programs; lists and the description of the API serve both.</summary>
    private static bool[] Ways(string door)
    {
        var path = door[door.IndexOf('/', StringComparison.Ordinal)..];
        return ApiRoutes.Match(path) ? [true]
            : path.StartsWith("/exports", StringComparison.Ordinal) || path.StartsWith("/openapi", StringComparison.Ordinal) ? [false, true]
            : [false];
    }

    private async Task<HttpResponseMessage> AskAsync(string door, Who who, bool bearer, Dictionary<Who, string> sessions)
    {
        var (method, path) = (door[..door.IndexOf(' ', StringComparison.Ordinal)], door[(door.IndexOf(' ', StringComparison.Ordinal) + 1)..]);
        path = Placeholder.Replace(path, m => (m.Groups["name"].Value, m.Groups["kind"].Value) switch
        {
            (_, ":int" or ":long") => "404",
            (_, ":file") => "none.txt",
            ("documentName" or "documentName?", _) => "v1",
            _ => "6f9619ff-8b86-4011-b42d-00cf4fc964ff",
        });
        using HttpContent? body = method is "GET" or "DELETE" ? null : bearer ? ApiHouse.Json("{}") : new FormUrlEncodedContent([]);
        var token = !bearer || who == Who.Anonymous ? null : RoleOf(who) is { } role ? house.TokenOf(role) : house.TokenOf();
        return await house.SendAsync(HttpMethod.Parse(method), path, body, token, role: null, headers: !bearer && who != Who.Anonymous ? [("Cookie", sessions[who])] : []);
    }

    [GeneratedRegex(@"\{(?<name>[^}:]+)(?<kind>:[^}]+)?\}", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Placeholder { get; }
}
