using VppBooks.Core.Locations;

namespace VppBooks.Web.Components.Locations;

/// <summary>What an administrator types about a token, in the panels that create and edit one.</summary>
internal sealed class TokenFields
{
    public string Name { get; set; } = "";

    public string AppleAccount { get; set; } = "";

    public AccountType AccountType { get; set; }

    /// <summary>Two letters; empty: not chosen.</summary>
    public string CountryOrRegion { get; set; } = "";

    /// <summary>What is wrong, by property name.</summary>
    public Dictionary<string, string> Errors { get; } = [];

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
