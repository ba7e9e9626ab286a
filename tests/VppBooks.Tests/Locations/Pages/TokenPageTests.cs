using Bunit;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;
using VppBooks.Core.Sync;
using VppBooks.Web.Components.Locations;
using VppBooks.Web.Components.Sync;

namespace VppBooks.Tests.Locations.Pages;

public sealed class TokenPageTests : ScreenContext
{
    public static TheoryData<LocationCondition> Conditions => [.. Enum.GetValues<LocationCondition>()];

    [Theory]
    [MemberData(nameof(Conditions))]
    public void Every_condition_has_a_word_a_cause_and_in_both_languages(LocationCondition condition)
    {
        var texts = Services.GetRequiredService<TokenTexts>();
        var token = AToken.Summary(condition);

        var english = (texts.Word(condition), texts.Explain(token).Cause);
        System.Globalization.CultureInfo.CurrentCulture = System.Globalization.CultureInfo.CurrentUICulture = System.Globalization.CultureInfo.GetCultureInfo("nl");
        var dutch = (texts.Word(condition), texts.Explain(token).Cause);

        Assert.NotEqual(condition.ToString(), english.Item1 + "?");
        Assert.NotEqual(english.Item2, dutch.Item2);
        Assert.NotEqual(english.Item1, dutch.Item1);
    }

    [Theory]
    [MemberData(nameof(Conditions))]
    public void Everything_but_a_valid_token_says_what_to_do(LocationCondition condition)
    {
        var explanation = Services.GetRequiredService<TokenTexts>().Explain(AToken.Summary(condition));

        Assert.Equal(condition == LocationCondition.Valid, explanation.Remedy is null);
    }

    [Fact]
    public void F6_The_token_page_and_the_banner_of_every_page_say_until_when_Apple_asks_us_to_wait()
    {
        var token = AToken.Summary(LocationCondition.Paused);
        Desk.Find = () => AToken.Detail(token);
        Desk.List = () => Task.FromResult<IReadOnlyList<LocationSummary>>([token]);
        var until = Words(Services.GetRequiredService<TokenTexts>().Explain(token).Cause);
        Assert.StartsWith("Apple asks us to wait until ", until, StringComparison.Ordinal);
        Assert.Contains(token.PausedUntil!.Value.ToString(":mm", System.Globalization.CultureInfo.InvariantCulture), until, StringComparison.Ordinal);

        Assert.Contains(until, Words(Render<TokenBanner>().Markup), StringComparison.Ordinal);
        Assert.Contains(until, Words(Render<TokenPage>(p => p.Add(t => t.Id, AToken.Id)).Markup), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(LocationCondition.ClaimedElsewhere)]
    [InlineData(LocationCondition.ClaimRemoved)]
    public void F16_The_banner_of_every_page_says_that_another_has_the_location(LocationCondition condition)
    {
        var token = AToken.Summary(condition);
        Desk.List = () => Task.FromResult<IReadOnlyList<LocationSummary>>([token]);

        Assert.Contains(Services.GetRequiredService<TokenTexts>().Explain(token).Cause, Words(Render<TokenBanner>().Markup), StringComparison.Ordinal);
    }

    [Fact]
    public void Valid_token_says_how_long_it_lasts()
    {
        var page = Show(AToken.Summary());

        Assert.Equal("Valid. Expires in 178 days.", Words(page.Find(".state-card").InnerHtml));
        Assert.Equal(["Sync now", "Edit", "Renew", "Delete"], page.FindAll(".command-bar button").Select(b => b.TextContent.Trim()));
    }

    [Fact]
    public void Token_that_is_not_here_leads_back_to_the_list()
    {
        var page = Render<TokenPage>(p => p.Add(t => t.Id, AToken.Id));

        Assert.Contains("This token is not here", page.Markup, StringComparison.Ordinal);
        Assert.Equal(TokenAddresses.List, page.Find(".empty a").GetAttribute("href"));
    }

    [Fact]
    public void Failed_read_can_be_repeated()
    {
        Desk.Find = () => throw new InvalidOperationException();
        var page = Render<TokenPage>(p => p.Add(t => t.Id, AToken.Id));
        Assert.Contains("The token could not be read.", page.Markup, StringComparison.Ordinal);

        Desk.Find = () => AToken.Detail();
        page.Find("[role=alert] button").Click();

        Assert.Equal("Education", page.Find("h1").TextContent);
    }

    [Fact]
    public void Claimed_elsewhere_says_by_whom_and_offers_to_take_control()
    {
        var page = Show(AToken.Summary(LocationCondition.ClaimedElsewhere));

        Assert.Contains("“OtherMDM” manages this location now.", page.Find(".state-card").TextContent, StringComparison.Ordinal);
        Assert.Contains("Take control", page.FindAll(".command-bar button").Select(b => b.TextContent.Trim()));
        Assert.Equal("VppBooks does not manage this location: take control first.", page.Find("#sync-now-reason").TextContent);
    }

    [Fact]
    public void Helpdesk_may_sync_and_nothing_else()
    {
        Desk.Role = AppRoles.Helpdesk;

        Assert.Equal(["Sync now"], Show(AToken.Summary()).FindAll(".command-bar button").Select(b => b.TextContent.Trim()));
    }

    [Fact]
    public void Running_sync_shows_its_phases_and_can_be_canceled()
    {
        Syncs.Runs = () => Task.FromResult(new SyncRunPage([AToken.Run(SyncResult.Running, SyncPhase.People)], 1));
        var page = Show(AToken.Summary() with { SyncStatus = SyncStatus.InProgress });

        Tell(new Change.OfSync(7, 71, "People", 3, 12, 2_400));

        page.WaitForAssertion(() => Assert.Contains("page 3 of 12 · 2,400 rows", page.Find(".phase-now").TextContent, StringComparison.Ordinal));
        Assert.Equal("3", page.Find("progress").GetAttribute("value"));
        Assert.Equal(2, page.FindAll(".phase-done").Count);
        Assert.Contains("37 rows · 2 s", page.FindAll(".phase-done")[1].TextContent, StringComparison.Ordinal);

        page.FindAll("button").Single(b => b.TextContent.Trim() == "Cancel").Click();

        Assert.Equal(1, Syncs.Canceled);
        Assert.Contains("The sync is being stopped.", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Failed_run_says_what_happened_and_that_nothing_was_changed()
    {
        Syncs.Runs = () => Task.FromResult(new SyncRunPage([AToken.Run(SyncResult.Failed)], 1));

        var details = Words(Show(AToken.Summary(LocationCondition.SyncFailed)).Find(".row-details").InnerHtml);

        Assert.Contains("Apple did not answer.", details, StringComparison.Ordinal);
        Assert.Contains("Nothing was changed", details, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_opens_to_its_phases()
    {
        Syncs.Runs = () => Task.FromResult(new SyncRunPage([AToken.Run()], 1));
        var page = Show(AToken.Summary());

        page.Find("button[aria-expanded]").Click();

        Assert.Equal("true", page.Find("button[aria-expanded]").GetAttribute("aria-expanded"));
        Assert.Contains("Books and counts 2 s", Words(page.Find(".phase-times").InnerHtml), StringComparison.Ordinal);
    }

    [Fact]
    public void Runs_have_all_four_faces()
    {
        Syncs.Runs = () => new TaskCompletionSource<SyncRunPage>().Task;
        Assert.Contains("Loading sync runs", Runs().Markup, StringComparison.Ordinal);

        Syncs.Runs = () => throw new InvalidOperationException();
        Assert.Contains("The sync runs could not be read.", Runs().Markup, StringComparison.Ordinal);

        Syncs.Runs = () => Task.FromResult(new SyncRunPage([], 0));
        Assert.Contains("No sync yet", Runs().Markup, StringComparison.Ordinal);

        Syncs.Runs = () => Task.FromResult(new SyncRunPage([AToken.Run()], 1));
        Assert.Contains("Succeeded", Runs().Markup, StringComparison.Ordinal);
    }

    private IRenderedComponent<SyncRuns> Runs() => Render<SyncRuns>(p => p.Add(r => r.TokenId, AToken.Id).Add(r => r.LocationId, 7));

    private IRenderedComponent<TokenPage> Show(LocationSummary summary)
    {
        Desk.Find = () => AToken.Detail(summary);
        return Render<TokenPage>(p => p.Add(t => t.Id, AToken.Id));
    }
}
