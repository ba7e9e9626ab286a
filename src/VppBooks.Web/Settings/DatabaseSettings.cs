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
