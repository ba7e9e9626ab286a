using System.Globalization;
using System.Net;
using VppBooks.Apple;

namespace VppBooks.Tests.Apple;

public sealed class PagingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_pages_are_read_five_at_once_and_handed_out_one_at_a_time()
    {
        var (now, most) = (0, 0);
        AppleFixture apple = null!;
        apple = new AppleFixture(async (request, cancellationToken) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            await apple.Network.TakeAsync(TimeSpan.FromSeconds(1), cancellationToken);
            Interlocked.Decrement(ref now);
            return Users(Index(request), total: 40);
        });
        await using var _ = apple;
        var (inside, rows) = (0, new List<VppUserRow>());
        var progress = new Progress();

        var result = await apple.Client.ReadUsersAsync(
            apple.Location,
            new(),
            async (page, _) =>
            {
                Assert.Equal(1, Interlocked.Increment(ref inside));
                await Task.Yield();
                rows.AddRange(page);
                Interlocked.Decrement(ref inside);
            },
            progress,
            Token);

        Assert.Equal((true, "v1", 40, 80L), (result.Clean, result.FirstVersionId, result.Pages, result.Rows));
        Assert.Equal(80, rows.Select(row => row.ClientUserId).Distinct().Count());
        Assert.Equal(5, most);
        Assert.Equal(new PageProgress(40, 40, 80), progress.Reports[^1]);
        Assert.Equal(40, apple.Sent.Count);
    }

    [Fact]
    public async Task A_slow_receiver_holds_the_reading_back()
    {
        var handedOut = 0;
        var ahead = 0;
        AppleFixture apple = null!;
        apple = new((request, _) =>
        {
            ahead = Math.Max(ahead, Index(request) - Volatile.Read(ref handedOut));
            return Task.FromResult(Users(Index(request), total: 25));
        });
        await using var _ = apple;

        await apple.Client.ReadUsersAsync(
            apple.Location,
            new(),
            async (_, cancellationToken) =>
            {
                await Task.Delay(TimeSpan.FromSeconds(2), apple.Clock, cancellationToken);
                handedOut++;
            },
            null,
            Token);

        Assert.Equal(25, handedOut);
        Assert.InRange(ahead, 1, 7);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task An_empty_list_has_no_pages_or_one(int totalPages)
    {
        await using var apple = AppleFixture.Answering($$"""{"assignments":[],"size":0,"totalPages":{{totalPages}},"versionId":"v1"}""");
        var rows = new List<Assignment>();

        var result = await apple.Client.ReadAssignmentsAsync(apple.Location, new(), null, AppleReadTests.Collect(rows), null, Token);

        Assert.Equal((true, 0L, 1), (result.Clean, result.Rows, result.Pages));
        Assert.Empty(rows);
    }

    [Fact]
    public async Task The_first_page_is_not_asked_for_twice()
    {
        await using var apple = new AppleFixture((request, _) => Task.FromResult(Assignments(Index(request), total: 3)));
        var query = new AssignmentQuery(AdamId: "6500000011");
        var rows = new List<Assignment>();

        var first = await apple.Client.GetFirstAssignmentsPageAsync(apple.Location, query, Token);
        var result = await apple.Client.ReadAssignmentsAsync(apple.Location, query, first, AppleReadTests.Collect(rows), null, Token);

        Assert.Equal([0, 1, 2], apple.Sent.Select(Index).Order());
        Assert.Equal((3, 3L), (result.Pages, result.Rows));
    }

    [Fact]
    public async Task Data_that_moves_is_finished_and_then_asked_for_since_the_first_version()
    {
        await using var apple = new AppleFixture((request, _) => Task.FromResult(
            request.Parameter("sinceVersionId") == "v1" ? Users(0, total: 1, version: "v2", name: "late")
            : Users(Index(request), total: 3, version: Index(request) == 2 ? "v2" : "v1")));
        var rows = new List<VppUserRow>();

        var result = await apple.Client.ReadUsersAsync(apple.Location, new(), AppleReadTests.Collect(rows), null, Token);

        Assert.Equal((false, "v1", 4), (result.Clean, result.FirstVersionId, result.Pages));
        Assert.Contains(rows, row => row.ClientUserId.StartsWith("late", StringComparison.Ordinal));
        Assert.Equal("v1", apple.Sent[^1].Parameter("sinceVersionId"));
    }

    [Fact]
    public async Task A_version_that_Apple_forgot_leaves_the_result_unclean()
    {
        await using var apple = new AppleFixture((request, _) => Task.FromResult(
            request.Parameter("sinceVersionId") is not null ? AppleFixture.Json("""{"errorNumber":9721}""", HttpStatusCode.BadRequest)
            : Users(Index(request), total: 2, version: "v" + Index(request))));

        var result = await apple.Client.ReadUsersAsync(apple.Location, new(), AppleReadTests.Collect(new List<VppUserRow>()), null, Token);

        Assert.False(result.Clean);
        await Assert.ThrowsAsync<AppleRefusedException>(() => apple.Client.ReadUsersAsync(apple.Location, new(SinceVersionId: "old"), AppleReadTests.Collect(new List<VppUserRow>()), null, Token));
    }

    [Theory]
    [InlineData(1, true, 2)]
    [InlineData(100, false, 4)]
    public async Task Assets_that_move_are_read_again_up_to_three_times(int movingPasses, bool clean, int passes)
    {
        var pass = 0;
        await using var apple = new AppleFixture((request, _) =>
        {
            pass += Index(request) == 0 ? 1 : 0;
            var version = pass <= movingPasses ? $"v{pass}.{Index(request)}" : "still";
            return Task.FromResult(AppleFixture.Json($$"""{"assets":[{"adamId":"65{{Index(request)}}","pricingParam":"STDQ","productType":"Book","totalCount":1,"assignedCount":1,"availableCount":0}],"totalPages":2,"versionId":"{{version}}"}"""));
        });

        var result = await apple.Client.ReadAssetsAsync(apple.Location, new(), AppleReadTests.Collect(new List<Asset>()), null, Token);

        Assert.Equal((clean, passes * 2), (result.Clean, result.Pages));
        Assert.Equal(passes, pass);
        Assert.All(apple.Sent.Where(sent => Index(sent) == 0).Zip(apple.Sent.Where(sent => Index(sent) == 0).Skip(1)), pair => Assert.True(pair.Second.At - pair.First.At >= TimeSpan.FromSeconds(2)));
    }

    [Theory]
    [InlineData("\"totalCount\":9,\"availableCount\":9")]
    [InlineData("\"totalCount\":9,\"availableCount\":9,\"assignedCount\":null")]
    [InlineData("\"totalCount\":9,\"assignedCount\":0")]
    [InlineData("\"availableCount\":9,\"assignedCount\":0")]
    public async Task A_book_without_one_of_its_counts_is_left_out_and_the_list_proves_nothing(string counts)
    {
        await using var apple = AppleFixture.Answering($$"""
            {"assets":[{"adamId":"651","pricingParam":"STDQ","productType":"Book",{{counts}}},
                       {"adamId":"652","pricingParam":"STDQ","productType":"Book","totalCount":2,"assignedCount":1,"availableCount":1},
                       {"adamId":"653","pricingParam":"STDQ","productType":"App"}],"totalPages":1,"versionId":"v"}
            """);
        var rows = new List<Asset>();

        var result = await apple.Client.ReadAssetsAsync(apple.Location, new(), AppleReadTests.Collect(rows), null, Token);

        Assert.False(result.Clean);
        Assert.Equal(["652", "653"], rows.Select(r => r.Key.AdamId));
    }

    [Fact]
    public async Task A_list_that_grows_is_read_to_its_new_end()
    {
        await using var apple = new AppleFixture((request, _) => Task.FromResult(
            request.Parameter("sinceVersionId") is not null ? Users(0, 1, "v2") : Users(Index(request), total: Index(request) < 2 ? 3 : 5, version: Index(request) < 2 ? "v1" : "v2")));
        var rows = new List<VppUserRow>();

        var result = await apple.Client.ReadUsersAsync(apple.Location, new(), AppleReadTests.Collect(rows), null, Token);

        Assert.False(result.Clean);
        Assert.Contains(rows, row => row.ClientUserId == "user-4-0");
    }

    [Fact]
    public async Task A_list_that_shrinks_ends_where_it_ends_now()
    {
        var started = false;
        await using var apple = new AppleFixture((request, _) =>
        {
            var total = started ? 3 : 9;
            started = true;
            return Task.FromResult(
                request.Parameter("sinceVersionId") is not null ? Users(0, 1, "v2")
                : Index(request) >= total ? AppleFixture.Json("""{"errorNumber":9650}""", HttpStatusCode.BadRequest)
                : Users(Index(request), total, total == 9 ? "v1" : "v2"));
        });
        var rows = new List<VppUserRow>();

        var result = await apple.Client.ReadUsersAsync(apple.Location, new(), AppleReadTests.Collect(rows), null, Token);

        Assert.False(result.Clean);
        Assert.Contains(rows, row => row.ClientUserId == "user-2-1");
        Assert.InRange(apple.Sent.Count, 4, 16);
    }

    [Fact]
    public async Task A_page_that_is_always_gone_does_not_go_on_forever()
    {
        await using var apple = new AppleFixture((request, _) => Task.FromResult(
            Index(request) == 0 ? Users(0, total: 3) : AppleFixture.Json("""{"errorNumber":9650}""", HttpStatusCode.BadRequest)));

        await Assert.ThrowsAsync<AppleUnavailableException>(() => apple.Client.ReadUsersAsync(apple.Location, new(), AppleReadTests.Collect(new List<VppUserRow>()), null, Token));

        Assert.InRange(apple.Sent.Count, 4, 16);
    }

    [Theory]
    [InlineData("a number of pages beyond reason", """{"users":[],"totalPages":2147483647,"nextPageIndex":1,"versionId":"v"}""")]
    [InlineData("a next page that is this one", """{"users":[],"size":0,"nextPageIndex":0,"versionId":"v"}""")]
    [InlineData("another page than asked for", """{"users":[],"currentPageIndex":7,"totalPages":9,"versionId":"v"}""")]
    [InlineData("the first page every time", """{"users":[],"currentPageIndex":0,"totalPages":9,"versionId":"v"}""")]
    public async Task A_list_that_cannot_be_followed_is_malformed(string what, string body)
    {
        await using var apple = AppleFixture.Answering(body);

        await Assert.ThrowsAsync<AppleMalformedException>(() => apple.Client.ReadUsersAsync(apple.Location, new(), AppleReadTests.Collect(new List<VppUserRow>()), null, Token));

        Assert.True(apple.Sent.Count <= 6, what);
    }

    [Fact]
    public async Task Without_a_number_of_pages_the_next_index_leads_on()
    {
        await using var apple = new AppleFixture((request, _) => Task.FromResult(AppleFixture.Json(
            $$"""{"users":[{"clientUserId":"u{{Index(request)}}"}],"versionId":"v1"{{(Index(request) < 3 ? $",\"nextPageIndex\":{Index(request) + 1}" : "")}}}""")));
        var rows = new List<VppUserRow>();

        var result = await apple.Client.ReadUsersAsync(apple.Location, new(), AppleReadTests.Collect(rows), null, Token);

        Assert.Equal(["u0", "u1", "u2", "u3"], rows.Select(row => row.ClientUserId));
        Assert.True(result.Clean);
    }

    [Fact]
    public async Task One_page_that_fails_for_good_fails_the_whole_read()
    {
        await using var apple = new AppleFixture((request, _) => Task.FromResult(
            Index(request) == 3 ? AppleFixture.Json("""{"errorNumber":9625}""", HttpStatusCode.Unauthorized) : Users(Index(request), total: 200)));

        var refused = await Assert.ThrowsAsync<AppleRefusedException>(() => apple.Client.ReadUsersAsync(apple.Location, new(), AppleReadTests.Collect(new List<VppUserRow>()), null, Token));

        Assert.Equal(ErrorCategory.Token, refused.Refusal.Error.Category);
        Assert.InRange(apple.Sent.Count, 4, 12);
    }

    [Fact]
    public async Task A_receiver_that_fails_ends_the_read()
    {
        await using var apple = new AppleFixture((request, _) => Task.FromResult(Users(Index(request), total: 200)));

        await Assert.ThrowsAsync<InvalidDataException>(() => apple.Client.ReadUsersAsync(apple.Location, new(), (_, _) => throw new InvalidDataException(), null, Token));

        Assert.InRange(apple.Sent.Count, 1, 8);
    }

    [Fact]
    public async Task Rows_that_were_not_asked_for_are_left_out_and_rows_without_a_name_make_the_result_unclean()
    {
        await using var apple = AppleFixture.Answering("""
            {"assignments":[{"adamId":"1","pricingParam":"PLUS","clientUserId":"a"},{"adamId":"1","pricingParam":"STDQ","clientUserId":"a"},{"adamId":"2","pricingParam":"STDQ","clientUserId":"a"},
            {"adamId":"1","pricingParam":"STDQ"}],"totalPages":1,"versionId":"v1"}
            """);
        var rows = new List<Assignment>();

        var result = await apple.Client.ReadAssignmentsAsync(apple.Location, new("1", PricingParam.STDQ), null, AppleReadTests.Collect(rows), null, Token);

        Assert.Equal([new Assignment("1", PricingParam.STDQ, "a", null, null, null)], rows);
        Assert.Equal((1L, false), (result.Rows, result.Clean));
    }

    [Fact]
    public async Task A_first_page_read_beforehand_counts_like_any_other()
    {
        await using var apple = new AppleFixture((request, _) => Task.FromResult(AppleFixture.Json(Index(request) == 0
            ? """{"assignments":[{"adamId":"1","pricingParam":"STDQ"}],"nextPageIndex":1,"versionId":"v1"}"""
            : """{"assignments":[{"adamId":"1","pricingParam":"STDQ","clientUserId":"a"}],"versionId":"v1"}""")));
        var rows = new List<Assignment>();

        var first = await apple.Client.GetFirstAssignmentsPageAsync(apple.Location, new(), Token);
        var result = await apple.Client.ReadAssignmentsAsync(apple.Location, new(), first, AppleReadTests.Collect(rows), null, Token);

        Assert.Equal("a", Assert.Single(rows).ClientUserId);
        Assert.Equal((2, false), (result.Pages, result.Clean));
    }

    [Fact]
    public async Task Fifteen_requests_a_second_is_the_most_that_two_lists_use_together()
    {
        await using var apple = new AppleFixture((request, _) => Task.FromResult(request.Path.EndsWith("users", StringComparison.Ordinal) ? Users(Index(request), 25) : Assignments(Index(request), 25)));
        apple.Network.RequestsPerSecond = 15;

        await Task.WhenAll(
            apple.Client.ReadUsersAsync(apple.Location, new(), AppleReadTests.Collect(new List<VppUserRow>()), null, Token),
            apple.Client.ReadAssignmentsAsync(apple.Location, new(), null, AppleReadTests.Collect(new List<Assignment>()), null, Token));

        var times = apple.Sent.Select(sent => sent.At).Order().ToList();
        Assert.Equal(50, times.Count);
        Assert.All(times.Zip(times.Skip(15)), pair => Assert.True(pair.Second - pair.First > TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task A_long_list_does_not_stay_in_memory()
    {
        var page = $$"""{"assignments":[{{string.Join(',', Enumerable.Range(0, 1000).Select(i => $$"""{"adamId":"6500000011","pricingParam":"STDQ","clientUserId":"{{Guid.NewGuid()}}","userStatus":"Associated","idHash":"GF2mgTS+lwHx4MCrDmGWPkVmxgE={{i}}"}"""))}}],"currentPageIndex":INDEX,"totalPages":150,"versionId":"v"}""";
        await using var apple = new AppleFixture((request, _) => Task.FromResult(AppleFixture.Json(page.Replace("INDEX", Index(request).ToString(CultureInfo.InvariantCulture)))));
        var (rows, most) = (0, 0L);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        await apple.Client.ReadAssignmentsAsync(
            apple.Location,
            new(),
            null,
            (batch, _) =>
            {
                rows += batch.Count;
                most = rows % 50_000 == 0 ? Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before) : most;
                return ValueTask.CompletedTask;
            },
            null,
            Token);

        Assert.Equal(150_000, rows);
        Assert.InRange(most, 0, 24 * 1024 * 1024);
    }

    private static int Index(SentRequest request) => int.Parse(request.Parameter("pageIndex") ?? "0", CultureInfo.InvariantCulture);

    private static HttpResponseMessage Users(int index, int total, string version = "v1", string name = "user") => AppleFixture.Json(
        $$"""{"users":[{"clientUserId":"{{name}}-{{index}}-0","status":"Registered"},{"clientUserId":"{{name}}-{{index}}-1","status":"Registered"}],{{Numbers(index, total, version)}}}""");

    private static HttpResponseMessage Assignments(int index, int total) => AppleFixture.Json(
        $$"""{"assignments":[{"adamId":"6500000011","pricingParam":"STDQ","clientUserId":"user-{{index}}","userStatus":"Associated"}],{{Numbers(index, total, "v1")}}}""");

    private static string Numbers(int index, int total, string version) =>
        $"\"currentPageIndex\":{index},\"size\":2,\"totalPages\":{total},\"versionId\":\"{version}\"" + (index + 1 < total ? $",\"nextPageIndex\":{index + 1}" : "");

    private sealed class Progress : IProgress<PageProgress>
    {
        public List<PageProgress> Reports { get; } = [];

        public void Report(PageProgress value) => Reports.Add(value);
    }
}
