namespace VppBooks.Web.Components.Settings;

/// <summary>Registration of what the settings screen needs.</summary>
internal static class SettingsScreens
{
    extension(IServiceCollection services)
    {
        public void AddSettingsScreens() => services.AddScoped<SettingWords>();
    }
}
