namespace VppBooks.Web.Settings;

/// <summary>A configuration section with defaults that can tell what is wrong with it.</summary>
public interface ISettings
{
    /// <summary>Name of the section, such as <c>Sync</c>.</summary>
    static abstract string Section { get; }

    /// <summary>One sentence per fault, each naming the key and the allowed values.</summary>
    IEnumerable<string> Faults();
}
