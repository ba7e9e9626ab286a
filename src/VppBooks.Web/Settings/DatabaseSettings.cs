namespace VppBooks.Web.Settings;

/// <summary>The databases VppBooks runs on.</summary>
public enum DatabaseProvider
{
    Sqlite,
    SqlServer,
}

/// <summary>Where the data lives.</summary>
public sealed class DatabaseSettings : ISettings
{
    public static string Section => "Database";

    /// <summary>Default <see cref="DatabaseProvider.Sqlite"/>.</summary>
    public DatabaseProvider Provider { get; set; } = DatabaseProvider.Sqlite;

    /// <summary>From <c>ConnectionStrings:VppBooks</c>; by default the file <c>data/vppbooks.db</c> under the content root.</summary>
    public string ConnectionString { get; set; } = "";

    public IEnumerable<string> Faults()
    {
        if (Provider == DatabaseProvider.SqlServer && ConnectionString.Length == 0)
        {
            yield return "ConnectionStrings:VppBooks is required when Database:Provider is SqlServer.";
        }
    }
}

/// <summary>What protects the key ring, which in turn protects content tokens and invite codes.</summary>
public sealed class KeyRingSettings : ISettings
{
    public static string Section => "KeyRing";

    /// <summary>A PKCS#12 file with a private key; empty leaves the ring readable to whoever can read the database.</summary>
    public string CertificatePath { get; set; } = "";

    /// <summary>The file's password; empty when it has none.</summary>
    public string CertificatePassword { get; set; } = "";

    public IEnumerable<string> Faults()
    {
        if (CertificatePath.Length > 0 && !File.Exists(CertificatePath))
        {
            yield return $"KeyRing:CertificatePath must name a PKCS#12 file that can be read; \"{CertificatePath}\" is not there.";
        }
    }
}
