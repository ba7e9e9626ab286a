using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Persistence;

namespace VppBooks.Tests.Api;

/// <summary>What a caller of the running program hears when something breaks inside: here two tables of the database are gone.</summary>
public sealed class FailureOverHttpTests : IAsyncLifetime
{
    private const string Categories = "/deviceAppManagement/managedEBookCategories";
    private readonly ApiHouse _api = new();

    public async ValueTask InitializeAsync()
    {
        await _api.InitializeAsync();
        await using var db = await _api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        await db.Database.ExecuteSqlAsync($"ALTER TABLE BookCategories RENAME TO SecretElsewhere");
        await db.Database.ExecuteSqlAsync($"ALTER TABLE BookCountSnapshots RENAME TO SecretPast");
    }

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Theory]
    [InlineData("GET", "/v1.0" + Categories, null)]
    [InlineData("GET", "/beta" + Categories, null)]
    [InlineData("POST", "/v1.0" + Categories, """{"displayName":"Dune"}""")]
    [InlineData("GET", "/api/reports/history", null)]
    public async Task A_fault_of_ours_is_a_whole_error_that_tells_nothing_but_its_reference(string method, string path, string? body)
    {
        var asked = Guid.NewGuid().ToString();

        using var answer = await _api.SendAsync(new HttpMethod(method), path, body is null ? null : ApiHouse.Json(body), headers: ("client-request-id", asked));

        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.InternalServerError, $"{(int)answer.StatusCode} {text}");
        Assert.Equal("application/json", answer.Content.Headers.ContentType?.MediaType);
        var error = JsonDocument.Parse(text).RootElement.GetProperty("error");
        Assert.Equal("InternalServerError", error.GetProperty("code").GetString());
        Assert.Equal(Assert.Single(answer.Headers.GetValues("request-id")), error.GetProperty("innerError").GetProperty("request-id").GetString());
        Assert.Equal(asked, error.GetProperty("innerError").GetProperty("client-request-id").GetString());
        DemandSilence(text);
    }

    [Fact]
    public async Task A_fault_inside_a_batch_is_the_answer_to_its_own_request_alone()
    {
        using var answer = await _api.SendAsync(HttpMethod.Post, "/v1.0/$batch", ApiHouse.Json($$"""
            {"requests":[{"id":"broken","method":"GET","url":"{{Categories}}"},{"id":"good","method":"GET","url":"/deviceAppManagement/vppTokens"},
                {"id":"after","method":"GET","url":"/deviceAppManagement/vppTokens","dependsOn":["broken"]}]}
            """));

        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.OK, text);
        var answers = JsonDocument.Parse(text).RootElement.GetProperty("responses").EnumerateArray().ToDictionary(r => r.GetProperty("id").GetString()!);
        Assert.Equal((500, 200, 424), (Status("broken"), Status("good"), Status("after")));
        var error = answers["broken"].GetProperty("body").GetProperty("error");
        Assert.Equal("InternalServerError", error.GetProperty("code").GetString());
        Assert.EndsWith(":broken", error.GetProperty("innerError").GetProperty("request-id").GetString(), StringComparison.Ordinal);
        DemandSilence(text);

        int Status(string id) => answers[id].GetProperty("status").GetInt32();
    }

    private static void DemandSilence(string text)
    {
        foreach (var inside in new[] { "SQLite", "no such table", "BookCategories", "BookCountSnapshots", "Exception", "   at " })
        {
            Assert.DoesNotContain(inside, text, StringComparison.OrdinalIgnoreCase);
        }
    }
}
