using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Activities;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence;
using VppBooks.Core.Reports;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Api;

/// <summary>Programs read the reports that people read, with the same questions.</summary>
public sealed class ReportsApiTests(ApiHouse house) : IClassFixture<ApiHouse>
{
    private static readonly Core.Security.Actor _admin = CoreHouse.Admin;

    [Fact]
    public async Task Every_report_is_what_its_page_shows_and_as_it_is_described()
    {
        var token = await house.UploadAsync(ApiHouse.Education, "Education");
        await house.UploadAsync(ApiHouse.Business, "Business");
        await house.QuietAsync();
        var book = await RunOutAsync(Guid.Parse(token.Id!));
        var document = await house.ReadAsync("/openapi/v1.json");

        foreach (var by in Enum.GetValues<UsageBy>())
        {
            var use = await RowsAsync("use", $"?by={by}");
            Assert.Equal((await Get<UsageReader>().ListAsync(by, _admin, CancellationToken.None)).Select(r => (r.Name, r.Books, r.Assigned, r.Waiting)), use.Select(r => (Text(r, "name"), Number(r, "books"), (long)Number(r, "assigned"), Number(r, "waiting"))));
        }

        Assert.Contains(await RowsAsync("use"), r => Text(r, "id") == book.ToString() && Number(r, "waiting") == 3);

        var today = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", null);
        var day = (await RowsAsync("history", $"?days=1&token={token.Id}&book={book}"))[^1];
        Assert.Equal((today, 0), (Text(day, "day"), Number(day, "available")));
        Assert.NotEqual(0, Number((await RowsAsync("history"))[^1], "available"));

        var titles = await RowsAsync("titles");
        Assert.NotEmpty(titles);
        Assert.Equal((await Get<TitleReports>().SharedAsync(_admin, CancellationToken.None)).Titles.Select(t => (t.AdamId, t.Holders)), titles.Select(t => (t.GetProperty("adamId").GetInt64(), Number(t, "holders"))));

        var unserved = Assert.Single(await RowsAsync("unserved"), b => Text(b, "bookId") == book.ToString());
        Assert.Equal(3, Number(unserved, "forStock"));

        var people = await Get<ServingReports>().UnreadyAsync(0, 999, _admin, CancellationToken.None);
        Assert.Equal(people.People.Rows.Select(p => p.PersonId.ToString()), (await RowsAsync("unregistered", "?top=999")).Select(p => Text(p, "personId")));
        Assert.Equal(people.People.Rows.Skip(1).Take(2).Select(p => p.PersonId.ToString()), (await RowsAsync("unregistered", "?skip=1&top=2")).Select(p => Text(p, "personId")));
        Assert.Equal((people.People.Total, people.Ready), await SumsAsync());
        Assert.Equal(people.People.Rows.Select(p => p.PersonId.ToString()), await FollowAsync("/api/reports/unregistered?top=2"));

        var held = await Get<TimeMachine>().HoldersAsync(book, DateOnly.ParseExact(today, "yyyy-MM-dd", null), TimeZoneInfo.Utc, 0, 999, _admin, CancellationToken.None);
        Assert.True(held.Total > 3, $"{held.Total} holders.");
        var past = await house.ReadAsync($"/api/books/{book}/days/{today}");
        ApiDocumentTests.Validate(document, ApiDocumentTests.SchemaOf(document, "/api/books/{bookId}/days/{day}", "get", "200"), past, "days");
        Assert.Equal((today, held.Total, 0), (Text(past, "day"), Number(past, "total"), Number(past.GetProperty("counts"), "available")));
        Assert.Equal(held.Rows.Select(h => h.PersonId.ToString()), past.GetProperty("value").EnumerateArray().Select(h => Text(h, "personId")));
        Assert.Equal(held.Rows.Select(h => h.PersonId.ToString()), await FollowAsync($"/api/books/{book}/days/{today}?top=2"));
        var before = await house.ReadAsync($"/api/books/{book}/days/2020-01-01?zone=Europe/Amsterdam");
        Assert.Equal((0, false, 0), (Number(before, "total"), before.TryGetProperty("counts", out _), before.GetProperty("value").GetArrayLength()));
        foreach (var wrong in (string[])["31-08-2026", "9999-12-31", "2026-08-31?zone=Mars", "2026-08-31?cursor=x"])
        {
            using var refused = await house.SendAsync(HttpMethod.Get, $"/api/books/{book}/days/{wrong}");
            Assert.Equal((wrong, 400), (wrong, (int)refused.StatusCode));
            await ApiHouse.ErrorAsync(refused);
        }

        var forecasts = await Get<ForecastReader>().ListAsync(new ForecastQuery { WeeksAhead = 52 }, _admin, CancellationToken.None);
        Assert.Equal(forecasts.Select(f => (f.BookId.ToString(), f.Forecast.Likely.Buy)), (await RowsAsync("forecast", "?weeks=52")).Select(f => (Text(f, "bookId")!, f.GetProperty("forecast").GetProperty("likely").GetProperty("buy").GetInt64())));
        Assert.Equal("shortNow", Text(Assert.Single(await RowsAsync("forecast", $"?book={book}")).GetProperty("forecast"), "verdict"));

        var buy = Assert.Single(await RowsAsync("shopping", $"?token={token.Id}"), b => Text(b, "bookId") == book.ToString());
        Assert.Equal((true, 0, 3, "Education"), (Number(buy, "buy") >= 3, Number(buy, "available"), Number(buy, "waiting"), Text(buy, "tokenName")));
        Assert.DoesNotContain(await RowsAsync("shopping"), b => Number(b, "buy") <= 0);

        async Task<List<JsonElement>> RowsAsync(string report, string query = "")
        {
            var path = "/api/reports/" + report;
            var answer = await house.ReadAsync(path + query);
            ApiDocumentTests.Validate(document, ApiDocumentTests.SchemaOf(document, path, "get", "200"), answer, path);
            return [.. answer.GetProperty("value").EnumerateArray()];
        }

        async Task<List<string?>> FollowAsync(string list)
        {
            var seen = new List<string?>();
            for (var cursor = ""; ;)
            {
                var page = await house.ReadAsync(list + cursor);
                seen.AddRange(page.GetProperty("value").EnumerateArray().Select(p => Text(p, "personId")));
                if (!page.TryGetProperty("next", out var next) || next.GetString() is not { } place)
                {
                    return seen;
                }

                cursor = "&cursor=" + Uri.EscapeDataString(place);
            }
        }

        async Task<(int Total, int Ready)> SumsAsync() => await house.ReadAsync("/api/reports/unregistered?top=1") is var sums ? (Number(sums, "total"), Number(sums, "ready")) : default;
    }

    [Theory]
    [InlineData("use?by=author")]
    [InlineData("use?by=0")]
    [InlineData("history?days=0")]
    [InlineData("history?days=732")]
    [InlineData("history?zone=Mars")]
    [InlineData("history?book=x")]
    [InlineData("unregistered?top=1000")]
    [InlineData("unregistered?cursor=x")]
    [InlineData("forecast?weeks=53")]
    [InlineData("shopping?token=x")]
    public async Task A_question_that_makes_no_sense_is_refused(string report)
    {
        using var answer = await house.SendAsync(HttpMethod.Get, "/api/reports/" + report);

        Assert.Equal(400, (int)answer.StatusCode);
        await ApiHouse.ErrorAsync(answer);
    }

    [Fact]
    public async Task A_past_day_of_a_book_that_is_not_there_is_not_found()
    {
        using var answer = await house.SendAsync(HttpMethod.Get, $"/api/books/{Guid.NewGuid()}/days/2026-08-31");

        Assert.Equal(404, (int)answer.StatusCode);
        await ApiHouse.ErrorAsync(answer);
    }

    /// <summary>A book of which nothing is left while three people wait.</summary>
    private async Task<Guid> RunOutAsync(Guid token)
    {
        var book = (await Get<BookCatalog>().ListAsync(new BookQuery { LocationId = token, Take = 999 }, _admin, CancellationToken.None)).Rows.First(b => !b.Unlimited && b.Free is > 0 and < 60);
        await Get<AssignmentDesk>().AssignAsync(new PlanRequest(book.PublicId, [new WishedAssignment(house.GroupId("Class 4A"), Intent.Required)]), _admin, CancellationToken.None);
        await house.QuietAsync();
        await using var db = await Get<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        var id = await db.Books.Where(b => b.PublicId == book.PublicId).Select(b => b.Id).SingleAsync();
        await db.BookCountSnapshots.Where(s => s.BookId == id).ExecuteUpdateAsync(set => set.SetProperty(s => s.AvailableCount, 0));
        await db.Books.Where(b => b.Id == id).ExecuteUpdateAsync(set => set.SetProperty(b => b.AvailableCount, 0));
        var copies = await db.Licenses.Where(l => l.BookId == id).OrderBy(l => l.Id).Select(l => l.Id).ToListAsync();
        Assert.True(copies.Count > 3, $"{copies.Count} copies.");
        await db.Licenses.Where(l => copies.Skip(3).Contains(l.Id)).ExecuteUpdateAsync(set => set.SetProperty(l => l.State, LicenseState.Assigned));
        await db.Licenses.Where(l => copies.Take(3).Contains(l.Id)).ExecuteUpdateAsync(set => set.SetProperty(l => l.State, LicenseState.Waiting));
        return book.PublicId;
    }

    private T Get<T>()
        where T : notnull => house.Services.GetRequiredService<T>();

    private static string? Text(JsonElement row, string name) => row.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static int Number(JsonElement row, string name) => row.GetProperty(name).GetInt32();
}
