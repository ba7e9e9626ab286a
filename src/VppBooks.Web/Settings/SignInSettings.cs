namespace VppBooks.Web.Settings;

/// <summary>The part of Microsoft.Identity.Web's section that must be there.</summary>
public sealed class SignInSettings : ISettings
{
    public static string Section => "AzureAd";

    public string Instance { get; set; } = "";

    public string TenantId { get; set; } = "";

    public string ClientId { get; set; } = "";

    public string ClientSecret { get; set; } = "";

    /// <summary>True when <c>AzureAd:ClientCertificates</c> or <c>AzureAd:ClientCredentials</c> holds an entry.</summary>
    public bool HasCertificate { get; set; }

    public IEnumerable<string> Faults()
    {
        if (!Uri.TryCreate(Instance, UriKind.Absolute, out var instance) || instance.Scheme != Uri.UriSchemeHttps)
        {
            yield return $"AzureAd:Instance must be an https:// address such as https://login.microsoftonline.com/; it is \"{Instance}\".";
        }

        if (!Guid.TryParse(TenantId, out _))
        {
            yield return $"AzureAd:TenantId must be the directory (tenant) id, a GUID; it is \"{TenantId}\".";
        }

        if (!Guid.TryParse(ClientId, out _))
        {
            yield return $"AzureAd:ClientId must be the application (client) id, a GUID; it is \"{ClientId}\".";
        }

        if (ClientSecret.Length == 0 && !HasCertificate)
        {
            yield return "AzureAd:ClientSecret or AzureAd:ClientCredentials must be set, from user secrets, the environment or a secret file.";
        }
    }
}
