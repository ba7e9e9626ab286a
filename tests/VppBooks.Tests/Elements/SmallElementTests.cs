using System.Globalization;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Tests.Elements;

public sealed class AgeTests : ElementContext
{
    [Theory]
    [InlineData(20, "just now")]
    [InlineData(12 * 60, "12 min ago")]
    [InlineData(5 * 3600, "5 h ago")]
    [InlineData(26 * 3600, "1 day ago")]
    [InlineData(3 * 86400, "3 days ago")]
    [InlineData(-90, "in 1 min")]
    [InlineData(-50 * 3600, "in 2 days")]
    [InlineData(40 * 86400, "23 Jul 2026")]
    public void Tells_the_age_in_words_and_the_exact_time_on_hover(int secondsAgo, string words)
    {
        var moment = Clock.GetUtcNow().AddSeconds(-secondsAgo);

        var time = Render<Age>(p => p.Add(a => a.At, moment)).Find("time");

        Assert.Equal(words, time.TextContent);
        Assert.Equal(moment.UtcDateTime.ToString("s", CultureInfo.InvariantCulture) + "Z", time.GetAttribute("datetime"));
        Assert.Contains(moment.UtcDateTime.ToString("HH:mm", CultureInfo.InvariantCulture)[3..], time.GetAttribute("title"), StringComparison.Ordinal);
    }

    [Fact]
    public void No_moment_is_never() => Assert.Equal("never", Render<Age>(p => p.Add(a => a.At, null)).Find(".age").TextContent);

    [Fact]
    public void Grows_older_while_the_page_stands_open()
    {
        var age = Render<Age>(p => p.Add(a => a.At, Clock.GetUtcNow()));

        Clock.Advance(TimeSpan.FromMinutes(5));

        age.WaitForAssertion(() => Assert.Equal("5 min ago", age.Find("time").TextContent));
    }

    [Fact]
    public async Task Exact_time_is_in_the_browsers_zone()
    {
        JSInterop.Setup<string?>("vppBooks.timeZone").SetResult("Asia/Tokyo");
        var age = Render<Age>(p => p.Add(a => a.At, new DateTimeOffset(2026, 9, 1, 9, 30, 0, TimeSpan.Zero)));

        await Services.GetRequiredService<BrowserTimeProvider>().ReadZoneAsync();

        age.WaitForAssertion(() => Assert.Contains("6:30", age.Find("time").GetAttribute("title"), StringComparison.Ordinal));
    }

    [Fact]
    public void Speaks_Dutch()
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("nl");

        Assert.Equal("12 min geleden", Render<Age>(p => p.Add(a => a.At, Clock.GetUtcNow().AddMinutes(-12))).Find("time").TextContent);
    }
}

public sealed class MeterTests : ElementContext
{
    [Theory]
    [InlineData(412, 500, "meter-good", "82")]
    [InlineData(460, 500, "meter-short", "92")]
    [InlineData(120, 120, "meter-full", "100")]
    [InlineData(1, 5000, "meter-good", "1")]
    [InlineData(0, 0, "meter-full", "0")]
    [InlineData(7, 5, "meter-full", "100")]
    public void Bar_shows_the_share_and_how_short_stock_is(long used, long total, string level, string percent)
    {
        var bar = Render<Meter>(p => p.Add(m => m.Used, used).Add(m => m.Total, total)).Find(".meter-bar");

        Assert.Contains(level, bar.ClassList);
        Assert.Equal($"inline-size:{percent}%", bar.FirstElementChild!.GetAttribute("style"));
    }

    [Fact]
    public void Screen_reader_hears_all_three_numbers()
    {
        var meter = Render<Meter>(p => p.Add(m => m.Used, 12_480).Add(m => m.Total, 15_000)).Find("[role=meter]");

        Assert.Equal("Licenses", meter.GetAttribute("aria-label"));
        Assert.Equal("12,480 of 15,000 used, 2,520 free", meter.GetAttribute("aria-valuetext"));
    }

    [Fact]
    public void Book_without_a_limit_has_no_bar()
    {
        var meter = Render<Meter>(p => p.Add(m => m.Used, 56).Add(m => m.Total, null));

        Assert.Equal("Unlimited · 56 used", Words(meter.Markup));
    }
}

public sealed class StateBadgeTests : ElementContext
{
    public static TheoryData<State> States => [.. Enum.GetValues<State>()];

    [Theory]
    [MemberData(nameof(States))]
    public void Every_state_has_an_icon_and_its_word(State state)
    {
        var badge = Render<StateBadge>(p => p.Add(b => b.State, state).AddChildContent("Valid"));

        Assert.Equal("Valid", badge.Find(".state").TextContent.Trim());
        Assert.Equal("true", badge.Find("svg").GetAttribute("aria-hidden"));
    }
}

public sealed class EmptyStateTests : ElementContext
{
    [Fact]
    public void Says_what_is_missing_and_what_to_do_next()
    {
        var empty = Render<EmptyState>(p => p
            .Add(e => e.Title, "No tokens yet")
            .AddChildContent("Upload one to begin.")
            .Add(e => e.Action, "<button>Create</button>"));

        Assert.Equal("No tokens yet Upload one to begin. Create", Words(empty.Markup));
    }
}

public sealed class PageHeaderTests : ElementContext
{
    [Fact]
    public void Shows_the_way_here_the_title_and_the_commands()
    {
        var header = Render<PageHeader>(p => p
            .Add(h => h.Title, "Biology 4")
            .Add(h => h.Breadcrumb, [new Crumb("Apps"), new Crumb("eBooks", "/books")])
            .Add(h => h.Description, "One title at one location.")
            .Add(h => h.Commands, "<button>Sync now</button>"));

        Assert.Equal("Biology 4", header.Find("h1").TextContent);
        Assert.Equal("/books", header.Find("nav[aria-label=Breadcrumb] a").GetAttribute("href"));
        Assert.Equal("Apps", header.Find("nav li:first-child span").TextContent);
        Assert.Equal("Sync now", header.Find("[role=group][aria-label=Commands] button").TextContent);
    }

    [Fact]
    public void Leaves_out_what_is_not_given()
    {
        var header = Render<PageHeader>(p => p.Add(h => h.Title, "Overview"));

        Assert.Empty(header.FindAll("nav, p, [role=group]"));
    }
}
