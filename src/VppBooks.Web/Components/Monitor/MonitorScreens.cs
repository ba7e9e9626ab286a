namespace VppBooks.Web.Components.Monitor;

/// <summary>Registration of what the screens under Monitor need.</summary>
internal static class MonitorScreens
{
    extension(IServiceCollection services)
    {
        public void AddMonitorScreens()
        {
            services.AddScoped<IVerifyDesk, VerifyDesk>();
            services.AddScoped<VerifyTexts>();
            services.AddScoped<ActivityTexts>();
        }
    }
}
