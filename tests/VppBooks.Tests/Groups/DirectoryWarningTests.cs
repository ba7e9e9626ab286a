using System.Globalization;
using System.Security.Claims;
using Bunit;
using Bunit.TestDoubles;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using VppBooks.Core.Assignments;
using VppBooks.Core.Directory;
using VppBooks.Core.Signals;
using VppBooks.Tests.Elements;
using VppBooks.Tests.Licenses;
using VppBooks.Web.Components.Assignments;
using VppBooks.Web.Components.Exports;
using VppBooks.Web.Components.Groups;
using VppBooks.Web.Components.People;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Groups;

/// <summary>Whoever looks at people, groups or plans is told that what is known of them is too old.</summary>
public sealed class DirectoryWarningTests : ElementContext, IAsyncLifetime
{
    private const string Sentence = "Nothing new is planned, and nobody can take a book, until it can be read again.";

    private SpendingHouse _house = null!;

    public async ValueTask InitializeAsync()
    {
        _house = await SpendingHouse.StartAsync();
        ComponentFactories.AddStub<ExportLink>();
        ComponentFactories.AddStub<ResendMany>();
        Services.RemoveAll<TimeProvider>();
        Services.AddSingleton<TimeProvider>(_house.Core.Clock);
        Services.AddSingleton(_house.Core.Get<ChangeFeed>());
        Services.AddFallbackServiceProvider(_house.Core.Services);
        Services.AddLogging();
        AddAuthorization().SetAuthorized("anna");
        Services.AddSingleton<ICurrentActor>(new Administrator());
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await DisposeComponentsAsync();
        await _house.DisposeAsync();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task F42_Pages_about_people_groups_and_plans_say_that_the_directory_is_too_old()
    {
        var nowhere = Guid.NewGuid();
        Func<string>[] pages =
        [
            () => Shown(Render<PersonPage>(p => p.Add(x => x.Id, nowhere))),
            () => Shown(Render<PeopleListPage>()),
            () => Shown(Render<GroupPage>(p => p.Add(x => x.Id, nowhere))),
            () => Shown(Render<PlanPage>(p => p.Add(x => x.BookId, nowhere).Add(x => x.PlanId, nowhere))),
        ];
        Assert.All(pages, page => Assert.DoesNotContain(Sentence, page(), StringComparison.Ordinal));

        await _house.Core.Get<DirectoryHealth>().FailedAsync(DirectoryKind.Groups, new DirectoryConsentMissingException("test", null), Xunit.TestContext.Current.CancellationToken);
        _house.Core.Clock.Pass(TimeSpan.FromHours(23));
        Assert.All(pages, page => Assert.DoesNotContain(Sentence, page(), StringComparison.Ordinal));
        _house.Core.Clock.Pass(TimeSpan.FromHours(2));

        Assert.All(pages, page => Assert.Contains(Sentence, page(), StringComparison.Ordinal));
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("nl");
        Assert.All(pages, page => Assert.Contains("Er wordt niets nieuws gepland", page(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task One_group_that_cannot_be_read_is_told_on_its_page_and_on_the_plans_of_its_books_alone()
    {
        const string told = "Groups that cannot be read: 1.";
        var (book, group) = (await _house.BookAsync(free: 60), await _house.GroupAsync("Class 4A"));
        await _house.AssignAsync(book, new WishedAssignment(group, Intent.Available));
        await _house.Core.ChangeAsync(db => db.Groups.Single(g => g.DirectoryId == group).UnreadableSince = _house.Core.Clock.GetUtcNow().AddDays(-2));

        Assert.Contains(told, Shown(Render<DirectoryWarning>(p => p.Add(x => x.Group, group))), StringComparison.Ordinal);
        Assert.Contains(told, Shown(Render<DirectoryWarning>(p => p.Add(x => x.Book, book.PublicId))), StringComparison.Ordinal);
        Assert.Empty(Shown(Render<DirectoryWarning>(p => p.Add(x => x.Group, Guid.NewGuid()).Add(x => x.Book, Guid.NewGuid()))));
        Assert.Empty(Shown(Render<DirectoryWarning>()));
    }

    /// <summary>The words of what was rendered, once it has read what it shows.</summary>
    private static string Shown<T>(IRenderedComponent<T> page)
        where T : class, IComponent
    {
        page.WaitForState(() => !page.Markup.Contains("class=\"busy", StringComparison.Ordinal));
        return Words(page.Markup);
    }

    private sealed class Administrator : ICurrentActor
    {
        public Task<ClaimsPrincipal> FindAsync() => Task.FromResult(new ClaimsPrincipal(new ClaimsIdentity(
            [new("roles", Roles.Administrator), new("oid", "0b6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7712"), new("name", "A. Admin")], "test")));
    }
}
