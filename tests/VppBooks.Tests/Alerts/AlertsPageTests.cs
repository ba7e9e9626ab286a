using Bunit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using VppBooks.Core.Alerts;
using VppBooks.Core.Exports;
using VppBooks.Core.Persistence;
using VppBooks.Tests.Elements;
using VppBooks.Web.Components.Alerts;
using VppBooks.Web.Components.Elements;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Alerts;

/// <summary>What the page says of how messages arrive.</summary>
public sealed class AlertsPageTests : ElementContext, IClassFixture<AlertRoom>
{
    private readonly AlertRoom _room;

    public AlertsPageTests(AlertRoom room)
    {
        _room = room;
        Services.RemoveAll<TimeProvider>();
        Services.AddSingleton<TimeProvider>(room.House.Clock);
        Services.AddSingleton(room.Desk);
        Services.AddSingleton(new ExportRuns(room.House.Get<IDbContextFactory<VppBooksDbContext>>(), room.House.Clock));
        Services.AddScoped<AlertTexts>();
        Services.AddLogging();
        AddAuthorization().SetAuthorized("anna");
        Services.AddSingleton<ICurrentActor>(new Helpdesk());
    }

    [Fact]
    public async Task A_receiver_shows_when_and_why_an_attempt_failed_also_after_something_was_taken()
    {
        var now = _room.House.Clock.GetUtcNow();
        await _room.House.ChangeAsync(db => db.AlertDeliveries.RemoveRange(db.AlertDeliveries));
        Assert.Contains("Not used yet", Receiver(), StringComparison.Ordinal);

        await AddAsync(new AlertDelivery { Channel = "webhook:0", Body = "{}", Attempts = 1, Failure = "status 500", FailedAt = now.AddMinutes(-5), DueAt = now.AddHours(1) });
        Assert.EndsWith("The last attempt failed: status 500 5 min ago", Receiver(), StringComparison.Ordinal);

        await AddAsync(new AlertDelivery { Channel = "webhook:0", Body = "{}", Attempts = 1, DeliveredAt = now.AddMinutes(-2) });
        Assert.EndsWith("Works Last failure: status 500 5 min ago", Receiver(), StringComparison.Ordinal);

        // The older message, tried again after the newer one was taken.
        await _room.House.ChangeAsync(db => db.AlertDeliveries.Single(d => d.Failure != null).FailedAt = now.AddMinutes(-1));
        Assert.EndsWith("The last attempt failed: status 500 1 min ago", Receiver(), StringComparison.Ordinal);
    }

    private Task AddAsync(AlertDelivery delivery) => _room.House.ChangeAsync(db => db.AlertDeliveries.Add(delivery));

    private string Receiver()
    {
        var page = Render<AlertsPage>();
        page.WaitForAssertion(() => Assert.NotEmpty(page.FindAll("table.list tbody tr")), TimeSpan.FromSeconds(20));
        return Words(page.FindAll("table.list tbody tr")[0].InnerHtml);
    }

    private sealed class Helpdesk : ICurrentActor
    {
        public Task<System.Security.Claims.ClaimsPrincipal> FindAsync() => Task.FromResult(new System.Security.Claims.ClaimsPrincipal(new System.Security.Claims.ClaimsIdentity(
            [new("roles", Roles.Helpdesk), new("oid", "0b6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7712"), new("name", "H. Desk")], "test")));
    }
}
