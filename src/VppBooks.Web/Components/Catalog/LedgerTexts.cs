namespace VppBooks.Web.Components.Catalog;

/// <summary>The product's own words: intents, states of licenses and registrations, kinds of groups.</summary>
public sealed class LedgerTexts;
