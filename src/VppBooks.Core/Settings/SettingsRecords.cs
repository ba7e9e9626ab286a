namespace VppBooks.Core.Settings;

/// <summary>A setting as it stands.</summary>
/// <param name="Setting">What it may be.</param>
/// <param name="Configured">What configuration says, or the default.</param>
/// <param name="Stored">What was set in the console; null: configuration holds.</param>
/// <param name="Version">To hand in with a change; 0: it was never changed in the console.</param>
/// <param name="ChangedAt">When it was changed last; null: never.</param>
/// <param name="ChangedByName">Who did.</param>
public sealed record SettingRow(Setting Setting, string Configured, string? Stored, int Version, DateTimeOffset? ChangedAt, string? ChangedByName)
{
    /// <summary>Whether configuration has become stricter since it was set in the console: then configuration holds.</summary>
    public bool Overruled { get; init; }

    /// <summary>What holds.</summary>
    public string Value => Overruled ? Configured : Stored ?? Configured;
}

/// <summary>What somebody wants a setting to be.</summary>
/// <param name="Key">Which.</param>
/// <param name="Value">The new value as text; null: back to configuration.</param>
/// <param name="Version">The version that was seen.</param>
public sealed record SettingChange(string Key, string? Value, int Version);

/// <summary>Why a value cannot be stored.</summary>
/// <param name="Key">Which setting.</param>
/// <param name="Sentence">Names the key and the allowed values.</param>
public sealed record SettingFault(string Key, string Sentence);

/// <summary>What became of a change.</summary>
public abstract record ChangeSettingsResult
{
    private ChangeSettingsResult()
    {
    }

    /// <summary>All of it is stored and holds for whatever is decided from now on.</summary>
    /// <param name="Changed">How many settings differ from before.</param>
    public sealed record Saved(int Changed) : ChangeSettingsResult;

    /// <summary>Nothing is stored.</summary>
    public sealed record Invalid(IReadOnlyList<SettingFault> Faults) : ChangeSettingsResult;

    /// <summary>Somebody else changed one of them since it was shown. Nothing is stored.</summary>
    public sealed record Conflict(IReadOnlyList<string> Keys) : ChangeSettingsResult;
}
