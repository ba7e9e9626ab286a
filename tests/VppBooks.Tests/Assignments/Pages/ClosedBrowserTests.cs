using Bunit;
using Bunit.TestDoubles;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using VppBooks.Core.Assignments;
using VppBooks.Core.Licenses;
using VppBooks.Core.Signals;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.Tests.Elements;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;
using VppBooks.Web.Components.Assignments;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Assignments.Pages;

/// <summary>The plan's page over the real product, left and opened again.</summary>
public sealed class ClosedBrowserTests : ElementContext
{
    [Fact]
    public async Task F55_When_the_browser_closes_the_work_goes_on_and_the_page_shows_where_it_stands()
    {
        await using var house = await SpendingHouse.StartAsync();
        Connect(house);
        var group = await house.GroupAsync("Class 4A");
        var book = await house.RegisterAsync(group);
        var plan = Assert.IsType<PlanResult.Planned>(await house.Core.Get<AssignmentDesk>().PlanAsync(
            new PlanRequest(book.PublicId, [new WishedAssignment(group, Intent.Required)]), CoreHouse.Admin, CancellationToken.None)).Plan;
        var page = Open(book.PublicId, plan.Id);
        await page.WaitForElement(".commit form").SubmitAsync();
        page.WaitForElement(".progress");

        // In the middle of the operation: Apple has it, nothing is confirmed yet.
        house.Apple.Switches.FreezeEvents = true;
        await house.WorkUntilPostsAsync(1);
        await DisposeComponentsAsync();
        house.Apple.Switches.FreezeEvents = false;
        var gone = await house.LicensesAsync(book);
        Assert.All(gone, l => Assert.Equal(LicenseState.Submitted, l.State));

        var meanwhile = Open(book.PublicId, plan.Id);
        Assert.Equal("0", meanwhile.WaitForElement("[role=progressbar]").GetAttribute("aria-valuenow"));
        await DisposeComponentsAsync();
        await house.WorkAsync();

        Assert.All(await house.LicensesAsync(book), l => Assert.Equal(LicenseState.Assigned, l.State));
        var back = Open(book.PublicId, plan.Id).WaitForElement("[role=progressbar]");
        Assert.Equal((plan.Takes.ToString(System.Globalization.CultureInfo.InvariantCulture), back.GetAttribute("aria-valuemax")), (back.GetAttribute("aria-valuenow"), back.GetAttribute("aria-valuenow")));
        Assert.Equal(1, house.Apple.CountAssociatePosts(SpendingHouse.UId));
        await house.AssertLedgerIsTrueAsync(book);
    }

    private IRenderedComponent<PlanPage> Open(Guid book, Guid plan) => Render<PlanPage>(p => p.Add(x => x.BookId, book).Add(x => x.PlanId, plan));

    private void Connect(SpendingHouse house)
    {
        Services.RemoveAll<TimeProvider>();
        Services.AddSingleton<TimeProvider>(house.Core.Clock);
        Services.AddSingleton(house.Core.Get<ChangeFeed>());
        Services.AddFallbackServiceProvider(house.Core.Services);
        Services.AddLogging();
        AddAuthorization().SetAuthorized("anna");
        Services.AddSingleton<ICurrentActor>(new Administrator());
    }

    private sealed class Administrator : ICurrentActor
    {
        public Task<System.Security.Claims.ClaimsPrincipal> FindAsync() => Task.FromResult(new System.Security.Claims.ClaimsPrincipal(new System.Security.Claims.ClaimsIdentity(
            [new("roles", Roles.Administrator), new("oid", "0b6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7712"), new("name", "A. Admin")], "test")));
    }
}
