namespace VppBooks.Core.Settings;

/// <summary>
/// A setting that the console can change: its key in configuration, and what it may be. Values are text in the form that configuration has, so that one can be carried to the
/// other; both are checked by the same rule.
/// </summary>
public abstract class Setting(string key)
{
    /// <summary>Longest text that can be stored.</summary>
    public const int MaxLength = 2000;

    /// <summary>Key as in configuration, such as <c>Licenses:UndoWindow</c>.</summary>
    public string Key { get; } = key;

    /// <summary>A sentence that names the key and the allowed values; null: the text can be used.</summary>
    public abstract string? Fault(string text);

    /// <summary>The one way to write a text that can be used.</summary>
    public abstract string Normalize(string text);
}

/// <summary>A setting of one type.</summary>
public abstract class Setting<TValue>(string key) : Setting(key)
{
    /// <inheritdoc/>
    public sealed override string? Fault(string text) =>
        text.Length > MaxLength ? $"{Key} must be at most {MaxLength} characters long." : TryRead(text, out var value) ? FaultOf(value) : $"{Key} must be {Form}; it is \"{text}\".";

    /// <inheritdoc/>
    public sealed override string Normalize(string text) => Write(Read(text));

    /// <summary>The value of a text.</summary>
    /// <exception cref="InvalidOperationException">The text cannot be used.</exception>
    public TValue Read(string text) => text.Length <= MaxLength && TryRead(text, out var value)
        ? FaultOfStanding(value) is { } fault ? throw new InvalidOperationException(fault) : value
        : throw new InvalidOperationException(Fault(text));

    /// <summary>The text of a value.</summary>
    public abstract string Write(TValue value);

    /// <summary>A sentence that names the key and the allowed values; null: the value can be used.</summary>
    public abstract string? FaultOf(TValue value);

    /// <summary>The same for a value that stands already: what was a matter of judgment when it was set does not stop what depends on it.</summary>
    protected virtual string? FaultOfStanding(TValue value) => FaultOf(value);

    /// <summary>The same as a list of none or one, for a section that gathers what is wrong with it.</summary>
    public IEnumerable<string> FaultsOf(TValue value) => FaultOf(value) is { } fault ? [fault] : [];

    /// <summary>What a text has to look like, such as "a whole number".</summary>
    protected abstract string Form { get; }

    /// <summary>Reads the form; whether the value is allowed is another question.</summary>
    protected abstract bool TryRead(string text, out TValue value);
}
