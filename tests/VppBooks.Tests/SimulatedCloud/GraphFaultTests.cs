using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Graph;
using Microsoft.Graph.Models.ODataErrors;
using VppBooks.SimulatedCloud;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>What goes wrong with Graph, and many questions at once.</summary>
public sealed class GraphFaultTests : IAsyncLifetime
{
    private SimulatedMicrosoft _microsoft = null!;
    private GraphServiceClient _graph = null!;

    public async ValueTask InitializeAsync()
    {
        _microsoft = await SimulatedMicrosoft.StartAsync();
        _graph = _microsoft.GraphClient();
    }

    public async ValueTask DisposeAsync()
    {
        _graph.Dispose();
        await _microsoft.DisposeAsync();
    }

    [Fact]
    public async Task A_batch_answers_each_step_with_a_status_of_its_own()
    {
        var (class4A, gone) = (_microsoft.GroupId("Class 4A"), Guid.NewGuid());
        _microsoft.Graph.FailNext(1, "/users", 429, retryAfterSeconds: 2.128);
        var batch = new BatchRequestContentCollection(_graph);
        var good = await batch.AddBatchRequestStepAsync(_graph.Groups[class4A.ToString()].ToGetRequestInformation());
        var missing = await batch.AddBatchRequestStepAsync(_graph.Groups[gone.ToString()].ToGetRequestInformation());
        var throttled = await batch.AddBatchRequestStepAsync(_graph.Users.ToGetRequestInformation());
        var members = await batch.AddBatchRequestStepAsync(_graph.Groups[class4A.ToString()].TransitiveMembers.GraphUser.ToGetRequestInformation(request =>
        {
            request.QueryParameters.Count = true;
            request.Headers.Add("ConsistencyLevel", "eventual");
        }));

        var answers = await _graph.Batch.PostAsync(batch);
        var statuses = await answers.GetResponsesStatusCodesAsync();
        using var retry = await answers.GetResponseByIdAsync(throttled);

        Assert.Equal(
            [HttpStatusCode.OK, HttpStatusCode.NotFound, HttpStatusCode.TooManyRequests, HttpStatusCode.OK],
            new[] { good, missing, throttled, members }.Select(id => statuses[id]));
        Assert.Equal("Class 4A", (await answers.GetResponseByIdAsync<Microsoft.Graph.Models.Group>(good)).DisplayName);
        Assert.Equal(28, (await answers.GetResponseByIdAsync<Microsoft.Graph.Models.UserCollectionResponse>(members)).Value!.Count);
        Assert.Equal("2.128", retry.Headers.NonValidated["Retry-After"].ToString());
        Assert.Equal(5, _microsoft.Graph.Requests.Total);
    }

    [Fact]
    public async Task Twenty_one_steps_are_refused_and_a_step_waits_for_those_it_depends_on()
    {
        var many = await BatchAsync(Enumerable.Range(1, 21).Select(id => (object)new { id = $"{id}", method = "GET", url = "/users" }));
        var chain = await BatchAsync(
        [
            new { id = "1", method = "GET", url = $"/groups/{Guid.NewGuid()}" },
            new { id = "2", method = "GET", url = "/organization", dependsOn = new[] { "1" } },
            new { id = "3", method = "GET", url = "/v1.0/users" },
        ]);

        Assert.Equal("MaximumValueExceeded", many.GetProperty("error").GetProperty("code").GetString());
        var statuses = chain.GetProperty("responses").EnumerateArray().ToDictionary(step => step.GetProperty("id").GetString()!, step => step.GetProperty("status").GetInt32());
        Assert.Equal((404, 424, 400), (statuses["1"], statuses["2"], statuses["3"]));
    }

    [Fact]
    public async Task Throttling_tells_how_long_to_wait_and_the_official_client_obeys()
    {
        _microsoft.Graph.FailNext(1, "/groups", 429, retryAfterSeconds: 1);
        var error = await Assert.ThrowsAsync<ODataError>(() => _graph.Groups.GetAsync());
        _microsoft.Graph.FailNext(1, "/groups", 503, retryAfterSeconds: 1);
        using var patient = _microsoft.GraphClient(retries: true);

        var watch = Stopwatch.StartNew();
        var groups = await patient.Groups.GetAsync();

        Assert.Equal((429, "TooManyRequests"), (error.ResponseStatusCode, error.Error!.Code));
        Assert.Equal(["1"], error.ResponseHeaders["Retry-After"]);
        Assert.Equal(40, groups!.Value!.Count);
        Assert.True(watch.ElapsedMilliseconds >= 900, "The client did not wait.");
        Assert.Equal(3, _microsoft.Graph.Requests.Counts["GET /groups"]);
    }

    [Fact]
    public async Task Without_consent_nothing_can_be_read_and_writing_is_never_allowed()
    {
        _microsoft.Graph.ConsentWithdrawn = true;
        var read = await Assert.ThrowsAsync<ODataError>(() => _graph.Users.GetAsync());
        _microsoft.Graph.ConsentWithdrawn = false;
        var write = await Assert.ThrowsAsync<ODataError>(() => _graph.Users["reader@noordrand.example"].DeleteAsync());

        Assert.Equal((403, "Authorization_RequestDenied"), (read.ResponseStatusCode, read.Error!.Code));
        Assert.Equal(403, write.ResponseStatusCode);
        Assert.Contains(_microsoft.Graph.Requests.Recent, seen => seen is { Method: "DELETE", Status: 403 });
    }

    [Fact]
    public async Task Latency_is_added_once_for_a_whole_batch()
    {
        _microsoft.Graph.Latency = TimeSpan.FromMilliseconds(400);

        var watch = Stopwatch.StartNew();
        await BatchAsync(Enumerable.Range(1, 20).Select(id => (object)new { id = $"{id}", method = "GET", url = "/organization" }));

        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(0.4), TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task The_switches_work_over_http_too()
    {
        using var client = new HttpClient { BaseAddress = new Uri(_microsoft.BaseUrl) };
        var group = _microsoft.GroupId("New arrivals");
        var person = _microsoft.Directory.People.Keys.First();

        using var added = await client.PostAsync($"/_sim/graph/groups/{group}/members/{person}", null);
        using var fault = await client.PostAsync("/_sim/graph/faults?count=1&path=/groups&status=503&retryAfter=0.5", null);
        using var unknown = await client.DeleteAsync($"/_sim/graph/people/{Guid.NewGuid()}");
        await Assert.ThrowsAsync<ODataError>(() => _graph.Groups.GetAsync());
        var seen = await client.GetFromJsonAsync<JsonElement>("/_sim/graph/requests");

        Assert.Equal((HttpStatusCode.NoContent, HttpStatusCode.NoContent, HttpStatusCode.NotFound), (added.StatusCode, fault.StatusCode, unknown.StatusCode));
        Assert.Contains(person, _microsoft.Directory.Groups[group].People);
        Assert.Equal(1, seen.GetProperty("counts").GetProperty("GET /groups").GetInt32());
    }

    [Fact]
    public async Task A_hundred_thousand_members_are_read_in_a_hundred_and_one_pages()
    {
        await using var district = await SimulatedMicrosoft.StartAsync(size: OrganizationSize.District);
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", district.GraphToken());
        client.DefaultRequestHeaders.Add("ConsistencyLevel", "eventual");
        string? address = $"{district.BaseUrl}/graph/v1.0/groups/{district.GroupId("Everyone")}/transitiveMembers/microsoft.graph.user?$select=id&$top=999&$count=true";

        var people = new HashSet<Guid>();
        var watch = Stopwatch.StartNew();
        while (address is not null)
        {
            var page = await client.GetFromJsonAsync<JsonElement>(address);
            people.UnionWith(page.GetProperty("value").EnumerateArray().Select(person => person.GetProperty("id").GetGuid()));
            address = page.TryGetProperty("@odata.nextLink", out var next) ? next.GetString() : null;
        }

        Assert.Equal(100_000, people.Count);
        Assert.Equal(101, district.Graph.Requests.Total);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"took {watch.Elapsed}");
        TestContext.Current.TestOutputHelper?.WriteLine($"{watch.Elapsed}");
    }

    private async Task<JsonElement> BatchAsync(IEnumerable<object> steps)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", _microsoft.GraphToken());
        using var answer = await client.PostAsJsonAsync(_microsoft.BaseUrl + "/graph/beta/$batch", new { requests = steps });
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }
}
