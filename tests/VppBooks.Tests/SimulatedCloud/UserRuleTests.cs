using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>Reference 10.4 and 6.</summary>
public sealed class UserRuleTests : IAsyncLifetime
{
    private SimulatedApple _apple = null!;

    public async ValueTask InitializeAsync() => _apple = await SimulatedApple.StartAsync();

    public ValueTask DisposeAsync() => _apple.DisposeAsync();

    [Fact]
    public async Task A_new_user_is_registered_and_has_an_invitation()
    {
        await _apple.FinishAsync(_apple.PostAsync("/users/create", new { users = new[] { new { clientUserId = "a", email = "a@noordrand.example" } } }));

        var user = Assert.Single((await _apple.GetAsync("/users?clientUserId=a")).List("users"));

        Assert.Equal("Registered", user.GetProperty("status").GetString());
        Assert.Equal("a@noordrand.example", user.GetProperty("email").GetString());
        Assert.Matches("^[0-9a-f]{32}$", user.GetProperty("inviteCode").GetString());
        Assert.False(user.TryGetProperty("idHash", out _));
    }

    [Fact]
    public async Task A_managed_account_of_the_organization_associates_at_once()
    {
        var account = _apple.FreeManagedAccount();

        var status = await CreateManagedAsync("a", account);

        var user = Assert.Single((await _apple.GetAsync("/users?clientUserId=a")).List("users"));
        Assert.Equal("COMPLETE", status.Text("eventStatus"));
        Assert.Equal("Associated", user.GetProperty("status").GetString());
        Assert.Equal(28, user.GetProperty("idHash").GetString()!.Length);
        Assert.False(user.TryGetProperty("inviteCode", out _));
        Assert.DoesNotContain(account, user.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "Registered")]
    [InlineData(false, null)]
    public async Task A_managed_account_of_another_organization_gives_9635(bool keepsRecord, string? left)
    {
        _apple.Switches.KeepRecordWhenAssociationFails = keepsRecord;
        var account = _apple.Apple.AccountsOfAnotherOrganization.First();

        var status = await CreateManagedAsync("a", account);

        Assert.Equal(9635, status.List("failures")[0].GetProperty("errorNumber").GetInt32());
        Assert.Equal(left, _apple.Apple.Users(SimulatedApple.Education, "a").SingleOrDefault()?.Status);
    }

    [Fact]
    public async Task A_managed_account_that_somebody_uses_gives_9641()
    {
        var status = await CreateManagedAsync("a", _apple.TakenManagedAccount());

        Assert.Equal(9641, status.List("failures")[0].GetProperty("errorNumber").GetInt32());
    }

    [Fact]
    public async Task Without_a_managed_account_behind_the_token_nobody_is_associated()
    {
        _apple.Switches.DownloaderHasManagedAccount = false;

        var status = await CreateManagedAsync("a", _apple.FreeManagedAccount());

        Assert.Equal(9635, status.List("failures")[0].GetProperty("errorNumber").GetInt32());
    }

    [Fact]
    public async Task Creating_an_active_user_again_gives_9716()
    {
        await _apple.CreateAsync("a");

        var status = await _apple.CreateAsync("a", "b");

        Assert.Equal(("FAILED", 1), (status.Text("eventStatus"), status.Number("numCompleted")));
        var failure = Assert.Single(status.List("failures"));
        Assert.Equal(9716, failure.GetProperty("errorNumber").GetInt32());
        Assert.Single(_apple.Apple.Users(SimulatedApple.Education, "a"));
    }

    [Fact]
    public async Task A_retired_user_who_never_accepted_comes_back_as_the_same_record()
    {
        await _apple.CreateAsync("a");
        await RetireAsync("a");

        await _apple.CreateAsync("a");

        Assert.Equal("Registered", Assert.Single(_apple.Apple.Users(SimulatedApple.Education, "a")).Status);
    }

    [Fact]
    public async Task A_retired_user_who_had_accepted_gets_a_second_record()
    {
        await _apple.CreateAsync("a");
        Accept("a", "anna@icloud.example");
        await RetireAsync("a");

        await _apple.CreateAsync("a");

        var rows = (await _apple.GetAsync("/users?clientUserId=a")).List("users");
        Assert.Equal(["Retired", "Registered"], rows.Select(r => r.GetProperty("status").GetString()));
    }

    [Fact]
    public async Task Books_follow_the_same_account_to_the_second_record_and_no_license_is_used()
    {
        await HoldThenComeBackAsync();

        Accept("a", "Anna@iCloud.example");

        Assert.Equal(["Deleted", "Associated"], _apple.Apple.Users(SimulatedApple.Education, "a").Select(u => u.Status));
        var row = Assert.Single((await _apple.GetAsync($"/assignments?adamId={SimulatedApple.NewBook}&includeUserState=true")).List("assignments"));
        Assert.Equal("Associated", row.GetProperty("userStatus").GetString());
        Assert.Equal([SpendResult.Spent, SpendResult.Moved], _apple.Apple.Ledger.Select(e => e.Result));
        Assert.Equal(1, _apple.Counts().Assigned);
    }

    [Fact]
    public async Task Books_stay_with_the_retired_record_when_another_account_accepts()
    {
        await HoldThenComeBackAsync();

        Accept("a", "somebody@icloud.example");

        var row = Assert.Single((await _apple.GetAsync($"/assignments?adamId={SimulatedApple.NewBook}&includeUserState=true")).List("assignments"));
        Assert.Equal("Retired", row.GetProperty("userStatus").GetString());
    }

    [Fact]
    public async Task An_account_accepts_for_one_active_user_only_and_a_code_works_once()
    {
        await _apple.CreateAsync("a", "b");
        var code = _apple.Apple.Users(SimulatedApple.Education, "a")[0].InviteCode!;

        Accept("a", "anna@icloud.example");

        Assert.NotNull(_apple.Apple.AcceptInvitation(code, "other@icloud.example"));
        Assert.NotNull(_apple.Apple.AcceptInvitation(_apple.Apple.Users(SimulatedApple.Education, "b")[0].InviteCode!, "anna@icloud.example"));
        Assert.Equal("Registered", _apple.Apple.Users(SimulatedApple.Education, "b")[0].Status);
    }

    [Fact]
    public async Task The_same_account_has_the_same_hash_within_a_location_only()
    {
        await _apple.CreateAsync("a");
        Accept("a", "anna@icloud.example");
        await RetireAsync("a");
        await _apple.CreateAsync("b");
        Accept("b", "anna@icloud.example");

        var hashes = _apple.Apple.Users(SimulatedApple.Education, "a").Concat(_apple.Apple.Users(SimulatedApple.Education, "b")).Select(u => u.IdHash).Distinct();

        Assert.Single(hashes);
    }

    [Fact]
    public async Task Update_changes_the_address_or_associates_and_keeps_the_code_until_then()
    {
        await _apple.CreateAsync("a");
        var code = _apple.Apple.Users(SimulatedApple.Education, "a")[0].InviteCode;

        await _apple.FinishAsync(_apple.PostAsync("/users/update", new { users = new[] { new { clientUserId = "a", email = "new@noordrand.example" } } }));
        var renamed = _apple.Apple.Users(SimulatedApple.Education, "a")[0];
        await _apple.FinishAsync(_apple.PostAsync("/users/update", new { users = new[] { new { clientUserId = "a", managedAppleId = _apple.FreeManagedAccount() } } }));

        Assert.Equal(("new@noordrand.example", code), (renamed.Email, renamed.InviteCode));
        Assert.Equal("Associated", _apple.Apple.Users(SimulatedApple.Education, "a")[0].Status);
    }

    [Theory]
    [InlineData("/users/update")]
    [InlineData("/users/retire")]
    public async Task Changing_an_unknown_user_gives_9609(string path)
    {
        var status = await _apple.FinishAsync(_apple.PostAsync(path, new { users = new[] { new { clientUserId = "nobody" } } }));

        Assert.Equal(9609, status.List("failures")[0].GetProperty("errorNumber").GetInt32());
    }

    [Fact]
    public async Task Retiring_returns_apps_and_leaves_books()
    {
        _apple.Stock(1);
        var app = (await _apple.GetAsync("/assets?productType=App&unlimited=false")).List("assets")[0].GetProperty("adamId").GetString()!;
        await _apple.CreateAsync("a");
        await _apple.FinishAsync(_apple.AssociateAsync(["a"], SimulatedApple.NewBook, app));

        await RetireAsync("a");

        var rows = (await _apple.GetAsync("/assignments?clientUserId=a&includeUserState=true")).List("assignments");
        Assert.Equal(SimulatedApple.NewBook, Assert.Single(rows).GetProperty("adamId").GetString());
        Assert.Empty((await _apple.GetAsync("/assignments?clientUserId=a&excludeInactiveUsers=true")).List("assignments"));
        Assert.Equal(1, _apple.Counts().Assigned);
    }

    [Fact]
    public async Task Users_can_be_read_active_or_retired_only()
    {
        var active = (await _apple.GetAsync("/users?activeOnly=true")).List("users");
        var retired = (await _apple.GetAsync("/users?retiredOnly=true")).List("users");

        Assert.All(active, u => Assert.Contains(u.GetProperty("status").GetString(), new[] { "Registered", "Associated" }));
        Assert.NotEmpty(retired);
        Assert.All(retired, u => Assert.Equal("Retired", u.GetProperty("status").GetString()));
    }

    private void Accept(string clientUserId, string account) =>
        Assert.Null(_apple.Apple.AcceptInvitation(_apple.Apple.Users(SimulatedApple.Education, clientUserId)[^1].InviteCode!, account));

    private Task<Reply> RetireAsync(string clientUserId) => _apple.FinishAsync(_apple.PostAsync("/users/retire", new { users = new[] { new { clientUserId } } }));

    private Task<Reply> CreateManagedAsync(string clientUserId, string managedAppleId) =>
        _apple.FinishAsync(_apple.PostAsync("/users/create", new { users = new[] { new { clientUserId, managedAppleId } } }));

    /// <summary>Somebody accepts, gets a book, is retired and created again.</summary>
    private async Task HoldThenComeBackAsync()
    {
        _apple.Stock(5);
        await _apple.CreateAsync("a");
        Accept("a", "anna@icloud.example");
        await _apple.FinishAsync(_apple.AssociateAsync(["a"], SimulatedApple.NewBook));
        await RetireAsync("a");
        await _apple.CreateAsync("a");
    }
}
