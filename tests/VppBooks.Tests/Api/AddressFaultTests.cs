using System.Net;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Api;

/// <summary>Addresses, ids and options that were taken for something else than they are.</summary>
[Collection(SyncedApi.Name)]
public sealed class AddressFaultTests(SyncedHouse house)
{
    private const string Books = "/v1.0/deviceAppManagement/managedEBooks";
    private readonly ApiHouse _api = house.Api;

    [Fact]
    public async Task An_order_of_thousands_of_properties_costs_no_more_than_one()
    {
        var first = await _api.ReadAsync($"{Books}?$top=2&$orderby=seller desc,displayName");
        var repeated = await _api.ReadAsync($"{Books}?$top=2&$orderby=seller desc,displayName{string.Concat(Enumerable.Repeat(",seller", 400))}");
        using var many = await _api.SendAsync(HttpMethod.Get, $"{Books}?$orderby=seller,displayName,publisher,description,language,genres");

        Assert.Equal(first.GetProperty("value").ToString(), repeated.GetProperty("value").ToString());
        Assert.Equal(HttpStatusCode.BadRequest, many.StatusCode);
        Assert.Contains("$orderby", (await ApiHouse.ErrorAsync(many)).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("%0a{0}")]
    [InlineData("{0}%20")]
    [InlineData("%7B{0}%7D")]
    public async Task An_id_with_more_around_it_is_no_id_and_changes_nothing(string written)
    {
        var book = (await _api.ReadAsync($"{Books}?$top=1&$orderby=id")).GetProperty("value")[0].GetProperty("id").GetString();
        var path = $"{Books}/{string.Format(null, written, book)}";

        using var made = await _api.SendAsync(HttpMethod.Post, path + "/assignments", ApiHouse.Json("""{"installIntent":"available","target":{"@odata.type":"#microsoft.graph.allLicensedUsersAssignmentTarget"}}"""));
        using var read = await _api.SendAsync(HttpMethod.Get, path);

        Assert.Equal([HttpStatusCode.NotFound, HttpStatusCode.NotFound], [made.StatusCode, read.StatusCode]);
        await ApiHouse.ErrorAsync(made);
        Assert.Empty((await _api.ReadAsync($"{Books}/{book}/assignments")).GetProperty("value").EnumerateArray());
    }

    [Fact]
    public async Task An_id_in_capitals_makes_an_address_that_can_be_followed()
    {
        var book = (await _api.ReadAsync($"{Books}?$top=1&$orderby=id desc")).GetProperty("value")[0].GetProperty("id").GetString()!;
        using var made = await _api.SendAsync(
            HttpMethod.Post, $"/v1.0/DEVICEAPPMANAGEMENT/managedEBooks/{book.ToUpperInvariant()}/assignments/", ApiHouse.Json("""{"installIntent":"available","target":{"@odata.type":"#microsoft.graph.allLicensedUsersAssignmentTarget"}}"""));

        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        Assert.StartsWith($"{Books}/{book}/assignments/", made.Headers.Location!.AbsolutePath, StringComparison.Ordinal);
        using var gone = await _api.SendAsync(HttpMethod.Delete, made.Headers.Location.ToString());
        Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
    }

    [Theory]
    [InlineData("/v1.0/$batch")]
    [InlineData("/beta/deviceAppManagement/vppTokens/11111111-2222-4333-8444-555555555555/syncLicenses")]
    [InlineData("/api/plans/11111111-2222-4333-8444-555555555555/commit")]
    public async Task Reading_what_can_only_be_posted_to_is_the_wrong_method_and_no_unknown_segment(string path)
    {
        using var answer = await _api.SendAsync(HttpMethod.Get, path);

        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
        Assert.Equal("MethodNotAllowed", (await ApiHouse.ErrorAsync(answer)).GetProperty("code").GetString());
        Assert.Equal(["POST"], answer.Content.Headers.Allow);
    }

    [Fact]
    public async Task The_description_of_the_api_refuses_a_bad_token_in_words()
    {
        using var nonsense = await _api.SendAsync(HttpMethod.Get, "/openapi/v1.json", token: "nonsense", role: null);
        using var reader = await _api.SendAsync(HttpMethod.Get, "/openapi/v1.json", role: "VppBooks.Nothing");
        using var known = await _api.SendAsync(HttpMethod.Get, "/openapi/v1.json", role: Roles.Auditor);

        Assert.Equal([HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.OK], [nonsense.StatusCode, reader.StatusCode, known.StatusCode]);
        Assert.Equal("InvalidAuthenticationToken", (await ApiHouse.ErrorAsync(nonsense)).GetProperty("code").GetString());
        Assert.Equal("Forbidden", (await ApiHouse.ErrorAsync(reader)).GetProperty("code").GetString());
    }
}
