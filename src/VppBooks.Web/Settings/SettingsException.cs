namespace VppBooks.Web.Settings;

/// <summary>A setting the program cannot start with. The message names the key and the allowed values, never a secret.</summary>
public sealed class SettingsException : Exception
{
    public SettingsException()
    {
    }

    public SettingsException(string message)
        : base(message)
    {
    }

    public SettingsException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
