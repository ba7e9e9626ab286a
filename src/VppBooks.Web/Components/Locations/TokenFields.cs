using VppBooks.Core.Locations;

namespace VppBooks.Web.Components.Locations;

/// <summary>What an administrator types about a token, in the panels that create and edit one.</summary>
public sealed class TokenFields
{
    public string Name { get; set; } = "";

    public string AppleAccount { get; set; } = "";

    public AccountType AccountType { get; set; }

    /// <summary>Two letters; empty: not chosen.</summary>
    public string CountryOrRegion { get; set; } = "";

    /// <summary>What is wrong, by property name.</summary>
    public Dictionary<string, string> Errors { get; } = [];

    /// <summary>The property that a refusal is about; null when it is about something else.</summary>
    public static string? NameOf(string? refused) => refused switch
    {
        "displayName" => nameof(Name),
        "appleId" => nameof(AppleAccount),
        "countryOrRegion" => nameof(CountryOrRegion),
        _ => null,
    };

    public static TokenFields From(TokenPreview preview) => new()
    {
        Name = preview.SuggestedName,
        AccountType = preview.AccountType,
        CountryOrRegion = preview.CountryOrRegion ?? "",
    };

    public static TokenFields From(LocationSummary token) => new()
    {
        Name = token.Name,
        AppleAccount = token.AppleAccount,
        AccountType = token.AccountType,
        CountryOrRegion = token.CountryOrRegion,
    };
}
