using System.Net;
using System.Text.Json;
using System.Xml.Linq;
using Microsoft.Graph;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Api;

/// <summary>Several requests in one, and the schema of what is served.</summary>
[Collection(SyncedApi.Name)]
public sealed class BatchTests(SyncedHouse house)
{
    private readonly ApiHouse _api = house.Api;

    [Fact]
    public async Task Microsofts_client_reads_several_things_at_once()
    {
        var graph = _api.Graph();
        var batch = new BatchRequestContentCollection(graph);
        var tokens = await batch.AddBatchRequestStepAsync(graph.DeviceAppManagement.VppTokens.ToGetRequestInformation());
        var books = await batch.AddBatchRequestStepAsync(graph.DeviceAppManagement.ManagedEBooks.ToGetRequestInformation(r => r.QueryParameters.Top = 2));

        var answers = await graph.Batch.PostAsync(batch, TestContext.Current.CancellationToken);

        Assert.Single((await answers.GetResponseByIdAsync<Microsoft.Graph.Models.VppTokenCollectionResponse>(tokens)).Value!);
        Assert.Equal(2, (await answers.GetResponseByIdAsync<Microsoft.Graph.Models.ManagedEBookCollectionResponse>(books)).Value!.Count);
    }

    [Fact]
    public async Task Each_request_has_its_own_outcome()
    {
        var answers = await AskAsync("""
            {"requests":[
              {"id":"last","method":"GET","url":"/deviceAppManagement/vppTokens","dependsOn":["missing"]},
              {"id":"missing","method":"GET","url":"/deviceAppManagement/vppTokens/x"},
              {"id":"bad","method":"GET","url":"deviceAppManagement/managedEBooks?$top=ten"},
              {"id":"segment","method":"GET","url":"/users"},
              {"id":"count","method":"GET","url":"/deviceAppManagement/vppTokens/$count"},
              {"id":"token","method":"PATCH","url":"/deviceAppManagement/vppTokens/x","headers":{"Content-Type":"text/plain"},"body":{"displayName":"y"}},
              {"id":"change","method":"POST","url":"/deviceAppManagement/managedEBooks","body":{}}]}
            """);

        Assert.Equal(
            [("last", 424), ("missing", 404), ("bad", 400), ("segment", 400), ("count", 200), ("token", 415), ("change", 400)],
            answers.Select(a => (a.GetProperty("id").GetString()!, a.GetProperty("status").GetInt32())));
        Assert.All(answers.Where(a => a.GetProperty("status").GetInt32() >= 400), a => Assert.NotEmpty(a.GetProperty("body").GetProperty("error").GetProperty("code").GetString()!));
        Assert.Equal("1", answers[4].GetProperty("body").GetString());
    }

    [Fact]
    public async Task Role_is_that_of_the_caller_in_every_request()
    {
        var answers = await AskAsync("""
            {"requests":[
              {"id":"1","method":"GET","url":"/deviceAppManagement/vppTokens"},
              {"id":"2","method":"DELETE","url":"/deviceAppManagement/vppTokens/x"},
              {"id":"3","method":"GET","url":"/deviceAppManagement/vppTokens","headers":{"Authorization":"Bearer x"}}]}
            """, Roles.Auditor);

        Assert.Equal([200, 403, 200], answers.Select(a => a.GetProperty("status").GetInt32()));
        using var nobody = await _api.SendAsync(HttpMethod.Post, "/v1.0/$batch", ApiHouse.Json("""{"requests":[]}"""), role: null);
        Assert.Equal(HttpStatusCode.Unauthorized, nobody.StatusCode);
    }

    [Theory]
    [InlineData("""{"requests":[]}""", "1 to 20")]
    [InlineData("""{"requests":7}""", "1 to 20")]
    [InlineData("""{"requests":[7]}""", "requests[0]")]
    [InlineData("""{"requests":[{"id":"1","method":"GET"}]}""", "requests[0]")]
    [InlineData("""{"requests":[{"id":"1","method":"TRACE","url":"/x"}]}""", "requests[0]")]
    [InlineData("""{"requests":[{"id":"a:b","method":"GET","url":"/x"}]}""", "letters, digits")]
    [InlineData("""{"requests":[{"id":"a\nb","method":"GET","url":"/x"}]}""", "letters, digits")]
    [InlineData("""{"requests":[{"id":"1","method":"GET","url":"/x"},{"id":"1","method":"GET","url":"/x"}]}""", "another request")]
    [InlineData("""{"requests":[{"id":"1","method":"GET","url":"/x","dependsOn":["2"]}]}""", "dependsOn")]
    [InlineData("""{"requests":[{"id":"1","method":"GET","url":"/x","dependsOn":["2"]},{"id":"2","method":"GET","url":"/x","dependsOn":["1"]}]}""", "circle")]
    public async Task Batch_that_cannot_be_understood(string body, string says)
    {
        using var answer = await _api.SendAsync(HttpMethod.Post, "/beta/$batch", ApiHouse.Json(body));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(says, (await ApiHouse.ErrorAsync(answer)).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_twenty_are_too_many()
    {
        var steps = string.Join(',', Enumerable.Range(0, 21).Select(i => $$"""{"id":"{{i}}","method":"GET","url":"/deviceAppManagement/vppTokens"}"""));
        using var answer = await _api.SendAsync(HttpMethod.Post, "/v1.0/$batch", ApiHouse.Json($$"""{"requests":[{{steps}}]}"""));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Schema_names_what_answers_hold()
    {
        using var answer = await _api.SendAsync(HttpMethod.Get, "/v1.0/$metadata");
        var schema = XDocument.Parse(await answer.Content.ReadAsStringAsync());

        var book = (await _api.ReadAsync("/v1.0/deviceAppManagement/managedEBooks?$top=1")).GetProperty("value")[0];
        var token = (await _api.ReadAsync("/v1.0/deviceAppManagement/vppTokens")).GetProperty("value")[0];
        foreach (var (type, entity) in new[] { ("iosVppEBook", book), ("vppToken", token) })
        {
            var declared = schema.Descendants().Single(e => e.Name.LocalName == "EntityType" && (string?)e.Attribute("Name") == type)
                .Elements().Where(e => e.Name.LocalName == "Property").Select(e => (string?)e.Attribute("Name"));
            Assert.Equal(entity.EnumerateObject().Select(p => p.Name).Where(n => n[0] != '@').Order(StringComparer.Ordinal), declared.Order(StringComparer.Ordinal));
        }
    }

    private async Task<List<JsonElement>> AskAsync(string body, string role = Roles.Administrator)
    {
        using var answer = await _api.SendAsync(HttpMethod.Post, "/v1.0/$batch", ApiHouse.Json(body), role: role);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return [.. JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("responses").EnumerateArray()];
    }
}
