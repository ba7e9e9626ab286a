using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.FluentUI.AspNetCore.Components;
using VppBooks.Core.Exports;
using VppBooks.Core.People;
using VppBooks.Tests.Elements;
using VppBooks.Tests.Reports;
using VppBooks.Web.Components.Elements;
using VppBooks.Web.Components.Groups;
using VppBooks.Web.Components.People;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.People.Pages;

/// <summary>The lists of people and of copies in trouble, over a world in which one person is invited.</summary>
public sealed class PeoplePagesTests : ElementContext, IClassFixture<ReportWorld>
{
    private readonly SignedIn _signedIn = new();

    public PeoplePagesTests(ReportWorld world)
    {
        foreach (var service in new object[] { world.Get<PeopleCatalog>(), world.Get<TroubledCopies>(), world.Get<Invitations>(), world.Get<ExportRuns>() })
        {
            Services.AddSingleton(service.GetType(), service);
        }

        // This world has no directory.
        ComponentFactories.AddStub<DirectoryWarning>();
        Services.RemoveAll<TimeProvider>();
        Services.AddSingleton(TimeProvider.System);
        Services.AddLogging();
        AddAuthorization().SetAuthorized("anna");
        Services.AddSingleton<ICurrentActor>(_signedIn);
    }

    [Theory]
    [InlineData(typeof(StuckCopiesPage), "Stuck copies", "Anna", "/exports/stuck-copies")]
    [InlineData(typeof(LeaversPage), "With leavers", "Carol", "/exports/copies-with-leavers")]
    public void Copies_in_trouble_are_counted_lead_to_their_holder_and_can_be_exported(Type page, string list, string holder, string export)
    {
        var shown = Open(page);

        Assert.Equal(list, shown.Find(".tab[aria-current=page]").TextContent.Trim());
        Assert.Equal(list, shown.Find("table.list caption").TextContent);
        var link = Assert.Single(shown.FindAll("tbody th a"));
        Assert.Equal(holder, link.TextContent);
        Assert.StartsWith("/people/", link.GetAttribute("href"), StringComparison.Ordinal);
        Assert.Contains("1–1 of 1", shown.Find(".pager-count").TextContent, StringComparison.Ordinal);
        Assert.Equal(export, shown.Find("a[download]").GetAttribute("href"));
    }

    [Theory]
    [InlineData(Roles.Helpdesk, "", true)]
    [InlineData(Roles.Helpdesk, "?state=invited", true)]
    [InlineData(Roles.Helpdesk, "?state=associated", false)]
    [InlineData(Roles.Auditor, "", false)]
    public void Resending_is_offered_to_who_may_where_somebody_can_be_invited(string role, string query, bool offered)
    {
        _signedIn.Role = role;
        Services.GetRequiredService<NavigationManager>().NavigateTo(PeopleListPage.Path + query);

        Assert.Equal(offered, Open(typeof(PeopleListPage)).FindAll("button").Any(b => b.TextContent.Contains("Resend invitations…", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Resending_to_many_says_how_many_first_and_afterwards_what_came_of_it()
    {
        _signedIn.Role = Roles.Helpdesk;
        var providers = Render<FluentProviders>();
        var shown = Open(typeof(PeopleListPage));

        var pressed = shown.FindAll("button").Single(b => b.TextContent.Contains("Resend invitations…", StringComparison.Ordinal)).ClickAsync(new());
        providers.WaitForAssertion(() => Assert.Contains("Send 1 invitation again?", Words(providers.Markup), StringComparison.Ordinal), TimeSpan.FromSeconds(20));
        await providers.FindAll("fluent-button").Single(b => b.TextContent.Trim() == "Send 1 invitation").ClickAsync(new());
        await pressed;

        Assert.Equal("No invitation was sent. 1 could not be sent: no mail server is set up.", shown.Find(".notice-text").TextContent.Trim());
    }

    private IRenderedComponent<DynamicComponent> Open(Type page)
    {
        var shown = Render<DynamicComponent>(p => p.Add(c => c.Type, page));
        shown.WaitForAssertion(() => Assert.NotEmpty(shown.FindAll("table.list, .empty")), TimeSpan.FromSeconds(20));
        return shown;
    }

    private sealed class SignedIn : ICurrentActor
    {
        public string Role { get; set; } = Roles.Auditor;

        public Task<System.Security.Claims.ClaimsPrincipal> FindAsync() => Task.FromResult(new System.Security.Claims.ClaimsPrincipal(new System.Security.Claims.ClaimsIdentity(
            [new("roles", Role), new("oid", "0b6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7712"), new("name", "A. Person")], "test")));
    }
}
