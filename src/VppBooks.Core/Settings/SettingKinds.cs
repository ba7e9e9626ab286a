using System.Globalization;
using System.Net.Mail;

namespace VppBooks.Core.Settings;

/// <summary>A length of time, both ends included.</summary>
public sealed class DurationSetting(string key, TimeSpan least, TimeSpan most) : Setting<TimeSpan>(key)
{
    /// <summary>The shortest that is allowed.</summary>
    public TimeSpan Least { get; } = least;

    /// <summary>The longest that is allowed.</summary>
    public TimeSpan Most { get; } = most;

    /// <inheritdoc/>
    protected override string Form => "a duration such as 00:30:00";

    /// <inheritdoc/>
    public override string Write(TimeSpan value) => value.ToString("c", CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override string? FaultOf(TimeSpan value) => value >= Least && value <= Most ? null : $"{Key} must be between {Least} and {Most}; it is {value}.";

    /// <inheritdoc/>
    protected override bool TryRead(string text, out TimeSpan value) => TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out value);
}

/// <summary>A whole number, both ends included.</summary>
/// <param name="key">Key in configuration.</param>
/// <param name="least">The smallest.</param>
/// <param name="most">The largest.</param>
/// <param name="optional">Empty is allowed, and means that there is no limit.</param>
public sealed class NumberSetting(string key, int least, int most = int.MaxValue, bool optional = false) : Setting<int?>(key)
{
    /// <summary>The smallest that is allowed.</summary>
    public int Least { get; } = least;

    /// <summary>The largest that is allowed.</summary>
    public int Most { get; } = most;

    /// <summary>Whether empty is allowed.</summary>
    public bool Optional { get; } = optional;

    /// <inheritdoc/>
    protected override string Form => Optional ? "a whole number, or empty" : "a whole number";

    /// <inheritdoc/>
    public override string Write(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "";

    /// <inheritdoc/>
    public override string? FaultOf(int? value) => value is { } number
        ? number >= Least && number <= Most ? null : $"{Key} must be between {Least} and {Most}; it is {number}."
        : Optional ? null : $"{Key} must be {Form}.";

    /// <inheritdoc/>
    protected override bool TryRead(string text, out int? value)
    {
        var read = int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number);
        value = read ? number : null;
        return read || string.IsNullOrWhiteSpace(text);
    }
}

/// <summary>A share, such as 0.2 for a fifth; both ends included.</summary>
public sealed class ShareSetting(string key, double least, double most) : Setting<double>(key)
{
    /// <summary>The smallest that is allowed.</summary>
    public double Least { get; } = least;

    /// <summary>The largest that is allowed.</summary>
    public double Most { get; } = most;

    /// <inheritdoc/>
    protected override string Form => "a number such as 0.2";

    /// <inheritdoc/>
    public override string Write(double value) => value.ToString(CultureInfo.InvariantCulture);

    /// <inheritdoc/>
    public override string? FaultOf(double value) => value >= Least && value <= Most
        ? null
        : string.Create(CultureInfo.InvariantCulture, $"{Key} must be between {Least} and {Most}; it is {value}.");

    /// <inheritdoc/>
    protected override bool TryRead(string text, out double value) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
}

/// <summary>Yes or no, written as configuration writes it.</summary>
public sealed class YesNoSetting(string key) : Setting<bool>(key)
{
    /// <summary>Yes.</summary>
    public const string Yes = "true";

    /// <summary>No.</summary>
    public const string No = "false";

    /// <inheritdoc/>
    protected override string Form => $"{Yes} or {No}";

    /// <inheritdoc/>
    public override string Write(bool value) => value ? Yes : No;

    /// <inheritdoc/>
    public override string? FaultOf(bool value) => null;

    /// <inheritdoc/>
    protected override bool TryRead(string text, out bool value) => bool.TryParse(text, out value);
}

/// <summary>One of a few words.</summary>
public sealed class ChoiceSetting(string key, params IReadOnlyList<string> choices) : Setting<string>(key)
{
    /// <summary>The words.</summary>
    public IReadOnlyList<string> Choices { get; } = choices;

    /// <inheritdoc/>
    protected override string Form => "one of: " + string.Join(", ", Choices);

    /// <inheritdoc/>
    public override string Write(string value) => Choices.First(c => c.Equals(value, StringComparison.OrdinalIgnoreCase));

    /// <inheritdoc/>
    public override string? FaultOf(string value) => Choices.Contains(value, StringComparer.OrdinalIgnoreCase) ? null : $"{Key} must be {Form}; it is \"{value}\".";

    /// <inheritdoc/>
    protected override bool TryRead(string text, out string value)
    {
        value = text.Trim();
        return true;
    }
}

/// <summary>An absolute https address, http on this machine only; empty: none.</summary>
public sealed class WebAddressSetting(string key) : Setting<string>(key)
{
    /// <inheritdoc/>
    protected override string Form => "an absolute https:// address (http:// only on this machine)";

    /// <summary>Whether messages may go to an address.</summary>
    public static bool IsAllowed(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));

    /// <inheritdoc/>
    public override string Write(string value) => value;

    /// <inheritdoc/>
    public override string? FaultOf(string value) => value.Length == 0 || IsAllowed(value) ? null : $"{Key} must be {Form}; it is \"{value}\".";

    /// <inheritdoc/>
    protected override bool TryRead(string text, out string value)
    {
        value = text.Trim();
        return true;
    }
}

/// <summary>Mail addresses, separated by commas, semicolons, blanks or lines; none is allowed.</summary>
public sealed class MailListSetting(string key, int most) : Setting<IReadOnlyList<string>>(key)
{
    private static readonly char[] _between = [',', ';', ' ', '\r', '\n', '\t'];

    /// <summary>How many at most.</summary>
    public int Most { get; } = most;

    /// <inheritdoc/>
    protected override string Form => "mail addresses";

    /// <inheritdoc/>
    public override string Write(IReadOnlyList<string> value) => string.Join(", ", value.Distinct(StringComparer.OrdinalIgnoreCase));

    /// <inheritdoc/>
    public override string? FaultOf(IReadOnlyList<string> value) => value.FirstOrDefault(a => !MailAddress.TryCreate(a, out var mail) || mail.Address != a) is { } wrong
        ? $"{Key} must hold mail addresses such as books@school.example; \"{wrong}\" is none."
        : value.Count > Most ? $"{Key} must hold at most {Most} addresses." : null;

    /// <inheritdoc/>
    protected override bool TryRead(string text, out IReadOnlyList<string> value)
    {
        value = text.Split(_between, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return true;
    }
}
