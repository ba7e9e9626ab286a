using Microsoft.Extensions.Options;

namespace VppBooks.Core.Privacy;

/// <summary>Settings of the section <c>Privacy</c>.</summary>
public sealed class PrivacyOptions
{
    public const string SectionName = "Privacy";

    /// <summary>
    /// How long somebody is gone from the directory before name and addresses are erased here: 1 day to 10 years; null (default): until an administrator does it.
    /// The spend stays in the ledger, under a number.
    /// </summary>
    public TimeSpan? KeepNamesFor { get; set; }

    /// <summary>
    /// How long somebody is kept whom nothing needs: in no group that is assigned or looked at, without license and registration. 1 day to 10 years; default 30 days,
    /// so that a book can be taken back and given again without reading everybody anew. Plans that were shown and never committed are kept as long.
    /// </summary>
    public TimeSpan KeepUnneededFor { get; set; } = TimeSpan.FromDays(30);
}

/// <summary>Stops start-up with the key and the allowed values.</summary>
internal sealed class PrivacyOptionsValidator : IValidateOptions<PrivacyOptions>
{
    public ValidateOptionsResult Validate(string? name, PrivacyOptions options) =>
        options.KeepNamesFor is { TotalDays: < 1 or > 3660 } ? ValidateOptionsResult.Fail(
            $"{PrivacyOptions.SectionName}:{nameof(PrivacyOptions.KeepNamesFor)} must be 1 day to 10 years, such as 365.00:00:00, or absent: nobody is erased by itself then.")
        : options.KeepUnneededFor is { TotalDays: < 1 or > 3660 } ? ValidateOptionsResult.Fail(
            $"{PrivacyOptions.SectionName}:{nameof(PrivacyOptions.KeepUnneededFor)} must be 1 day to 10 years, such as 30.00:00:00.")
        : ValidateOptionsResult.Success;
}
