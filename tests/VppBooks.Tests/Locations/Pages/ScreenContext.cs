using System.Security.Claims;
using Bunit;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using VppBooks.Core.Notifications;
using VppBooks.Core.Persistence;
using VppBooks.Core.Signals;
using VppBooks.Tests.Elements;
using VppBooks.Web.Components.Alerts;
using VppBooks.Web.Components.Locations;
using VppBooks.Web.Components.Monitor;
using VppBooks.Web.Components.Overview;
using VppBooks.Web.Components.Sync;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Locations.Pages;

/// <summary>Renders screens about tokens over stand-ins of their desks.</summary>
public abstract class ScreenContext : ElementContext
{
    protected ScreenContext()
    {
        Services.AddSingleton<ITokenDesk>(Desk);
        Services.AddSingleton<ISyncDesk>(Syncs);
        Services.AddSingleton<IOverviewDesk>(Overview);
        Services.AddSingleton<ILicenseUseDesk>(LicenseUse);
        Services.AddSingleton(Feed);
        Services.AddSingleton(Notifications);
        Services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        Services.AddSingleton(new VppBooks.Core.Exports.ExportRuns(new NoDatabase(), Clock));
        Services.AddSingleton<ICurrentActor>(new Nobody());
        Services.AddTokenWords();
        Services.AddScoped<ActivityTexts>();
        AddAuthorization().SetAuthorized("anna");
        ComponentFactories.AddStub<StockThresholdPart>();
    }

    protected ChangeFeed Feed { get; } = new();

    protected NotificationOptions Notifications { get; } = new();

    internal FakeTokenDesk Desk { get; } = new();

    internal FakeSyncDesk Syncs { get; } = new();

    internal FakeOverviewDesk Overview { get; } = new();

    internal FakeLicenseUseDesk LicenseUse { get; } = new();

    /// <summary>Changes are gathered for a moment before a page reads again.</summary>
    protected void Tell(Change change)
    {
        Feed.Publish(change);
        Clock.Advance(TimeSpan.FromSeconds(2));
    }

    private sealed class NoDatabase : IDbContextFactory<VppBooksDbContext>
    {
        public VppBooksDbContext CreateDbContext() => throw new InvalidOperationException("These screens reach no database.");
    }

    private sealed class Nobody : ICurrentActor
    {
        public Task<ClaimsPrincipal> FindAsync() => Task.FromResult(new ClaimsPrincipal(new ClaimsIdentity()));
    }
}
