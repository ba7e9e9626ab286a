namespace VppBooks.Apple;

/// <summary>The quality of an asset: Apple sells the same title in standard and in higher quality, as separate stocks.</summary>
public enum PricingParam
{
    /// <summary>A value this client does not know. Rows that carry it are shown, never spent.</summary>
    Unknown = 0,

    /// <summary>Standard quality.</summary>
    STDQ = 1,

    /// <summary>Higher quality.</summary>
    PLUS = 2,
}

/// <summary>Apple's name for one purchasable item: store id and quality together (reference 0.1, "Asset").</summary>
/// <param name="AdamId">Decimal digits; may exceed 32 bits.</param>
/// <param name="PricingParam">The quality.</param>
public readonly record struct AssetKey(string AdamId, PricingParam PricingParam);
