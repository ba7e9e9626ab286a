using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;
using VppBooks.Core.Catalog;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;

namespace VppBooks.Tests.Api;

/// <summary>Tags of tokens and books: nothing is sent twice, and nothing replaced that the caller has not seen.</summary>
[Collection(SyncedApi.Name)]
public sealed class ETagTests(SyncedHouse house)
{
    private const string Books = "/v1.0/deviceAppManagement/managedEBooks";
    private readonly ApiHouse _api = house.Api;

    // Each token is another caller, and keys are a caller's own.
    private readonly string _caller = house.Api.TokenOf(VppBooks.Web.SignIn.Roles.Administrator);

    [Fact]
    public async Task Token_read_before_is_not_sent_again_until_a_sync_is_wanted()
    {
        var path = $"/v1.0/deviceAppManagement/vppTokens/{house.Token.Id}";
        await _api.QuietAsync();
        var tag = await ApiHouse.UntilAsync(
            async () =>
            {
                using var first = await _api.SendAsync(HttpMethod.Get, path);
                using var again = await _api.SendAsync(HttpMethod.Get, path, headers: ("If-None-Match", first.Headers.ETag!.ToString()));
                return again.StatusCode == HttpStatusCode.NotModified ? first.Headers.ETag!.ToString() : null;
            },
            t => t is not null);

        // Work in the background asks for a sync without a new version of the row, and the answer tells of it.
        await using var db = await _api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        var row = db.Locations.Where(l => l.PublicId == Guid.Parse(house.Token.Id!));
        await row.ExecuteUpdateAsync(s => s.SetProperty(l => l.SyncWanted, SyncReason.Manual));
        using var changed = await _api.SendAsync(HttpMethod.Get, path, headers: ("If-None-Match", tag!));
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        await _api.SyncedAsync(house.Token.Id!);
        await _api.QuietAsync();
    }

    [Fact]
    public async Task Token_is_changed_by_whoever_has_seen_it_though_a_sync_went_on_meanwhile_and_not_after_somebody_elses_change()
    {
        var path = $"/v1.0/deviceAppManagement/vppTokens/{house.Token.Id}";
        await _api.QuietAsync();
        using var read = await _api.SendAsync(HttpMethod.Get, path);
        var seen = read.Headers.ETag!.ToString();
        await using (var db = await _api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync())
        {
            await db.Locations.Where(l => l.PublicId == Guid.Parse(house.Token.Id!)).ExecuteUpdateAsync(s => s.SetProperty(l => l.LastSyncedAt, TimeProvider.System.GetUtcNow()));
        }

        var (key, account) = (Guid.NewGuid().ToString(), JsonDocument.Parse(await read.Content.ReadAsStringAsync()).RootElement.GetProperty("appleId").GetString()!);
        using var changed = await PatchAsync(seen, "other@noordrand.example");
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        using var late = await PatchAsync(seen, account, key);
        Assert.Equal(HttpStatusCode.PreconditionFailed, late.StatusCode);

        // Whoever has read it again sends another request, and not the refused one once more.
        using var reused = await PatchAsync(changed.Headers.ETag!.ToString(), account, key);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, reused.StatusCode);
        using var again = await PatchAsync(changed.Headers.ETag!.ToString(), account);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        await _api.QuietAsync();

        Task<HttpResponseMessage> PatchAsync(string tag, string appleId, string? once = null) => _api.SendAsync(
            HttpMethod.Patch, path, ApiHouse.Json($$"""{"appleId":"{{appleId}}"}"""), token: _caller, headers: [("If-Match", tag), ("Idempotency-Key", once ?? Guid.NewGuid().ToString())]);
    }

    [Fact]
    public async Task All_assignments_are_replaced_only_by_whoever_has_seen_them()
    {
        var book = (await _api.ReadAsync($"{Books}?$filter=totalLicenseCount gt 30&$orderby=id desc&$skip=1&$top=1")).GetProperty("value")[0].GetProperty("id").GetString();
        var (plain, whole) = ($"{Books}/{book}", $"{Books}/{book}?$expand=assignments");
        const string Everybody = """{"managedEBookAssignments":[{"installIntent":"available","target":{"@odata.type":"#microsoft.graph.allLicensedUsersAssignmentTarget"}}]}""";
        const string Nobody = """{"managedEBookAssignments":[]}""";

        var (unseen, before) = (await TagAsync(plain), await TagAsync(whole));
        Assert.NotEqual(unseen, before);
        Assert.Equal(HttpStatusCode.NoContent, await AssignAsync(Everybody, before));
        // Somebody else was here since: the list that the caller saw is not the one that would go.
        Assert.Equal(HttpStatusCode.PreconditionFailed, await AssignAsync(Nobody, before));
        Assert.Equal(HttpStatusCode.PreconditionFailed, await AssignAsync(Nobody, "W/\"never\""));
        Assert.Single((await _api.ReadAsync($"{plain}/assignments")).GetProperty("value").EnumerateArray());

        // The book alone says nothing of its assignments; its tag protects what it shows.
        Assert.Equal(HttpStatusCode.NoContent, await AssignAsync(Everybody, await TagAsync(plain)));
        Assert.Equal(HttpStatusCode.NoContent, await AssignAsync(Everybody, "*"));
        Assert.Equal(HttpStatusCode.NoContent, await AssignAsync(Nobody, await TagAsync(whole)));
        Assert.Empty((await _api.ReadAsync($"{plain}/assignments")).GetProperty("value").EnumerateArray());

        using var missing = await _api.SendAsync(HttpMethod.Post, $"{Books}/{Guid.NewGuid()}/assign", ApiHouse.Json(Nobody), headers: ("If-Match", before));
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);

        async Task<HttpStatusCode> AssignAsync(string body, string tag)
        {
            using var answer = await _api.SendAsync(HttpMethod.Post, plain + "/microsoft.graph.assign", ApiHouse.Json(body), headers: ("If-Match", tag));
            if (answer.StatusCode != HttpStatusCode.NoContent)
            {
                Assert.Equal("PreconditionFailed", (await ApiHouse.ErrorAsync(answer)).GetProperty("code").GetString());
            }

            return answer.StatusCode;
        }
    }

    [Fact]
    public async Task Book_is_removed_only_by_whoever_has_seen_it_as_it_is()
    {
        await using var db = await _api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        var location = (await db.Locations.SingleAsync(l => l.UId == ApiHouse.Education)).Id;
        var empty = new Book { PublicId = Guid.NewGuid(), LocationId = location, AdamId = 999_000_113, PricingParam = PricingParam.STDQ, NoLongerReported = true, TotalCount = 1 };
        db.Books.Add(empty);
        await db.SaveChangesAsync();
        try
        {
            var path = $"{Books}/{empty.PublicId}";
            var seen = await TagAsync(path);
            await db.Books.Where(b => b.Id == empty.Id).ExecuteUpdateAsync(s => s.SetProperty(b => b.TotalCount, 0));

            using var late = await _api.SendAsync(HttpMethod.Delete, path, headers: ("If-Match", seen));
            Assert.Equal(HttpStatusCode.PreconditionFailed, late.StatusCode);
            await ApiHouse.ErrorAsync(late);
            using var gone = await _api.SendAsync(HttpMethod.Delete, path, headers: ("If-Match", await TagAsync(path)));
            Assert.Equal(HttpStatusCode.NoContent, gone.StatusCode);
            using var twice = await _api.SendAsync(HttpMethod.Delete, path, headers: ("If-Match", seen));
            Assert.Equal(HttpStatusCode.NotFound, twice.StatusCode);
        }
        finally
        {
            await db.Books.Where(b => b.Id == empty.Id).ExecuteDeleteAsync(CancellationToken.None);
        }
    }

    private async Task<string> TagAsync(string path)
    {
        using var answer = await _api.SendAsync(HttpMethod.Get, path);
        return answer.Headers.ETag!.ToString();
    }
}
