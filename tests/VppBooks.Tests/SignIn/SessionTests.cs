using System.Security.Claims;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using VppBooks.Web.Settings;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.SignIn;

public sealed class SessionTests
{
    private static readonly TimeSpan _longest = TimeSpan.FromHours(12);
    private readonly FakeTimeProvider _clock = new();
    private readonly EndedSessions _ended;
    private readonly ClaimsPrincipal _user = new(new ClaimsIdentity("test"));

    public SessionTests()
    {
        _ended = new EndedSessions(_clock, Options.Create(new ConsoleSettings { AbsoluteTimeout = _longest }));
        SessionClaims.Stamp(_user, _clock.GetUtcNow());
    }

    [Fact]
    public void Holds_until_the_longest_time_is_over()
    {
        _clock.Advance(_longest - TimeSpan.FromSeconds(1));
        Assert.True(Holds());

        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.False(Holds());
    }

    [Fact]
    public void Ends_with_sign_out_and_only_then()
    {
        _ended.Add("another session");
        Assert.True(Holds());

        _ended.Add(_user.FindFirstValue(SessionClaims.Id)!);
        Assert.False(Holds());
    }

    [Fact]
    public void Sign_in_without_a_stamp_does_not_hold() =>
        Assert.False(SessionClaims.Holds(new ClaimsPrincipal(new ClaimsIdentity("test")), _ended, _clock.GetUtcNow(), _longest));

    [Fact]
    public void Forgets_ended_sessions_that_would_be_over_anyway()
    {
        _ended.Add("old");
        _clock.Advance(_longest + TimeSpan.FromSeconds(1));

        _ended.Add("new");

        Assert.False(_ended.Contains("old"));
    }

    [Theory]
    [InlineData("/tokens?x=1", "/tokens?x=1")]
    [InlineData("/", "/")]
    [InlineData(null, "/")]
    [InlineData("", "/")]
    [InlineData("//elsewhere.example", "/")]
    [InlineData("/\\elsewhere.example", "/")]
    [InlineData("https://elsewhere.example", "/")]
    [InlineData("/\t/elsewhere.example", "/")]
    [InlineData("tokens", "/")]
    public void Return_address_stays_on_this_site(string? asked, string given) => Assert.Equal(given, AccountEndpoints.LocalOrHome(asked));

    private bool Holds() => SessionClaims.Holds(_user, _ended, _clock.GetUtcNow(), _longest);
}
