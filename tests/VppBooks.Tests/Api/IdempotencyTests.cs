using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Api;

/// <summary><c>Idempotency-Key</c> on requests that change something.</summary>
public sealed class IdempotencyTests(ApiHouse api) : IClassFixture<ApiHouse>
{
    private const string Tokens = "/v1.0/deviceAppManagement/vppTokens";

    // Each token is another caller.
    private string? _token;

    [Fact]
    public async Task F53_A_retried_post_gets_the_first_answer_and_creates_nothing_again()
    {
        var body = NewToken(ApiHouse.Business, "Business");
        var key = Guid.NewGuid().ToString();

        using var first = await PostAsync(body, key);
        using var again = await PostAsync(body, key);

        Assert.Equal(HttpStatusCode.Created, first.StatusCode);
        Assert.Equal(HttpStatusCode.Created, again.StatusCode);
        Assert.Equal(first.Headers.Location, again.Headers.Location);
        Assert.NotNull(first.Headers.ETag);
        Assert.Equal(first.Headers.ETag, again.Headers.ETag);
        Assert.Equal(first.Content.Headers.ContentType, again.Content.Headers.ContentType);
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.False(first.Headers.Contains("Idempotency-Replayed"));
        Assert.Equal("true", Assert.Single(again.Headers.GetValues("Idempotency-Replayed")));
        Assert.Equal(1, await CountAsync(db => db.Locations.CountAsync(l => l.UId == ApiHouse.Business)));
        Assert.Equal(1, await CountAsync(db => db.AuditEvents.CountAsync(a => a.Action == "location.created" && db.Locations.Any(l => l.Id == a.LocationId && l.UId == ApiHouse.Business))));

        // Without the key the same upload is what it is: a second one.
        using var plain = await api.SendAsync(HttpMethod.Post, Tokens, ApiHouse.Json(body));
        Assert.Equal(HttpStatusCode.Conflict, plain.StatusCode);

        // A deletion is answered the same way although nothing is there any more.
        var id = first.Headers.Location!.ToString().Split('/')[^1];
        var deletion = Guid.NewGuid().ToString();
        using var deleted = await api.SendAsync(HttpMethod.Delete, $"{Tokens}/{id}", token: _token, headers: ("Idempotency-Key", deletion));
        using var deletedAgain = await api.SendAsync(HttpMethod.Delete, $"{Tokens}/{id}", token: _token, headers: ("Idempotency-Key", deletion));
        using var unkeyed = await api.SendAsync(HttpMethod.Delete, $"{Tokens}/{id}");
        Assert.Equal([HttpStatusCode.NoContent, HttpStatusCode.NoContent, HttpStatusCode.NotFound], [deleted.StatusCode, deletedAgain.StatusCode, unkeyed.StatusCode]);
    }

    [Fact]
    public async Task F53_Refusals_are_given_again_word_for_word_too()
    {
        const string body = """{"token":"bm90IGpzb24=","appleId":"a@b.example","dataSharingConsentGranted":true,"displayName":"Broken"}""";
        var key = Guid.NewGuid().ToString();

        using var first = await PostAsync(body, key);
        using var again = await PostAsync(body, key);

        Assert.Equal(HttpStatusCode.BadRequest, first.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, again.StatusCode);
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Equal("application/json", again.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task F53_Keys_of_different_callers_have_nothing_to_do_with_each_other()
    {
        var key = Guid.NewGuid().ToString();
        var body = """{"token":"bm90IGpzb24=","dataSharingConsentGranted":true,"displayName":"A"}""";
        var other = """{"token":"bm90IGpzb24=","dataSharingConsentGranted":true,"displayName":"B"}""";

        using var mine = await PostAsync(body, key, api.TokenOf(Roles.Administrator));
        using var theirs = await PostAsync(other, key, api.TokenOf(Roles.Administrator));

        Assert.Equal(HttpStatusCode.BadRequest, theirs.StatusCode);
        Assert.False(theirs.Headers.Contains("Idempotency-Replayed"));
    }

    [Theory]
    [InlineData("POST", Tokens, """{"displayName":"other"}""")]
    [InlineData("POST", Tokens + "?x=1", """{"displayName":"first"}""")]
    [InlineData("POST", "/beta/deviceAppManagement/vppTokens", """{"displayName":"first"}""")]
    [InlineData("PATCH", Tokens + "/00000000-0000-4000-8000-000000000001", """{"displayName":"first"}""")]
    public async Task F54_The_same_key_with_another_request_is_refused(string method, string path, string body)
    {
        var key = Guid.NewGuid().ToString();
        using var first = await PostAsync("""{"displayName":"first"}""", key);
        Assert.Equal(HttpStatusCode.BadRequest, first.StatusCode);

        using var answer = await api.SendAsync(new HttpMethod(method), path, ApiHouse.Json(body), token: _token ??= api.TokenOf(Roles.Administrator), headers: ("Idempotency-Key", key));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.Equal("IdempotencyKeyReused", (await ApiHouse.ErrorAsync(answer)).GetProperty("code").GetString());
    }

    [Fact]
    public async Task F53_While_the_first_is_running_the_second_is_told_to_wait_and_a_caller_who_left_finds_the_answer()
    {
        var body = NewToken(ApiHouse.Library, "Library").Replace("\"displayName\"", "\"claimTokenManagementFromExternalMdm\":true,\"displayName\"", StringComparison.Ordinal);
        var key = Guid.NewGuid().ToString();
        var slow = new Fault { Action = FaultAction.Delay, Delay = TimeSpan.FromSeconds(2), Path = "*/client/config", Location = ApiHouse.Library };
        api.Cloud.Apple.Faults.Add(slow);
        using var leaves = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var token = api.TokenOf(Roles.Administrator);
        using var client = new HttpClient { BaseAddress = api.Address };
        using var request = new HttpRequestMessage(HttpMethod.Post, Tokens) { Content = ApiHouse.Json(body) };
        request.Headers.Authorization = new("Bearer", token);
        request.Headers.Add("Idempotency-Key", key);

        var first = client.SendAsync(request, leaves.Token);
        await ApiHouse.UntilAsync(() => Task.FromResult(slow.Seen), seen => seen > 0);
        using var meanwhile = await PostAsync(body, key, token);
        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        using var later = await ApiHouse.UntilAsync(() => PostAsync(body, key, token), a => a.StatusCode != HttpStatusCode.Conflict);

        Assert.Equal(HttpStatusCode.Conflict, meanwhile.StatusCode);
        Assert.Equal("IdempotencyKeyInUse", (await ApiHouse.ErrorAsync(meanwhile)).GetProperty("code").GetString());
        Assert.InRange(meanwhile.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
        Assert.Equal(HttpStatusCode.Created, later.StatusCode);
        Assert.Equal("true", Assert.Single(later.Headers.GetValues("Idempotency-Replayed")));
        Assert.Equal(1, await CountAsync(db => db.Locations.CountAsync(l => l.UId == ApiHouse.Library)));
    }

    [Fact]
    public async Task A_failure_of_the_server_is_not_remembered()
    {
        api.Cloud.Apple.Faults.Add(new Fault { Action = FaultAction.Error, ErrorNumber = 9729, RetryAfter = "7200", Path = "*/client/config", Location = ApiHouse.Education, Times = 1 });
        var body = NewToken(ApiHouse.Education, "Education");
        var key = Guid.NewGuid().ToString();

        using var failed = await PostAsync(body, key);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, failed.StatusCode);
        Assert.Equal(0, await CountAsync(db => db.IdempotentRequests.CountAsync(r => r.Key == key)));
    }

    [Fact]
    public async Task An_answer_that_would_fill_the_database_is_not_kept_when_nothing_was_done()
    {
        var faults = string.Join(',', Enumerable.Repeat("""{"installIntent":"available","target":{"@odata.type":"x"}}""", 500));
        var (path, body, key) = ($"/v1.0/deviceAppManagement/managedEBooks/{Guid.NewGuid()}/assign", $$"""{"managedEBookAssignments":[{{faults}}]}""", Guid.NewGuid().ToString());

        using var first = await api.SendAsync(HttpMethod.Post, path, ApiHouse.Json(body), headers: ("Idempotency-Key", key));

        Assert.Equal(HttpStatusCode.BadRequest, first.StatusCode);
        Assert.True((await first.Content.ReadAsStringAsync()).Length > 64 * 1024);
        Assert.Equal(0, await CountAsync(db => db.IdempotentRequests.CountAsync(r => r.Key == key)));
    }

    [Fact]
    public async Task A_slow_request_is_not_taken_for_dead_and_served_a_second_time_beside_the_first()
    {
        var requests = api.Services.GetRequiredService<IdempotentRequests>();
        var usual = requests.RenewEvery;
        var slow = new Fault { Action = FaultAction.Delay, Delay = TimeSpan.FromSeconds(1), Path = "*/client/config", Location = ApiHouse.Education, Times = 1 };
        api.Cloud.Apple.Faults.Add(slow);
        var (key, body) = (Guid.NewGuid().ToString(), NewToken(ApiHouse.Education, "Slow"));
        requests.RenewEvery = TimeSpan.FromMilliseconds(100);
        try
        {
            var serving = PostAsync(body, key);
            var begun = await ApiHouse.UntilAsync(() => SinceAsync(key), since => since is not null);
            await ApiHouse.UntilAsync(() => SinceAsync(key), since => since > begun);
            using var first = await serving;
            using var again = await PostAsync(body, key);

            Assert.Equal(HttpStatusCode.Created, first.StatusCode);
            Assert.Equal("true", Assert.Single(again.Headers.GetValues("Idempotency-Replayed")));
        }
        finally
        {
            requests.RenewEvery = usual;
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("a\tb")]
    [InlineData(null)]
    public async Task A_key_that_cannot_be_one_is_refused_before_anything_is_done(string? key)
    {
        using var answer = await PostAsync("""{"displayName":"x"}""", key ?? new string('k', 129));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var error = await ApiHouse.ErrorAsync(answer);
        Assert.Equal("IdempotencyKeyInvalid", error.GetProperty("code").GetString());
        Assert.Equal("Idempotency-Key", error.GetProperty("target").GetString());
    }

    [Fact]
    public async Task Reading_does_not_care_about_the_header_and_a_body_too_large_is_refused_with_it_as_without()
    {
        using var read = await api.SendAsync(HttpMethod.Get, Tokens, headers: ("Idempotency-Key", "two words"));
        using var huge = await PostHugeAsync();

        Assert.Equal(HttpStatusCode.OK, read.StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, huge.StatusCode);

        async Task<HttpResponseMessage> PostHugeAsync()
        {
            for (var attempt = 1; ; attempt++)
            {
                try
                {
                    return await PostAsync("{\"displayName\":\"" + new string('x', 1_200_000) + "\"}", Guid.NewGuid().ToString());
                }
                catch (HttpRequestException) when (attempt < 10)
                {
                    // The answer came before all was sent, and the connection ended with it: a client that reads too late sees only that.
                }
            }
        }
    }

    [Fact]
    public async Task A_remembered_answer_is_given_only_to_who_may_still_ask()
    {
        var key = Guid.NewGuid().ToString();
        using var first = await PostAsync("""{"displayName":"first"}""", key);

        using var demoted = await api.SendAsync(HttpMethod.Post, Tokens, ApiHouse.Json("""{"displayName":"first"}"""), role: Roles.Auditor, headers: ("Idempotency-Key", key));

        Assert.Equal(HttpStatusCode.Forbidden, demoted.StatusCode);
    }

    private Task<HttpResponseMessage> PostAsync(string body, string key, string? token = null) =>
        api.SendAsync(HttpMethod.Post, Tokens, ApiHouse.Json(body), token: token ?? (_token ??= api.TokenOf(Roles.Administrator)), headers: ("Idempotency-Key", key));

    private string NewToken(string uId, string name) =>
        $$"""{"token":"{{Encoding.ASCII.GetString(api.Cloud.Apple.IssueToken(uId))}}","appleId":"books@noordrand.example","dataSharingConsentGranted":true,"displayName":"{{name}}"}""";

    private async Task<DateTimeOffset?> SinceAsync(string key)
    {
        await using var db = await api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        return await db.IdempotentRequests.Where(r => r.Key == key).Select(r => (DateTimeOffset?)r.CreatedAt).SingleOrDefaultAsync();
    }

    private async Task<int> CountAsync(Func<VppBooksDbContext, Task<int>> count)
    {
        await using var db = await api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        return await count(db);
    }
}
