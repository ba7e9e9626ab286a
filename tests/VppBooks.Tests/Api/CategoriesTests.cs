using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;
using VppBooks.Core.Catalog;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Tests.Locations;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Api;

/// <summary>Categories of books, and books that go.</summary>
[Collection(SyncedApi.Name)]
public sealed class CategoriesTests(SyncedHouse house)
{
    private const string Categories = "/beta/deviceAppManagement/managedEBookCategories";
    private const string Books = "/beta/deviceAppManagement/managedEBooks";
    private readonly ApiHouse _api = house.Api;
    private readonly string _token = house.Api.TokenOf(Roles.Administrator);

    [Theory]
    [InlineData("v1.0")]
    [InlineData("beta")]
    public async Task Categories_are_counted_together_and_of_a_book(string version)
    {
        var manage = $"/{version}/deviceAppManagement";
        var book = (await _api.ReadAsync($"{manage}/managedEBooks?$orderby=id&$top=1")).GetProperty("value")[0].GetProperty("id").GetString();
        var paths = new List<string>();
        foreach (var name in new[] { $"Counted {version} 1", $"Counted {version} 2" })
        {
            using var made = await PostAsync(Categories, $$"""{"displayName":"{{name}}"}""");
            paths.Add(made.Headers.Location!.AbsolutePath);
        }

        using var linked = await PostAsync($"{Books}/{book}/categories/$ref", $$"""{"id":"{{paths[0].Split('/')[^1]}}"}""");
        Assert.Equal(HttpStatusCode.NoContent, linked.StatusCode);

        var filter = $"$filter=startswith(displayName,'Counted {version}')";
        foreach (var (list, expected) in new[] { ("managedEBookCategories", "2"), ($"managedEBooks/{book}/categories", "1") })
        {
            using var count = await SendAsync(HttpMethod.Get, $"{manage}/{list}/$count?{filter}");
            Assert.Equal((HttpStatusCode.OK, "text/plain", expected), (count.StatusCode, count.Content.Headers.ContentType!.MediaType, await count.Content.ReadAsStringAsync()));
        }

        using var nowhere = await SendAsync(HttpMethod.Get, $"{manage}/managedEBooks/{Guid.NewGuid()}/categories/$count");
        Assert.Equal(HttpStatusCode.NotFound, nowhere.StatusCode);
        foreach (var path in paths)
        {
            using var deleted = await SendAsync(HttpMethod.Delete, path);
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        }
    }

    [Fact]
    public async Task Category_is_made_renamed_and_deleted_and_each_is_written_down()
    {
        using var made = await PostAsync(Categories, """{"@odata.type":"#microsoft.graph.managedEBookCategory","id":"x","displayName":"  Mathematics "}""");
        Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        var category = await BodyAsync(made);
        Assert.Equal("Mathematics", category.GetProperty("displayName").GetString());
        var path = made.Headers.Location!.AbsolutePath;
        Assert.Equal($"{Categories}/{category.GetProperty("id").GetString()}", path);

        using var renamed = await SendAsync(HttpMethod.Patch, path, """{"displayName":"Math"}""", ("If-Match", made.Headers.ETag!.ToString()));
        Assert.Equal("Math", (await BodyAsync(renamed)).GetProperty("displayName").GetString());
        using var stale = await SendAsync(HttpMethod.Patch, path, """{"displayName":"Maths"}""", ("If-Match", made.Headers.ETag.ToString()));
        Assert.Equal(HttpStatusCode.PreconditionFailed, stale.StatusCode);
        using var read = await SendAsync(HttpMethod.Get, path, null, ("If-None-Match", renamed.Headers.ETag!.ToString()));
        Assert.Equal(HttpStatusCode.NotModified, read.StatusCode);
        using var kept = await SendAsync(HttpMethod.Delete, path, null, ("If-Match", made.Headers.ETag.ToString()));
        Assert.Equal(HttpStatusCode.PreconditionFailed, kept.StatusCode);
        using var deleted = await SendAsync(HttpMethod.Delete, path, null, ("If-Match", renamed.Headers.ETag.ToString()));
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        using var gone = await SendAsync(HttpMethod.Get, path);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);

        var told = (await _api.ReadAsync("/beta/deviceManagement/auditEvents?$filter=category eq 'category'&$top=3")).GetProperty("value").EnumerateArray().ToList();
        Assert.Equal(["category.deleted", "category.changed", "category.created"], told.Select(t => t.GetProperty("activityType").GetString()));
        Assert.Contains("Mathematics", told[1].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Names_are_there_once_whatever_their_case_also_when_many_come_at_once()
    {
        var all = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => PostAsync(Categories, $$"""{"displayName":"{{(i % 2 == 0 ? "Geschichte Größe" : "GESCHICHTE GRÖßE")}}"}""")));
        Assert.Equal(HttpStatusCode.Created, Assert.Single(all.Select(a => a.StatusCode), s => s != HttpStatusCode.Conflict));
        Assert.Equal("NameTaken", (await ApiHouse.ErrorAsync(all.First(a => a.StatusCode == HttpStatusCode.Conflict))).GetProperty("code").GetString());

        var other = await MakeAsync("Other history");
        using var taken = await SendAsync(HttpMethod.Patch, $"{Categories}/{other}", """{"displayName":"geschichte größe"}""");
        Assert.Equal(HttpStatusCode.Conflict, taken.StatusCode);
        using var recased = await SendAsync(HttpMethod.Patch, $"{Categories}/{other}", """{"displayName":"OTHER history"}""");
        Assert.Equal(HttpStatusCode.OK, recased.StatusCode);
        foreach (var bad in new[] { "{}", """{"displayName":" "}""", $$"""{"displayName":"{{new string('a', BookCategory.LongestName + 1)}}"}""", """{"displayName":"a\u0007"}""", """{"displayName":7}""", """{"name":"a"}""" })
        {
            using var refused = await PostAsync(Categories, bad);
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }
    }

    [Fact]
    public async Task The_same_request_under_a_key_makes_one_category()
    {
        var key = ("Idempotency-Key", Guid.NewGuid().ToString());
        using var first = await SendAsync(HttpMethod.Post, Categories, """{"displayName":"Keyed"}""", key);
        using var again = await SendAsync(HttpMethod.Post, Categories, """{"displayName":"Keyed"}""", key);

        Assert.Equal((HttpStatusCode.Created, first.Headers.Location, first.Headers.ETag), (again.StatusCode, again.Headers.Location, again.Headers.ETag));
        Assert.Equal("true", Assert.Single(again.Headers.GetValues("Idempotency-Replayed")));
    }

    [Fact]
    public async Task Book_is_put_into_a_category_as_Graph_does_it_and_taken_out()
    {
        var books = (await _api.ReadAsync($"{Books}?$top=3&$select=id")).GetProperty("value").EnumerateArray().Select(b => b.GetProperty("id").GetString()!).ToList();
        var category = await MakeAsync("Class 4");
        string[] links = [$$"""{"@odata.id":"https://graph.microsoft.com{{Categories}}/{{category}}"}""", $$"""{"id":"{{category}}"}""", $$"""{"@odata.id":"managedEBookCategories('{{category}}')"}"""];
        foreach (var (book, link) in books.Zip(links))
        {
            using var linked = await PostAsync($"{Books}/{book}/categories", link);
            Assert.Equal((HttpStatusCode.Created, category), (linked.StatusCode, (await BodyAsync(linked)).GetProperty("id").GetString()));
        }

        using var twice = await PostAsync($"{Books}/{books[0]}/categories/$ref", links[0]);
        Assert.Equal(HttpStatusCode.NoContent, twice.StatusCode);
        var expanded = await _api.ReadAsync($"{Books}/{books[0]}?$expand=categories($select=displayName)&$select=genres");
        Assert.Equal("Class 4", Assert.Single(expanded.GetProperty("categories").EnumerateArray()).GetProperty("displayName").GetString());
        Assert.DoesNotContain("Class 4", expanded.GetProperty("genres").EnumerateArray().Select(g => g.GetString()));
        Assert.Equal(category, (await _api.ReadAsync($"{Books}/{books[1]}/categories/{category}")).GetProperty("id").GetString());
        var catalog = _api.Services.GetRequiredService<BookCatalog>();
        var shelf = await catalog.ListAsync(new BookQuery { Category = Guid.Parse(category) }, CoreHouse.Admin, TestContext.Current.CancellationToken);
        Assert.Equal(books.Order(), shelf.Rows.Select(r => r.PublicId.ToString()).Order());

        using var unlinked = await SendAsync(HttpMethod.Delete, $"{Books}/{books[0]}/categories/{category}/$ref");
        Assert.Equal(HttpStatusCode.NoContent, unlinked.StatusCode);
        using var out2 = await SendAsync(HttpMethod.Delete, $"{Books}/{books[0]}/categories/{category}");
        Assert.Equal(HttpStatusCode.NotFound, out2.StatusCode);
        using var nowhere = await PostAsync($"{Books}/{books[0]}/categories", $$"""{"@odata.id":"{{Books}}/{{category}}"}""");
        Assert.Equal(HttpStatusCode.BadRequest, nowhere.StatusCode);
        using var unknown = await PostAsync($"{Books}/{books[0]}/categories", $$"""{"id":"{{Guid.NewGuid()}}"}""");
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);

        // Its books outlive a category.
        using var deleted = await SendAsync(HttpMethod.Delete, $"{Categories}/{category}");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Empty((await _api.ReadAsync($"{Books}/{books[1]}/categories")).GetProperty("value").EnumerateArray());
    }

    [Fact]
    public async Task Book_without_any_license_can_be_deleted()
    {
        var contexts = _api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>();
        await using var db = await contexts.CreateDbContextAsync(TestContext.Current.CancellationToken);
        var location = (await db.Locations.SingleAsync(l => l.UId == ApiHouse.Education)).Id;
        var empty = new Book { PublicId = Guid.NewGuid(), LocationId = location, AdamId = 999_000_111, PricingParam = PricingParam.STDQ, NoLongerReported = true, TotalCount = 1 };
        db.Books.Add(empty);
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        try
        {
            Assert.Equal(HttpStatusCode.Conflict, await RemoveAsync(empty.PublicId.ToString()));
            await db.Books.Where(b => b.Id == empty.Id).ExecuteUpdateAsync(s => s.SetProperty(b => b.TotalCount, 0));
            Assert.Equal(HttpStatusCode.NoContent, await RemoveAsync(empty.PublicId.ToString()));
            Assert.Equal(HttpStatusCode.NotFound, await RemoveAsync(empty.PublicId.ToString()));
            Assert.Equal("book.deleted", await db.AuditEvents.Where(a => a.BookId == empty.Id).Select(a => a.Action).SingleAsync());
        }
        finally
        {
            await db.Books.Where(b => b.Id == empty.Id).ExecuteDeleteAsync(CancellationToken.None);
        }
    }

    private async Task<HttpStatusCode> RemoveAsync(string book)
    {
        using var answer = await SendAsync(HttpMethod.Delete, $"{Books}/{book}");
        return answer.StatusCode;
    }

    private async Task<string> MakeAsync(string name)
    {
        using var made = await PostAsync(Categories, $$"""{"displayName":"{{name}}"}""");
        return (await BodyAsync(made)).GetProperty("id").GetString()!;
    }

    private Task<HttpResponseMessage> PostAsync(string path, string body) => SendAsync(HttpMethod.Post, path, body);

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? body = null, params (string Name, string Value)[] headers) =>
        _api.SendAsync(method, path, body is null ? null : ApiHouse.Json(body), _token, headers: headers);

    private static async Task<JsonElement> BodyAsync(HttpResponseMessage answer)
    {
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }
}
