using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Catalog;
using VppBooks.Core.Locations;
using VppBooks.Core.Sync;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Sync;

/// <summary>The read faults of the fault matrix, on every list that a sync reads.</summary>
public sealed class ReadFaultTests
{
    public static TheoryData<string, FaultAction, string> Unreadable
    {
        get
        {
            var data = new TheoryData<string, FaultAction, string>();
            foreach (var path in new[] { "*/client/config", "*/assets", "*/users", "*/assignments" })
            {
                data.Add(path, FaultAction.HtmlBadGateway, "AppleUnavailable");
                data.Add(path, FaultAction.TruncatedBody, "UpstreamMalformed");
                data.Add(path, FaultAction.EmptyBody, "UpstreamMalformed");
                data.Add(path, FaultAction.WrongTypes, "UpstreamMalformed");
                data.Add(path, FaultAction.HugeBody, "UpstreamMalformed");
            }

            return data;
        }
    }

    [Theory]
    [InlineData("*/client/config")]
    [InlineData("*/assets")]
    [InlineData("*/users")]
    [InlineData("*/assignments")]
    public async Task F5_A_read_is_repeated_after_a_server_error(string path)
    {
        await using var fixture = await SyncFixture.StartAsync();
        var books = Fill(fixture);
        var fault = new Fault { Action = FaultAction.Respond, Status = 503, Path = path, Times = 2 };
        fixture.Apple.Faults.Add(fault);

        var run = await fixture.SyncAsync();

        Assert.Equal((SyncResult.Succeeded, 2), (run.Result, fault.Fired));
        await SyncFaultTests.AgreesWithAppleAsync(fixture, books);
    }

    [Fact]
    public async Task F15_A_token_revoked_between_two_pages_leaves_the_last_good_picture_and_its_date()
    {
        await using var fixture = await SyncFixture.StartAsync(pageSize: 3);
        var books = Fill(fixture);
        await fixture.SyncAsync();
        var before = await fixture.DumpAsync();
        var synced = (await fixture.LocationAsync()).LastSyncedAt;
        fixture.Apple.Buy(SyncFixture.UId, books[0], "STDQ", 50);
        fixture.Once("/assignments?pageIndex=2", () =>
        {
            fixture.Apple.RevokeTokens(SyncFixture.UId);
            return Task.CompletedTask;
        });

        var run = await fixture.SyncAsync(SyncReason.TakeOver);

        Assert.Equal((SyncResult.Failed, "TokenRejected", 9625), (run.Result, run.ErrorCode, run.ErrorNumber));
        Assert.Equal(WithoutAudit(before), WithoutAudit(await fixture.DumpAsync()));
        var location = await fixture.LocationAsync();
        Assert.Equal((TokenState.Invalid, synced, SyncStatus.Failed), (location.State, location.LastSyncedAt, location.SyncStatus));
    }

    [Fact]
    public async Task F20_Data_that_moves_in_every_run_is_published_every_time_and_is_true_once_it_stands_still()
    {
        await using var fixture = await SyncFixture.StartAsync(pageSize: 3);
        var books = Fill(fixture);
        for (var i = 0; i < 3; i++)
        {
            foreach (var list in new[] { "*/users", "*/assignments" })
            {
                fixture.Apple.Faults.Add(new Fault { Action = FaultAction.DataMoves, Path = list, Times = 4 });
            }

            var moving = await fixture.SyncAsync(SyncReason.TakeOver);
            Assert.Equal(SyncResult.Partial, moving.Result);
            await using var db = fixture.Open();
            Assert.Equal(await db.ForeignHoldings.CountAsync(), await db.ForeignHoldings.Select(h => new { h.BookId, h.VppUserId }).Distinct().CountAsync());
        }

        // The delta began at the version of the first page, not of the last.
        var versions = fixture.Apple.Requests.Where(r => r.Query.Contains("sinceVersionId=", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(versions);
        fixture.Apple.Faults.Clear();
        Assert.Equal(SyncResult.Succeeded, (await fixture.SyncAsync()).Result);
        await SyncFaultTests.AgreesWithAppleAsync(fixture, books);
    }

    [Theory]
    [InlineData("*/assets", "pageIndex=1")]
    [InlineData("*/users", "pageIndex=1")]
    [InlineData("*/assignments", "pageIndex=3")]
    public async Task F21_A_page_of_any_list_that_fails_for_good_publishes_nothing_and_the_next_run_does(string path, string page)
    {
        await using var fixture = await SyncFixture.StartAsync(pageSize: 2);
        var books = Fill(fixture);
        await fixture.SyncAsync();
        var before = await fixture.DumpAsync();
        var location = await fixture.LocationAsync();
        fixture.Apple.Buy(SyncFixture.UId, books[0], "STDQ", 50);
        fixture.AddUser("rv-new");
        fixture.Give(books[0], "rv-new");
        fixture.Take(books[1], "rv-0002");
        fixture.Apple.Faults.Add(new Fault { Action = FaultAction.Respond, Status = 500, Path = path, Query = page, Times = 0 });

        var run = await fixture.SyncAsync(SyncReason.TakeOver);

        Assert.Equal((SyncResult.Failed, "AppleUnavailable"), (run.Result, run.ErrorCode));
        Assert.Equal(before, await fixture.DumpAsync());
        var after = await fixture.LocationAsync();
        Assert.Equal((location.UsersVersionId, location.AssignmentsVersionId, location.LastSyncedAt), (after.UsersVersionId, after.AssignmentsVersionId, after.LastSyncedAt));
        fixture.Apple.Faults.Clear();
        Assert.Equal(SyncResult.Succeeded, (await fixture.SyncAsync(SyncReason.TakeOver)).Result);
        await SyncFaultTests.AgreesWithAppleAsync(fixture, books);
    }

    [Theory]
    [MemberData(nameof(Unreadable))]
    public async Task F24_An_answer_of_any_read_that_cannot_be_read_publishes_nothing(string path, FaultAction action, string code)
    {
        await using var fixture = await SyncFixture.StartAsync();
        var books = Fill(fixture);
        await fixture.SyncAsync();
        var before = await fixture.DumpAsync();
        fixture.Apple.Buy(SyncFixture.UId, books[0], "STDQ", 50);
        fixture.AddUser("rv-new");
        fixture.Give(books[0], "rv-new");
        var fault = new Fault { Action = action, Path = path, Times = 0 };
        fixture.Apple.Faults.Add(fault);

        var run = await fixture.SyncAsync();

        Assert.True(fault.Fired > 0);
        Assert.Equal((SyncResult.Failed, code), (run.Result, run.ErrorCode));
        Assert.Equal(before, await fixture.DumpAsync());
    }

    [Fact]
    public async Task F25_Words_that_nobody_documented_are_kept_as_unknown_and_crash_nothing()
    {
        await using var fixture = await SyncFixture.StartAsync();
        var books = Fill(fixture);
        var gold = fixture.AddBook(90);
        fixture.Give(gold, "rv-0001");
        fixture.Rewrite = (address, body) => (address.AbsolutePath.Split('/')[^1] switch
        {
            "assets" => Golden(body).Replace("\"iOS\"", "\"visionOS\"", StringComparison.Ordinal),
            "users" => body.Replace("\"clientUserId\":\"rv-0002\"", "\"mood\":{\"a\":[1,{}]},\"clientUserId\":\"rv-0002\"", StringComparison.Ordinal).Replace("\"status\":\"Associated\"", "\"status\":\"Hibernating\"", StringComparison.Ordinal),
            "assignments" => Golden(body).Replace("\"userStatus\":\"Associated\"", "\"userStatus\":\"Hibernating\"", StringComparison.Ordinal),
            _ => body,
        }).Replace("\"uId\"", "\"newInVersion3\":[true],\"uId\"", StringComparison.Ordinal);

        var run = await fixture.SyncAsync();

        Assert.Equal(SyncResult.Succeeded, run.Result);
        await SyncFaultTests.AgreesWithAppleAsync(fixture, books);
        var odd = await fixture.BookAsync(gold, "Unknown");
        Assert.Equal((1, 99), ((int)odd.AssignedCount, (int)odd.AvailableCount));
        await using var db = fixture.Open();
        Assert.All(await db.VppUsers.Where(u => u.LocationId == fixture.LocationId).ToListAsync(), u => Assert.Equal(VppUserStatus.Unknown, u.Status));

        string Golden(string body) => System.Text.RegularExpressions.Regex.Replace(
            body, $"(?<row>\"adamId\":\"{gold}\"[^}}]*\"pricingParam\":\")STDQ", "${row}GOLD", System.Text.RegularExpressions.RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
    }

    [Theory]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task F26_A_store_that_refuses_leaves_the_books_with_their_number_and_is_asked_again_later(int status)
    {
        await using var fixture = await SyncFixture.StartAsync();
        var books = Fill(fixture);
        var fault = new Fault { Action = FaultAction.Respond, Status = status, Path = "/lookup*", Times = 0 };
        fixture.Apple.Faults.Add(fault);
        fixture.Apple.Faults.Add(new Fault { Action = FaultAction.Respond, Status = status, Path = "*lookup*", Times = 0 });

        var run = await fixture.SyncAsync();

        Assert.Equal(SyncResult.Succeeded, run.Result);
        Assert.True(fixture.Apple.Faults.List().Sum(f => f.Fired) > 0);
        await SyncFaultTests.AgreesWithAppleAsync(fixture, books);
        var shown = (await fixture.Get<BookCatalog>().ListAsync(new BookQuery(), CoreHouse.Admin, CancellationToken.None)).Rows;
        Assert.Equal(books.Select(b => long.Parse(b, System.Globalization.CultureInfo.InvariantCulture)).Order(), shown.Select(r => r.AdamId).Order());
        Assert.All(shown, r => Assert.Null(r.Title));

        fixture.Apple.Faults.Clear();
        await fixture.SyncAsync();
        Assert.All((await fixture.Get<BookCatalog>().ListAsync(new BookQuery(), CoreHouse.Admin, CancellationToken.None)).Rows, r => Assert.StartsWith("Title", r.Title, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("\"assignedCount\":\\d+,")]
    [InlineData("\"availableCount\":\\d+,")]
    public async Task A_book_whose_counts_are_missing_takes_no_license_away(string pattern)
    {
        await using var fixture = await SyncFixture.StartAsync();
        Fill(fixture);
        await fixture.SyncAsync();
        var before = await fixture.DumpAsync();
        fixture.Rewrite = (address, body) => address.AbsolutePath.EndsWith("/assets", StringComparison.Ordinal)
            ? System.Text.RegularExpressions.Regex.Replace(body, pattern, "", System.Text.RegularExpressions.RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1))
            : body;

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(SyncResult.Partial, (await fixture.SyncAsync(SyncReason.TakeOver)).Result);
        }

        Assert.Equal(before, await fixture.DumpAsync());
    }

    [Fact]
    public async Task A_count_of_zero_takes_no_license_away_before_the_list_says_the_same()
    {
        await using var fixture = await SyncFixture.StartAsync();
        var books = Fill(fixture);
        await fixture.SyncAsync();
        var held = (await fixture.BookAsync(books[0])).Id;
        await using var db = fixture.Open();
        var holders = await db.ForeignHoldings.CountAsync(h => h.BookId == held);
        Assert.True(holders > 0);
        fixture.Rewrite = (address, body) => address.AbsolutePath.EndsWith("/assets", StringComparison.Ordinal)
            ? System.Text.RegularExpressions.Regex.Replace(body, "\"assignedCount\":\\d+", "\"assignedCount\":0", System.Text.RegularExpressions.RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1))
            : body;

        await fixture.SyncAsync();
        await fixture.SyncAsync(SyncReason.TakeOver);

        Assert.Equal(holders, await db.ForeignHoldings.CountAsync(h => h.BookId == held));
    }

    private static string WithoutAudit(string dump) => string.Join('\n', dump.Split('\n').Where(l => !l.StartsWith("AuditEvents", StringComparison.Ordinal)));

    private static List<string> Fill(SyncFixture fixture)
    {
        var ids = Enumerable.Range(1, 4).Select(i => fixture.AddBook(i)).ToList();
        for (var i = 1; i <= 12; i++)
        {
            var user = $"rv-{i:D4}";
            fixture.AddUser(user);
            fixture.Give(ids[(i - 1) % 3], user);
        }

        return ids;
    }
}
