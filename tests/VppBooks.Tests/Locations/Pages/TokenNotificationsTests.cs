using System.Globalization;
using Bunit;
using VppBooks.Core.Locations;
using VppBooks.Web.Components.Locations;

namespace VppBooks.Tests.Locations.Pages;

public sealed class TokenNotificationsTests : ScreenContext
{
    [Fact]
    public void Registered_says_when_the_last_one_came()
    {
        var words = Show(new NotificationStanding(NotificationState.Registered, null, AToken.Now.AddMinutes(-3)));

        Assert.Equal("Notifications Registered Apple tells VppBooks of changes within seconds. Last one: 3 min ago", words);
        Assert.EndsWith("Last one: never", Show(new NotificationStanding(NotificationState.Registered, null, null)), StringComparison.Ordinal);
    }

    [Fact]
    public void Polling_says_which_setting_makes_Apple_tell()
    {
        Assert.Equal(
            "Notifications Polling VppBooks asks Apple for changes; a purchase shows with the next sync. Set Notifications:PublicUrl to the https address at which Apple can reach this console: then Apple tells within seconds.",
            Show(new NotificationStanding(NotificationState.Polling, null, null)));

        Notifications.PublicUrl = "https://books.example";
        Assert.Contains("There is nothing to do", Show(new NotificationStanding(NotificationState.Polling, null, null)), StringComparison.Ordinal);
    }

    [Fact]
    public void An_address_that_Apple_cannot_reach_is_told_with_the_remedy()
    {
        var words = Show(new NotificationStanding(NotificationState.Unreachable, 9728, null));

        Assert.Contains("Unreachable Apple cannot reach the address of VppBooks (Apple's number 9728).", words, StringComparison.Ordinal);
        Assert.Contains("Check Notifications:PublicUrl, the firewall and the certificate. VppBooks tries again every hour.", words, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_is_told_with_its_meaning_and_remedy()
    {
        var words = Show(new NotificationStanding(NotificationState.Refused, 9712, null));

        Assert.Contains("Refused Apple refused the address: The notification address is not a valid https address (Apple's number 9712). VppBooks asks Apple instead.", words, StringComparison.Ordinal);
        Assert.Contains("Set the public address of VppBooks to an https address without a query.", words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(NotificationState.Polling, null)]
    [InlineData(NotificationState.Registered, null)]
    [InlineData(NotificationState.Unreachable, 9728)]
    [InlineData(NotificationState.Refused, 9712)]
    [InlineData(NotificationState.Refused, null)]
    public void Every_state_speaks_Dutch_too(NotificationState state, int? number)
    {
        var english = Show(new NotificationStanding(state, number, AToken.Now)).Split('.');
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("nl");
        var dutch = Show(new NotificationStanding(state, number, AToken.Now)).Split('.');

        Assert.Empty(english.Select(s => s.Trim()).Where(s => s.Length > 20).Intersect(dutch.Select(s => s.Trim())));
    }

    private string Show(NotificationStanding standing) =>
        Words(Render<TokenNotifications>(p => p.Add(n => n.Token, AToken.Detail(AToken.Summary() with { Notifications = standing }))).Markup);
}
