namespace VppBooks.SimulatedCloud.Organization;

/// <summary>What the simulated store says of an item.</summary>
/// <param name="Storefronts">Countries that sell it, upper case.</param>
/// <param name="OffSale">No longer sold: only found with the cookie of a location.</param>
internal sealed record StoreTitle(
    string AdamId, string Name, string Author, string Language, int Year, string Genre, bool IsBook, string[] Storefronts, bool OffSale = false)
{
    /// <summary>Odd ids show the older shape: ids as texts, artwork as a list.</summary>
    public bool IsOldShape => (AdamId[^1] - '0') % 2 == 1;
}
