using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Persistence;
using VppBooks.Tests.Architecture;
using VppBooks.Web.Api.Graph;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Api;

/// <summary>What one request of a batch must not do to the others, nor to us.</summary>
[Collection(SyncedApi.Name)]
public sealed class BatchFaultTests(SyncedHouse house)
{
    private const string Inner = """{"requests":[{"id":"1","method":"GET","url":"/deviceAppManagement/vppTokens"}]}""";
    private readonly ApiHouse _api = house.Api;

    [Theory]
    [InlineData("/$batch")]
    [InlineData("$batch/")]
    [InlineData("/%24batch")]
    [InlineData("/$b%61tch")]
    [InlineData("/$BATCH?x=1")]
    public async Task A_batch_inside_a_batch_is_refused_however_its_address_is_written(string url)
    {
        var answers = await AskAsync($$"""{"requests":[{"id":"in","method":"POST","url":"{{url}}","body":{{Inner}}},{"id":"other","method":"GET","url":"/deviceAppManagement/vppTokens"}]}""");

        Assert.Equal([400, 200], answers.Select(Status));
        Assert.Contains("nested", answers[0].GetProperty("body").ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/deviceAppManagement/vppTokens/%00")]
    [InlineData("/deviceAppManagement/%2e%2e/%2E%2E/api/activity")]
    [InlineData("/../api/activity")]
    [InlineData("/deviceAppManagement\\\\vppTokens")]
    [InlineData("/deviceAppManagement/vppTokens%0a")]
    public async Task A_url_that_cannot_be_read_is_the_fault_of_its_own_request_alone(string url)
    {
        var answers = await AskAsync($$"""
            {"requests":[{"id":"good","method":"GET","url":"/deviceAppManagement/vppTokens"},{"id":"bad","method":"GET","url":"{{url}}"},{"id":"after","method":"GET","url":"/deviceAppManagement/vppTokens","dependsOn":["bad"]}]}
            """);

        Assert.Equal([200, 400, 424], answers.Select(Status));
        Assert.Contains("url", answers[1].GetProperty("body").GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("displayName eq 'no such book'")]
    [InlineData("displayName eq '../no/such$batch#1'")]
    [InlineData("displayName eq 'géén boek'")]
    public async Task A_filter_may_hold_blanks_and_any_sign(string filter)
    {
        var answers = await AskAsync($$"""{"requests":[{"id":"1","method":"GET","url":"/deviceAppManagement/managedEBooks?$filter={{filter}}"}]}""");

        Assert.Equal(200, Status(answers[0]));
        Assert.Empty(answers[0].GetProperty("body").GetProperty("value").EnumerateArray());
    }

    [Fact]
    public async Task Each_request_of_a_batch_has_an_event_of_its_own_in_the_log_and_causes_no_noise()
    {
        var id = Guid.NewGuid().ToString("N");
        await AskAsync($$"""{"requests":[{"id":"{{id}}","method":"PATCH","url":"/deviceAppManagement/vppTokens/x","body":{"displayName":"x"} }]}""");

        var events = CapturedLog.Events.Where(e => e.Properties.TryGetValue("Reference", out var reference) && reference.ToString().Contains(id, StringComparison.Ordinal)).ToList();
        var line = Assert.Single(events).RenderMessage(CultureInfo.InvariantCulture);
        Assert.Contains("PATCH", line, StringComparison.Ordinal);
        Assert.Contains("404", line, StringComparison.Ordinal);
        Assert.DoesNotContain(CapturedLog.Events, e => e.MessageTemplate.Text.Contains("body size limit", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_on_a_batch_keeps_no_copy_of_its_answers_and_freezes_no_failure()
    {
        var (outer, inner) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        var token = _api.TokenOf(Roles.Administrator);
        var body = $$"""
            {"requests":[
              {"id":"read","method":"GET","url":"/deviceAppManagement/managedEBooks?$top=5"},
              {"id":"change","method":"POST","url":"/deviceAppManagement/vppTokens","headers":{"Idempotency-Key":"{{inner}}"},"body":{"displayName":"x"} }]}
            """;

        using var first = await _api.SendAsync(HttpMethod.Post, "/v1.0/$batch", ApiHouse.Json(body), token, headers: ("Idempotency-Key", outer));
        using var again = await _api.SendAsync(HttpMethod.Post, "/v1.0/$batch", ApiHouse.Json(body), token, headers: ("Idempotency-Key", outer));

        Assert.False(again.Headers.Contains("Idempotency-Replayed"));
        var answers = JsonDocument.Parse(await again.Content.ReadAsStringAsync()).RootElement.GetProperty("responses");
        Assert.Equal("true", answers[1].GetProperty("headers").GetProperty("Idempotency-Replayed").GetString());
        await using var db = await _api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        Assert.Equal([inner], await db.IdempotentRequests.Where(r => r.Key == outer || r.Key == inner).Select(r => r.Key).ToListAsync());
    }

    [Fact]
    public async Task Answers_of_a_batch_are_bounded_together_and_what_was_not_served_says_so()
    {
        var batch = _api.Services.GetRequiredService<GraphBatch>();
        var usual = batch.MostBytes;
        batch.MostBytes = 20_000;
        try
        {
            var steps = string.Join(',', Enumerable.Range(0, 20).Select(i => $$"""{"id":"{{i}}","method":"GET","url":"/deviceAppManagement/managedEBooks?$top=10"}"""));
            var answers = await AskAsync($$"""{"requests":[{{steps}}]}""");

            Assert.Equal(200, Status(answers[0]));
            Assert.InRange(answers.Count(a => Status(a) == 200), 2, 10);
            Assert.Equal(429, Status(answers[^1]));
            Assert.Equal("1", answers[^1].GetProperty("headers").GetProperty("Retry-After").GetString());
        }
        finally
        {
            batch.MostBytes = usual;
        }
    }

    private static int Status(JsonElement answer) => answer.GetProperty("status").GetInt32();

    private async Task<List<JsonElement>> AskAsync(string body)
    {
        using var answer = await _api.SendAsync(HttpMethod.Post, "/v1.0/$batch", ApiHouse.Json(body));
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return [.. JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("responses").EnumerateArray()];
    }
}
