using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Devices;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Api;

/// <summary>Pages, links and versions of what is read.</summary>
[Collection(SyncedApi.Name)]
public sealed class ReadingFaultTests(SyncedHouse house)
{
    private const string Books = "/v1.0/deviceAppManagement/managedEBooks";
    private const string Tokens = "/v1.0/deviceAppManagement/vppTokens";
    private readonly ApiHouse _api = house.Api;

    [Fact]
    public async Task A_link_to_the_next_page_of_a_long_filter_can_be_followed()
    {
        var two = (await _api.ReadAsync($"{Books}?$top=2&$select=id")).GetProperty("value").EnumerateArray().Select(b => b.GetProperty("id").GetString()!).ToList();
        var filter = $"id in ({string.Join(',', two.Concat(Enumerable.Range(0, 180).Select(_ => Guid.NewGuid().ToString())))})";

        var first = await _api.ReadAsync($"{Books}?$top=1&$orderby=description&$filter={Uri.EscapeDataString(filter)}");
        var second = await _api.ReadAsync(first.GetProperty("@odata.nextLink").GetString()!);

        Assert.Equal(two.Order(StringComparer.Ordinal), new[] { first, second }.Select(p => p.GetProperty("value")[0].GetProperty("id").GetString()!).Order(StringComparer.Ordinal));
        Assert.False(second.TryGetProperty("@odata.nextLink", out _));
    }

    [Fact]
    public async Task A_filter_whose_next_page_could_not_be_asked_for_is_refused_in_words()
    {
        using var answer = await _api.SendAsync(HttpMethod.Get, $"{Books}?$filter={Uri.EscapeDataString($"displayName eq '{new string('x', 17_000)}'")}");

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("longer than", (await ApiHouse.ErrorAsync(answer)).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_place_in_one_list_is_none_in_another()
    {
        var link = (await _api.ReadAsync($"{Books}?$top=1&$orderby=displayName")).GetProperty("@odata.nextLink").GetString()!;

        using var other = await _api.SendAsync(HttpMethod.Get, link.Replace("displayName", "seller", StringComparison.Ordinal));

        Assert.Equal(HttpStatusCode.BadRequest, other.StatusCode);
    }

    [Fact]
    public async Task Books_with_their_covers_come_in_small_pages()
    {
        var page = await _api.ReadAsync($"{Books}?$top=999&$select=id,largeCover");
        var books = page.GetProperty("value").EnumerateArray().ToList();

        Assert.Equal(20, books.Count);
        Assert.Contains(books, b => b.GetProperty("largeCover").ValueKind != System.Text.Json.JsonValueKind.Null);
        var further = await _api.ReadAsync(page.GetProperty("@odata.nextLink").GetString()!);
        Assert.Empty(books.Select(b => b.GetProperty("id").GetString()).Intersect(further.GetProperty("value").EnumerateArray().Select(b => b.GetProperty("id").GetString())));
        Assert.True((await _api.ReadAsync($"{Books}?$top=50&$select=id")).GetProperty("value").GetArrayLength() > 20);
    }

    [Fact]
    public async Task A_book_whose_token_was_changed_is_sent_again()
    {
        var book = (await _api.ReadAsync($"{Books}?$top=1")).GetProperty("value")[0].GetProperty("id").GetString();
        var appleId = (await _api.ReadAsync($"{Tokens}/{house.Token.Id}")).GetProperty("appleId").GetString();
        using var before = await _api.SendAsync(HttpMethod.Get, $"{Books}/{book}?$select=id,appleId");
        var seen = ("If-None-Match", before.Headers.ETag!.ToString());
        using var same = await _api.SendAsync(HttpMethod.Get, $"{Books}/{book}?$select=id,appleId", headers: seen);

        using var changed = await _api.SendAsync(HttpMethod.Patch, $"{Tokens}/{house.Token.Id}", ApiHouse.Json("""{"appleId":"other@noordrand.example"}"""));
        using var after = await _api.SendAsync(HttpMethod.Get, $"{Books}/{book}?$select=id,appleId", headers: seen);
        using var back = await _api.SendAsync(HttpMethod.Patch, $"{Tokens}/{house.Token.Id}", ApiHouse.Json($$"""{"appleId":"{{appleId}}"}"""));

        Assert.Equal([HttpStatusCode.NotModified, HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.OK], [same.StatusCode, changed.StatusCode, after.StatusCode, back.StatusCode]);
        Assert.Contains("other@noordrand.example", await after.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_many_changes_based_on_one_version_of_a_token_only_one_is_made()
    {
        using var read = await _api.SendAsync(HttpMethod.Get, $"{Tokens}/{house.Token.Id}");
        var seen = read.Headers.ETag!.ToString();
        var token = _api.TokenOf(Roles.Administrator);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() =>
            _api.SendAsync(HttpMethod.Patch, $"{Tokens}/{house.Token.Id}", ApiHouse.Json($$"""{"displayName":"Change {{i}}"}"""), token, headers: ("If-Match", seen)))));
        using var stale = await _api.SendAsync(HttpMethod.Delete, $"{Tokens}/{house.Token.Id}", headers: ("If-Match", seen));
        using var back = await _api.SendAsync(HttpMethod.Patch, $"{Tokens}/{house.Token.Id}", ApiHouse.Json("""{"displayName":"Noordrand Education"}"""));

        Assert.Single(answers, a => a.StatusCode == HttpStatusCode.OK);
        Assert.All(answers.Where(a => a.StatusCode != HttpStatusCode.OK), a => Assert.Equal(HttpStatusCode.PreconditionFailed, a.StatusCode));
        Assert.Equal([HttpStatusCode.PreconditionFailed, HttpStatusCode.OK], [stale.StatusCode, back.StatusCode]);
    }

    [Fact]
    public async Task People_and_devices_of_a_book_are_the_same_page_by_page_as_all_at_once()
    {
        var book = (await _api.ReadAsync($"{Books}?$filter=totalLicenseCount gt 30&$orderby=id&$skip=8&$top=1")).GetProperty("value")[0].GetProperty("id").GetString()!;
        await GiveAsync(Guid.Parse(book));
        var path = $"{Books}/{book}";

        foreach (var (list, least) in new[] { ("userStateSummary", 5), ("deviceStates", 3) })
        {
            var all = (await _api.ReadAsync($"{path}/{list}?$filter=id ne 'x'&$count=true")).GetProperty("value").EnumerateArray().Select(r => r.ToString()).ToList();
            var pages = new List<string>();
            for (string? next = $"{path}/{list}?$top=2&$count=true"; next is not null;)
            {
                var page = await _api.ReadAsync(next);
                Assert.Equal(all.Count, page.GetProperty("@odata.count").GetInt32());
                pages.AddRange(page.GetProperty("value").EnumerateArray().Select(r => r.ToString()));
                next = page.TryGetProperty("@odata.nextLink", out var link) ? link.GetString() : null;
            }

            Assert.Equal(least, all.Count);
            Assert.Equal(all, pages);
            using var count = await _api.SendAsync(HttpMethod.Get, $"{path}/{list}/$count");
            Assert.Equal(least.ToString(System.Globalization.CultureInfo.InvariantCulture), await count.Content.ReadAsStringAsync());
        }

        await DemandFilteredAsync(path);
        var summary = await _api.ReadAsync($"{path}/installSummary");
        Assert.Equal([1, 1, 3, 2], new[] { "installedUserCount", "failedUserCount", "notInstalledUserCount", "failedDeviceCount" }.Select(n => summary.GetProperty(n).GetInt32()));
        var device = (await _api.ReadAsync($"{path}/deviceStates?$top=1")).GetProperty("value")[0];
        Assert.Equal(device.GetProperty("deviceName").GetString(), (await _api.ReadAsync($"{path}/deviceStates/{device.GetProperty("id").GetString()}")).GetProperty("deviceName").GetString());
    }

    /// <summary>Filters and orders of people and devices are those of all rows at hand, page by page too.</summary>
    private async Task DemandFilteredAsync(string path)
    {
        var users = await RowsAsync($"{path}/userStateSummary?$top=999");
        var devices = await RowsAsync($"{path}/deviceStates?$top=999");
        var names = users.Select(u => u.GetProperty("userName").GetString()!).ToList();
        var (name, key) = (names[1], devices[0].GetProperty("id").GetString());

        Assert.Equal(2, (await RowsAsync($"{path}/deviceStates?$filter=installState eq 'failed'")).Count);
        Assert.Single(await RowsAsync($"{path}/deviceStates?$filter=installState in ('unknown','installed')"));
        Assert.Single(await RowsAsync($"{path}/deviceStates?$filter=not (installState eq 'failed')"));
        Assert.Equal(key, Assert.Single(await RowsAsync($"{path}/deviceStates?$filter=id eq '{key}'")).GetProperty("id").GetString());
        Assert.Equal(name, Assert.Single(await RowsAsync($"{path}/userStateSummary?$filter=userName eq '{name.ToUpperInvariant()}'")).GetProperty("userName").GetString());
        Assert.Equal(2, (await RowsAsync($"{path}/userStateSummary?$filter=userName eq '{name}' or userName eq '{names[3]}'")).Count);
        Assert.Equal(4, (await RowsAsync($"{path}/userStateSummary?$filter=id ne {users[0].GetProperty("id").GetString()} and endswith(userName,'{name[^8..]}')")).Count);
        using var count = await _api.SendAsync(HttpMethod.Get, $"{path}/deviceStates/$count?$filter=installState eq 'failed' and startswith(userName,'{name}')");
        Assert.Equal("2", await count.Content.ReadAsStringAsync());

        foreach (var (order, expected) in new[] { ("userName", names.Order(StringComparer.Ordinal)), ("userName desc", names.OrderDescending(StringComparer.Ordinal)) })
        {
            Assert.Equal(expected, (await RowsAsync($"{path}/userStateSummary?$orderby={order}&$top=2")).Select(u => u.GetProperty("userName").GetString()!));
        }

        Assert.Equal(devices.Select(d => d.GetProperty("userName").GetString()).Order(StringComparer.Ordinal), (await RowsAsync($"{path}/deviceStates?$orderby=userName&$top=1")).Select(d => d.GetProperty("userName").GetString()));
        foreach (var refused in new[] { "deviceStates?$filter=osVersion eq '26'", "deviceStates?$filter=installState gt 'a'", "userStateSummary?$filter=failedDeviceCount gt 0", "userStateSummary?$orderby=id", "userStateSummary?$orderby=userName,id", "deviceStates?$orderby=userName,id", "deviceStates?$orderby=osVersion" })
        {
            using var answer = await _api.SendAsync(HttpMethod.Get, $"{path}/{refused}");
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }

        async Task<List<System.Text.Json.JsonElement>> RowsAsync(string? next)
        {
            var rows = new List<System.Text.Json.JsonElement>();
            while (next is not null)
            {
                var page = await _api.ReadAsync(next);
                rows.AddRange(page.GetProperty("value").EnumerateArray());
                next = page.TryGetProperty("@odata.nextLink", out var link) ? link.GetString() : null;
            }

            return rows;
        }
    }

    /// <summary>Five people in different states, two of them with devices, and one who has a further copy.</summary>
    private async Task GiveAsync(Guid bookId)
    {
        await _api.Services.GetRequiredService<PeopleReader>().EnsureAllAsync(TimeSpan.FromHours(1), TestContext.Current.CancellationToken);
        await using var db = await _api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        var (book, now) = (await db.Books.SingleAsync(b => b.PublicId == bookId), TimeProvider.System.GetUtcNow());
        var people = await db.People.Where(p => !db.Licenses.Any(l => l.PersonId == p.Id) && !db.ManagedDevices.Any(d => d.PersonId == p.Id)).OrderBy(p => p.Id).Take(5).Select(p => p.Id).ToListAsync();
        Assert.Equal(5, people.Count);
        LicenseState[] states = [LicenseState.Assigned, LicenseState.Failed, LicenseState.Held, LicenseState.Held, LicenseState.Held];
        foreach (var (index, person) in people.Index())
        {
            db.Licenses.Add(New(person, states[index], 0));
        }

        db.Licenses.Add(New(people[0], LicenseState.Assigned, 1));
        db.ManagedDevices.AddRange(people.Take(2).SelectMany((person, index) => Enumerable.Range(0, index + 1).Select(n => new ManagedDevice { PersonId = person, Name = $"iPad {n}", Platform = "iPadOS" })));
        await db.SaveChangesAsync();

        License New(int person, LicenseState state, byte ordinal) =>
            new() { PersonId = person, AdamId = book.AdamId, BookId = book.Id, State = state, Ordinal = ordinal, Cause = LicenseCause.Joined, CreatedAt = now, WantedAt = now, ChangedAt = now };
    }
}
