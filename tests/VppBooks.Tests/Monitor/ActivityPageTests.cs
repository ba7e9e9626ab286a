using System.Security.Claims;
using System.Text.RegularExpressions;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;
using VppBooks.Core;
using VppBooks.Core.Alerts;
using VppBooks.Core.Assignments;
using VppBooks.Core.Audit;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Mail;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Tests.Elements;
using VppBooks.Tests.Shell;
using VppBooks.Web.Components.Elements;
using VppBooks.Web.Components.Monitor;
using VppBooks.Web.SignIn;
using Location = VppBooks.Core.Locations.Location;

namespace VppBooks.Tests.Monitor;

/// <summary>The four faces of the activity, and what a row says.</summary>
public sealed partial class ActivityPageTests : ElementContext
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"vppbooks-activity-{Guid.NewGuid():N}.db");

    public ActivityPageTests()
    {
        Services.AddLogging();
        Services.AddVppBooksDatabase(DatabaseProvider.Sqlite, $"Data Source={_file};Pooling=False");
        Services.AddVppBooksCore();
        Services.AddScoped<ActivityTexts>();
        Services.AddSingleton<ICurrentActor>(new Auditor());
    }

    [Fact]
    public async Task Nothing_yet_says_so()
    {
        await ChangeAsync(_ => { });

        var page = Render<ActivityPage>();

        page.WaitForAssertion(() => Assert.Contains("Nothing has happened yet", page.Markup, StringComparison.Ordinal));
    }

    [Fact]
    public void A_failed_read_shows_a_reference_and_a_way_to_try_again()
    {
        Services.AddSingleton<IDbContextFactory<VppBooksDbContext>>(new Broken());

        var page = Render<ActivityPage>();

        page.WaitForAssertion(() => Assert.Contains("The activity could not be read.", page.Markup, StringComparison.Ordinal));
        Assert.DoesNotContain("secret cause", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_says_who_through_what_and_shows_before_and_after()
    {
        await ChangeAsync(db => db.Audit(
            new Actor(ActorKind.Api, "a1", "Script", Permissions.None), Clock.GetUtcNow(), "location.state-changed", default, new { before = "Valid", after = "Expired", expires = Clock.GetUtcNow() }));

        var page = Render<ActivityPage>();

        page.WaitForAssertion(() => Assert.Contains("found a token in another state", page.Markup, StringComparison.Ordinal));
        var words = Words(page.Find("tbody tr").OuterHtml);
        Assert.Contains("Script through the API", words, StringComparison.Ordinal);
        Assert.Contains("Before Valid After Expired Expires 2026-09-01 10:00 UTC", words, StringComparison.Ordinal);
        Assert.Contains("Not sealed yet", words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("en", "assigned a book", "Before Available Assignment Required", "Group All users Assignment Excluded")]
    [InlineData("nl", "heeft een boek toegewezen", "Voor Beschikbaar Toewijzing Vereist", "Groep Alle gebruikers Toewijzing Uitgesloten")]
    public async Task An_assignment_is_told_in_the_words_of_the_books_page_and_found_by_its_group(string language, string did, string changed, string everybody)
    {
        System.Globalization.CultureInfo.CurrentUICulture = System.Globalization.CultureInfo.GetCultureInfo(language);
        var group = new DirectoryGroup { DirectoryId = Guid.NewGuid(), DisplayName = "Class 4A" };
        await ChangeAsync(db => db.Groups.Add(group));
        await ChangeAsync(db =>
        {
            db.Audit(Actor.System, Clock.GetUtcNow(), "assignment.changed", new AuditSubject(GroupId: group.Id), new { intent = "Required", before = "Available" });
            db.Audit(Actor.System, Clock.GetUtcNow(), "assignment.added", default, new { target = "AllUsers", intent = "Excluded", before = (string?)null });
        });

        var all = Render<ActivityPage>();
        all.WaitForAssertion(() => Assert.Equal(2, all.FindAll("tbody tr").Count));
        Assert.Contains(did, all.Markup, StringComparison.Ordinal);
        Assert.Contains(everybody, Words(all.Markup), StringComparison.Ordinal);

        Services.GetRequiredService<NavigationManager>().NavigateTo($"/monitor/activity?group={group.DirectoryId}");
        var page = Render<ActivityPage>();
        page.WaitForAssertion(() => Assert.Single(page.FindAll("tbody tr")));
        Assert.Contains(changed, Words(page.Markup), StringComparison.Ordinal);
        Assert.Contains("Class 4A", Words(page.Markup), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("en", "Before a member whose account is enabled After a guest whose account is disabled", "found a person's account changed", "found a person back", "no longer lists a book", "lists a book again", "put a removed book back")]
    [InlineData("nl", "Voor een lid met een ingeschakeld account Na een gast met een uitgeschakeld account", "account van een persoon", "een persoon terug is", "een boek niet meer vermeldt", "een boek weer vermeldt", "een verwijderd boek teruggezet")]
    public async Task What_the_directory_and_Apple_changed_is_told_in_words(string language, string account, params string[] told)
    {
        System.Globalization.CultureInfo.CurrentUICulture = System.Globalization.CultureInfo.GetCultureInfo(language);
        await ChangeAsync(db =>
        {
            db.Audit(Actor.System, Clock.GetUtcNow(), "person.changed", default, new { before = new { accountEnabled = true, guest = false }, after = new { accountEnabled = false, guest = true } });
            foreach (var action in (string[])["person.returned", "book.unlisted", "book.listed", "book.restored"])
            {
                db.Audit(Actor.System, Clock.GetUtcNow(), action, default);
            }
        });

        var page = Render<ActivityPage>();

        page.WaitForAssertion(() => Assert.Equal(5, page.FindAll("tbody tr").Count));
        Assert.Contains(account, Words(page.Markup), StringComparison.Ordinal);
        Assert.All(told, t => Assert.Contains(t, string.Join(' ', page.FindAll("tbody th").Select(r => r.TextContent)), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_change_of_a_license_says_whose_plan_led_to_it()
    {
        var (book, person) = await SeedAsync();
        var plan = new Plan
        {
            PublicId = Guid.NewGuid(),
            BookId = book.Id,
            Wish = "[]",
            Hash = "",
            State = PlanState.Committed,
            CreatedById = "1",
            CreatedByName = "B. Drafter",
            CommittedById = "2",
            CommittedByName = "A. Admin",
        };
        await ChangeAsync(db => db.Plans.Add(plan));
        await ChangeAsync(db => db.Licenses.Add(new License { PersonId = person.Id, BookId = book.Id, AdamId = 42, State = LicenseState.Reserved, Cause = LicenseCause.Committed, PlanId = plan.Id }));
        Services.GetRequiredService<NavigationManager>().NavigateTo("/monitor/activity?show=licenses&actor=a.%20adm");

        var page = Render<ActivityPage>();

        page.WaitForAssertion(() => Assert.Single(page.FindAll("tbody tr")));
        var words = Words(page.Find("tbody tr").OuterHtml);
        Assert.Contains("A license through a plan of A. Admin", words, StringComparison.Ordinal);
        Assert.Contains($"Plan {plan.PublicId} Id of who committed the plan 2", words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_copy_that_was_found_at_Apple_is_told_on_the_page_of_its_person_and_waits_for_no_seal()
    {
        var (book, person) = await SeedAsync();
        await ChangeAsync(db => db.Licenses.Add(
            new License { PersonId = person.Id, BookId = book.Id, AdamId = 42, State = LicenseState.Assigned, Source = LicenseSource.FoundAtApple, CreatedAt = Clock.GetUtcNow() }));
        Services.GetRequiredService<NavigationManager>().NavigateTo($"/monitor/activity?show=licenses&person={person.PublicId}");

        var page = Render<ActivityPage>();

        page.WaitForAssertion(() => Assert.Single(page.FindAll("tbody tr")));
        var words = Words(page.Find("tbody tr").OuterHtml);
        Assert.Contains("Apple shows it", words, StringComparison.Ordinal);
        Assert.DoesNotContain("Not sealed yet", words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pages_and_filters_are_in_the_address()
    {
        await ChangeAsync(db =>
        {
            for (var i = 0; i < 60; i++)
            {
                db.Audit(Actor.System, Clock.GetUtcNow().AddMinutes(-i), "sync.requested", default);
            }
        });
        Services.GetRequiredService<NavigationManager>().NavigateTo("/monitor/activity?action=sync.requested&from=2026-08-31");

        var page = Render<ActivityPage>();

        page.WaitForAssertion(() => Assert.Equal(50, page.FindAll("tbody tr").Count));
        var next = page.Find("a[rel=next]").GetAttribute("href")!;
        Assert.StartsWith("/monitor/activity?action=sync.requested&from=2026-08-31&after=", next, StringComparison.Ordinal);
        Assert.Contains(page.FindAll("a[download]"), a => a.GetAttribute("href") == "/exports/activity?action=sync.requested&from=2026-08-31&zone=UTC&format=jsonl");
        Services.GetRequiredService<NavigationManager>().NavigateTo(next);
        var second = Render<ActivityPage>();
        second.WaitForAssertion(() => Assert.Equal(10, second.FindAll("tbody tr").Count));
    }

    [Fact]
    public async Task An_export_holds_the_days_of_the_reader_as_the_page_does()
    {
        // Half past midnight on 1 June in Amsterdam.
        await ChangeAsync(db => db.Audit(Actor.System, new DateTimeOffset(2026, 5, 31, 22, 30, 0, TimeSpan.Zero), "sync.requested", default));
        Services.GetRequiredService<NavigationManager>().NavigateTo("/monitor/activity?from=2026-06-01&to=2026-06-01");
        var page = Render<ActivityPage>();
        page.WaitForAssertion(() => Assert.Contains("Nothing matches", page.Markup, StringComparison.Ordinal));

        JSInterop.Setup<string?>("vppBooks.timeZone").SetResult("Europe/Amsterdam");
        await page.InvokeAsync(() => Services.GetRequiredService<BrowserTimeProvider>().ReadZoneAsync());

        page.WaitForAssertion(() => Assert.Single(page.FindAll("tbody tr")));
        Assert.Equal(
            ["/exports/activity?from=2026-06-01&to=2026-06-01&zone=Europe%2FAmsterdam", "/exports/activity?from=2026-06-01&to=2026-06-01&zone=Europe%2FAmsterdam&format=jsonl"],
            page.FindAll("a[download]").Select(a => a.GetAttribute("href")));
    }

    [Fact]
    public void Every_cause_has_words_in_both_languages()
    {
        var texts = Services.GetRequiredService<ActivityTexts>();
        foreach (var language in new[] { "en", "nl" })
        {
            System.Globalization.CultureInfo.CurrentUICulture = System.Globalization.CultureInfo.GetCultureInfo(language);
            var words = Enum.GetValues<LicenseCause>().Select(texts.Why).ToList();
            Assert.Equal(words.Count, words.Distinct().Count());
        }
    }

    [Fact]
    public void Every_action_that_is_recorded_has_words()
    {
        var texts = Services.GetRequiredService<ActivityTexts>();
        var named = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", "VppBooks.Core"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => RecordedAction.Matches(File.ReadAllText(file)).SelectMany(m => m.Groups["action"].Captures.Select(c => c.Value)));
        var actions = named
            .Concat(Enum.GetNames<MailState>().Where(state => state is not nameof(MailState.Sending)).Select(state => "mail." + state.ToLowerInvariant()))
            .Concat(Enum.GetNames<AlertOccasion>().Where(occasion => occasion is not nameof(AlertOccasion.Test)).Select(occasion => "alert." + occasion.ToLowerInvariant()))
            .Distinct(StringComparer.Ordinal).ToList();

        Assert.True(actions.Count > 40, string.Join(' ', actions));
        Assert.Contains("assignment.changed", actions);
        Assert.Equal([], actions.Where(action => texts.Did(action) == action));
    }

    // Two words with a point between them, in a call that writes to the audit trail; several where it depends.
    [GeneratedRegex("""\.Audit\(([^;"]*"(?<action>[a-z-]+\.[a-z-]+)")+""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RecordedAction { get; }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        File.Delete(_file);
    }

    private async Task<(Book Book, Person Person)> SeedAsync()
    {
        var location = new Location
        {
            PublicId = Guid.NewGuid(),
            UId = "1",
            Name = "Education",
            OrganizationName = "Noordrand",
            LocationName = "Noordrand",
            AppleAccount = "books@noordrand.example",
            CountryOrRegion = "NL",
        };
        await ChangeAsync(db => db.Locations.Add(location));
        var book = new Book { PublicId = Guid.NewGuid(), LocationId = location.Id, AdamId = 42, PricingParam = PricingParam.STDQ };
        var person = new Person { PublicId = Guid.NewGuid(), DirectoryId = Guid.NewGuid(), DisplayName = "Anna", UserPrincipalName = "anna@school.example" };
        await ChangeAsync(db => db.AddRange(book, person));
        return (book, person);
    }

    private async Task ChangeAsync(Action<VppBooksDbContext> change)
    {
        await using var db = await Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        await db.Database.MigrateAsync();
        change(db);
        await db.SaveChangesAsync();
    }

    private sealed class Auditor : ICurrentActor
    {
        public Task<ClaimsPrincipal> FindAsync() =>
            Task.FromResult(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Role, Roles.Auditor), new Claim("name", "An Auditor")], "test")));
    }

    private sealed class Broken : IDbContextFactory<VppBooksDbContext>
    {
        public VppBooksDbContext CreateDbContext() => throw new InvalidOperationException("secret cause");
    }
}
