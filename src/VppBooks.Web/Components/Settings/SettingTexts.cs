namespace VppBooks.Web.Components.Settings;

/// <summary>Words of the settings screen.</summary>
public sealed class SettingTexts;
