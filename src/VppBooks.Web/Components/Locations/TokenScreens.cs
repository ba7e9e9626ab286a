using VppBooks.Web.Components.Assignments;
using VppBooks.Web.Components.Layout;
using VppBooks.Web.Components.Overview;
using VppBooks.Web.Components.Search;
using VppBooks.Web.Components.Sync;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Components.Locations;

/// <summary>Registration of what the screens about tokens, syncs and the overview need.</summary>
internal static class TokenScreens
{
    extension(IServiceCollection services)
    {
        public void AddTokenScreens()
        {
            services.AddScoped<ITokenDesk, TokenDesk>();
            services.AddScoped<ISyncDesk, SyncDesk>();
            services.AddScoped<IOverviewDesk, OverviewDesk>();
            services.AddScoped<ILicenseUseDesk, LicenseUseDesk>();
            services.AddSingleton<ShoppingAtAGlance>();
            services.AddScoped<ISearchSource, TokenSearch>();
            services.AddTokenWords();
            services.AddSingleton(new ShellPart(ShellPlace.Header, typeof(SyncStatusPart), Policies.ReadAll));
            services.AddSingleton(new ShellPart(ShellPlace.Banner, typeof(TokenBanner), Policies.ReadAll));
            services.AddSingleton(new ShellPart(ShellPlace.Banner, typeof(ApprovalBanner), Policies.ReadAll));
        }

        /// <summary>Words and flows, without the way to Core.</summary>
        public void AddTokenWords()
        {
            services.AddScoped<SyncRunTexts>();
            services.AddScoped<TokenTexts>();
            services.AddScoped<NotificationWords>();
            services.AddScoped<RefusalTexts>();
            services.AddScoped<OverviewTexts>();
            services.AddScoped<TokenActions>();
            services.AddScoped<PendingOutcome>();
        }
    }
}
