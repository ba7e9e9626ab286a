namespace VppBooks.Tests.SimulatedCloud;

/// <summary>Reference 10.6 and 2.3.</summary>
public sealed class PagingRuleTests : IAsyncLifetime
{
    private SimulatedApple _apple = null!;

    public async ValueTask InitializeAsync() => _apple = await SimulatedApple.StartAsync(o => o.PageSize = 100);

    public ValueTask DisposeAsync() => _apple.DisposeAsync();

    [Theory]
    [InlineData("/assets", "assets")]
    [InlineData("/users", "users")]
    [InlineData("/assignments", "assignments")]
    public async Task Pages_join_to_the_whole_list_without_a_repeat(string path, string list)
    {
        _apple.Switches.PageSize = path == "/assets" ? 7 : 100;
        var rows = new List<string>();
        int? index = 0;
        string? version = null;
        while (index is not null)
        {
            var page = await _apple.GetAsync($"{path}?pageIndex={index}");
            Assert.Equal(index, page.Number("currentPageIndex"));
            Assert.Equal(page.Number("size"), page.List(list).Count);
            Assert.Equal(version ??= page.Text("versionId"), page.Text("versionId"));
            rows.AddRange(page.List(list).Select(r => r.ToString()));
            index = page.Has("nextPageIndex") ? page.Number("nextPageIndex") : null;
            Assert.Equal(index is null, page.Number("currentPageIndex") == page.Number("totalPages") - 1);
        }

        _apple.Switches.PageSize = 100_000;
        Assert.Equal((await _apple.GetAsync(path)).List(list).Select(r => r.ToString()), rows);
        Assert.Equal(rows.Count, rows.Distinct().Count());
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("99")]
    [InlineData("one")]
    public async Task An_index_out_of_range_is_9650(string index)
    {
        Assert.Equal((400, 9650), ((await _apple.GetAsync("/users?pageIndex=" + index)).Status, (await _apple.GetAsync("/users?pageIndex=" + index)).ErrorNumber));
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 0)]
    public async Task An_empty_list_has_one_page_or_none(bool none, int pages)
    {
        _apple.Switches.EmptyListHasNoPages = none;

        var page = await _apple.GetAsync("/users?clientUserId=nobody");

        Assert.Equal((0, pages), (page.Number("size"), page.Number("totalPages")));
        Assert.False(page.Has("nextPageIndex"));
    }

    [Fact]
    public async Task Every_write_changes_the_version_of_the_sets_it_touches_and_of_no_other()
    {
        var before = await VersionsAsync();
        _apple.Stock(5);
        var bought = await VersionsAsync();
        await _apple.CreateAsync("a");
        var created = await VersionsAsync();
        await _apple.FinishAsync(_apple.AssociateAsync(["a"], SimulatedApple.NewBook));
        var assigned = await VersionsAsync();

        Assert.Equal((true, false, false), Changed(before, bought));
        Assert.Equal((false, false, true), Changed(bought, created));
        Assert.Equal((true, true, false), Changed(created, assigned));
        Assert.Equal(assigned, await VersionsAsync());
    }

    [Fact]
    public async Task A_change_of_a_user_touches_its_assignments_by_switch()
    {
        _apple.Stock(5);
        await _apple.CreateAsync("a");
        await _apple.FinishAsync(_apple.AssociateAsync(["a"], SimulatedApple.NewBook));
        var before = await VersionsAsync();

        await _apple.FinishAsync(_apple.PostAsync("/users/update", new { users = new[] { new { clientUserId = "a", email = "a@noordrand.example" } } }));
        var touched = await VersionsAsync();
        _apple.Switches.UserChangesTouchAssignments = false;
        await _apple.FinishAsync(_apple.PostAsync("/users/update", new { users = new[] { new { clientUserId = "a", email = "b@noordrand.example" } } }));

        Assert.Equal((false, true, true), Changed(before, touched));
        Assert.Equal((false, false, true), Changed(touched, await VersionsAsync()));
    }

    [Fact]
    public async Task A_delta_holds_only_what_changed_since()
    {
        _apple.Stock(5);
        var (_, assignments, users) = await VersionsAsync();
        Assert.Empty((await _apple.GetAsync("/users?sinceVersionId=" + users)).List("users"));

        await _apple.CreateAsync("a", "b");
        await _apple.FinishAsync(_apple.AssociateAsync(["b"], SimulatedApple.NewBook));

        var newUsers = await _apple.GetAsync("/users?sinceVersionId=" + users);
        var newAssignments = await _apple.GetAsync("/assignments?includeUserState=true&sinceVersionId=" + assignments);
        Assert.Equal(["a", "b"], newUsers.List("users").Select(u => u.GetProperty("clientUserId").GetString()));
        Assert.Equal("b", Assert.Single(newAssignments.List("assignments")).GetProperty("clientUserId").GetString());
        Assert.Equal(0, newUsers.Number("currentPageIndex"));
        Assert.Empty((await _apple.GetAsync("/assignments?sinceVersionId=" + newAssignments.Text("versionId"))).List("assignments"));
        await _apple.FinishAsync(_apple.AssociateAsync(["a"], SimulatedApple.NewBook));
        Assert.Equal("a", Assert.Single((await _apple.GetAsync("/assignments?sinceVersionId=" + newAssignments.Text("versionId"))).List("assignments")).GetProperty("clientUserId").GetString());
    }

    [Theory]
    [InlineData(false, 0)]
    [InlineData(true, 1)]
    public async Task A_row_taken_away_is_absent_from_a_delta_or_by_switch_still_listed(bool listed, int rows)
    {
        _apple.Switches.DeltaListsRemovedRows = listed;
        var app = (await _apple.GetAsync("/assets?productType=App&unlimited=false")).List("assets")[0].GetProperty("adamId").GetString()!;
        var body = new { assets = new[] { new { adamId = app, pricingParam = "STDQ" } }, serialNumbers = new[] { "TESTSERIAL1" } };
        await _apple.FinishAsync(_apple.PostAsync("/assets/associate", body));
        var (_, version, _) = await VersionsAsync();

        await _apple.FinishAsync(_apple.PostAsync("/assets/disassociate", body));

        Assert.Equal(rows, (await _apple.GetAsync("/assignments?sinceVersionId=" + version)).List("assignments").Count);
    }

    [Fact]
    public async Task An_unknown_version_is_9721()
    {
        var (_, assignments, users) = await VersionsAsync();

        Assert.Equal((400, 9721), ((await _apple.GetAsync("/users?sinceVersionId=nonsense")).Status, (await _apple.GetAsync("/users?sinceVersionId=nonsense")).ErrorNumber));
        Assert.Equal(9721, (await _apple.GetAsync("/users?sinceVersionId=" + assignments)).ErrorNumber);
        _apple.Apple.ForgetVersions();
        Assert.Equal(9721, (await _apple.GetAsync("/users?sinceVersionId=" + users)).ErrorNumber);
    }

    [Fact]
    public async Task Assets_ignore_a_version()
    {
        Assert.Equal((await _apple.GetAsync("/assets")).Body, (await _apple.GetAsync("/assets?sinceVersionId=nonsense")).Body);
    }

    [Fact]
    public async Task A_write_between_two_pages_shifts_records()
    {
        var first = await _apple.GetAsync("/assignments");
        var second = await _apple.GetAsync("/assignments?pageIndex=1");
        var adamId = first.List("assignments")[0].GetProperty("adamId").GetString()!;
        await _apple.CreateAsync("a");
        var holders = _apple.Counts(adamId).Assigned;

        await _apple.FinishAsync(_apple.AssociateAsync(["a"], adamId));

        var index = holders / 100;
        var shifted = await _apple.GetAsync($"/assignments?pageIndex={index + 1}");
        Assert.NotEqual(first.Text("versionId"), shifted.Text("versionId"));
        Assert.Equal(100, second.Number("size"));
        Assert.Contains((await _apple.GetAsync($"/assignments?pageIndex={index}")).List("assignments"), r => r.GetProperty("clientUserId").GetString() == "a");
    }

    private async Task<(string? Assets, string? Assignments, string? Users)> VersionsAsync() =>
        ((await _apple.GetAsync("/assets")).Text("versionId"), (await _apple.GetAsync("/assignments")).Text("versionId"), (await _apple.GetAsync("/users")).Text("versionId"));

    private static (bool, bool, bool) Changed((string?, string?, string?) a, (string?, string?, string?) b) => (a.Item1 != b.Item1, a.Item2 != b.Item2, a.Item3 != b.Item3);
}
