using System.Text;
using System.Text.Json;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>Reference 1.1 and 10.7.</summary>
public sealed class TokenRuleTests : IAsyncLifetime
{
    private SimulatedApple _apple = null!;

    public async ValueTask InitializeAsync() => _apple = await SimulatedApple.StartAsync();

    public ValueTask DisposeAsync() => _apple.DisposeAsync();

    [Fact]
    public void A_token_file_is_one_base64_text_of_three_keys()
    {
        var text = Encoding.ASCII.GetString(_apple.Apple.IssueToken(SimulatedApple.Education));

        using var json = JsonDocument.Parse(Convert.FromBase64String(text));

        Assert.Equal(["expDate", "orgName", "token"], json.RootElement.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.Equal("2027-09-01T08:00:00+0000", json.RootElement.GetProperty("expDate").GetString());
        Assert.Equal("Noordrand Schools", json.RootElement.GetProperty("orgName").GetString());
    }

    [Fact]
    public async Task A_second_token_names_the_same_location_and_leaves_the_first_good()
    {
        var first = (await _apple.GetAsync("/assets")).Text("uId");
        var old = _apple.Token;
        _apple.Token = Issue();

        Assert.Equal(first, (await _apple.GetAsync("/assets")).Text("uId"));
        Assert.NotEqual(old, _apple.Token);
        _apple.Token = old;
        Assert.Equal(0, (await _apple.GetAsync("/assets")).ErrorNumber);
    }

    [Fact]
    public async Task A_second_token_revokes_the_first_by_switch()
    {
        _apple.Switches.NewTokenRevokesOld = true;

        Issue();

        Assert.Equal((401, 9625), ((await _apple.GetAsync("/assets")).Status, (await _apple.GetAsync("/assets")).ErrorNumber));
    }

    [Fact]
    public async Task A_revoked_token_is_9625_and_a_new_one_is_good()
    {
        _apple.Apple.RevokeTokens(SimulatedApple.Education);

        Assert.Equal(9625, (await _apple.GetAsync("/assets")).ErrorNumber);
        _apple.Token = Issue();
        Assert.Equal(0, (await _apple.GetAsync("/assets")).ErrorNumber);
    }

    [Theory]
    [InlineData(false, 401, 9625)]
    [InlineData(true, 200, 9622)]
    public async Task A_password_change_kills_the_token(bool unknown, int status, int errorNumber)
    {
        _apple.Switches.PasswordChangeAnswers9622 = unknown;

        _apple.Apple.ChangePassword(SimulatedApple.Education);

        var reply = await _apple.GetAsync("/assets");
        Assert.Equal((status, errorNumber), (reply.Status, reply.ErrorNumber));
    }

    [Fact]
    public async Task A_token_expires_after_a_year()
    {
        _apple.Clock.Advance(TimeSpan.FromDays(366));

        Assert.Equal((401, 9621), ((await _apple.GetAsync("/assets")).Status, (await _apple.GetAsync("/assets")).ErrorNumber));
    }

    [Fact]
    public async Task The_expiry_is_on_every_answer_or_by_switch_only_in_the_last_fifteen_days()
    {
        Assert.Equal("2027-09-01T08:00:00+0000", (await _apple.GetAsync("/assets")).Text("tokenExpirationDate"));
        _apple.Switches.ExpirationOnlyInLastDays = true;
        Assert.False((await _apple.GetAsync("/assets")).Has("tokenExpirationDate"));

        _apple.Clock.Advance(TimeSpan.FromDays(351));

        Assert.True((await _apple.GetAsync("/assets")).Has("tokenExpirationDate"));
    }

    [Fact]
    public async Task A_token_of_an_earlier_run_is_still_good_in_the_next()
    {
        await using var later = await SimulatedApple.StartAsync();
        later.Token = _apple.Token;

        Assert.Equal(SimulatedApple.Education, (await later.GetAsync("/assets")).Text("uId"));
    }

    [Fact]
    public async Task A_token_of_another_organization_is_unknown()
    {
        await using var other = await SimulatedApple.StartAsync(o => o.Seed = 1);
        other.Token = _apple.Token;

        Assert.Equal(9622, (await other.GetAsync("/assets")).ErrorNumber);
    }

    [Fact]
    public async Task Answers_can_carry_fields_that_nobody_knows()
    {
        _apple.Switches.ExtraFields = true;

        Assert.True((await _apple.GetAsync("/client/config")).Has("apnToken"));
    }

    private string Issue() => Encoding.ASCII.GetString(_apple.Apple.IssueToken(SimulatedApple.Education));
}
