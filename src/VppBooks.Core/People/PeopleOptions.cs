using Microsoft.Extensions.Options;

namespace VppBooks.Core.People;

/// <summary>Settings of the section <c>People</c>.</summary>
public sealed class PeopleOptions
{
    public const string SectionName = "People";

    /// <summary>
    /// Where the directory keeps the name of a person's Managed Apple Account: <c>userPrincipalName</c> (default), <c>mail</c>,
    /// <c>extensionAttribute1</c> … <c>extensionAttribute15</c>, or <c>none</c> when people are invited by mail only.
    /// </summary>
    public string ManagedAppleAccount { get; set; } = "userPrincipalName";

    /// <summary>
    /// How long somebody is gone from the directory before the registration at Apple is retired: 1 day to 10 years; null (default): never. Their books stay
    /// with them for good, and are theirs again if they return and use the same Apple Account.
    /// </summary>
    public TimeSpan? RetireAfter { get; set; }
}

/// <summary>Stops start-up with the key and the allowed values.</summary>
internal sealed class PeopleOptionsValidator : IValidateOptions<PeopleOptions>
{
    public ValidateOptionsResult Validate(string? name, PeopleOptions options)
    {
        List<string> failures = [];
        if (!ManagedAccountRule.TryParse(options.ManagedAppleAccount, out _))
        {
            failures.Add($"{PeopleOptions.SectionName}:{nameof(PeopleOptions.ManagedAppleAccount)} must be userPrincipalName, mail, extensionAttribute1 to extensionAttribute15, or none.");
        }

        if (options.RetireAfter is { TotalDays: < 1 or > 3660 })
        {
            failures.Add($"{PeopleOptions.SectionName}:{nameof(PeopleOptions.RetireAfter)} must be 1 day to 10 years, such as 180.00:00:00, or absent: nobody is retired then.");
        }

        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}

/// <summary>Where the name of a Managed Apple Account comes from.</summary>
/// <param name="Source">The kind of source.</param>
/// <param name="ExtensionAttribute">1 to 15 for an extension attribute, otherwise 0.</param>
internal readonly record struct ManagedAccountRule(ManagedAccountSource Source, int ExtensionAttribute)
{
    private const string ExtensionPrefix = "extensionAttribute";

    public static bool TryParse(string? text, out ManagedAccountRule rule)
    {
        ManagedAccountRule? found = text?.Trim() switch
        {
            { } t when t.Equals("userPrincipalName", StringComparison.OrdinalIgnoreCase) => new(ManagedAccountSource.UserPrincipalName, 0),
            { } t when t.Equals("mail", StringComparison.OrdinalIgnoreCase) => new(ManagedAccountSource.Mail, 0),
            { } t when t.Equals("none", StringComparison.OrdinalIgnoreCase) => new(ManagedAccountSource.None, 0),
            { } t when t.StartsWith(ExtensionPrefix, StringComparison.OrdinalIgnoreCase)
                && int.TryParse(t[ExtensionPrefix.Length..], System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number)
                && number is >= 1 and <= 15 => new(ManagedAccountSource.ExtensionAttribute, number),
            _ => null,
        };
        rule = found ?? default;
        return found is not null;
    }
}

/// <summary>Kinds of sources.</summary>
internal enum ManagedAccountSource
{
    None = 0,
    UserPrincipalName,
    Mail,
    ExtensionAttribute,
}
