namespace VppBooks.Apple;

/// <summary>The queries' conditions, checked again on our side (reference Q7, 12: Apple's own samples show rows that the filter excludes).</summary>
internal static class Filters
{
    extension(AssetQuery query)
    {
        // A kind we do not know was sent by Apple in answer to our question; the caller decides.
        public bool Includes(Asset row) =>
            (query.ProductType is null or ProductType.Unknown || row.ProductType == query.ProductType || row.ProductType == ProductType.Unknown) &&
            IncludesKey(query.AdamId, query.PricingParam, row.Key.AdamId, row.Key.PricingParam);
    }

    extension(AssignmentQuery query)
    {
        public bool Includes(Assignment row) =>
            IncludesKey(query.AdamId, query.PricingParam, row.AdamId, row.PricingParam) && (query.ClientUserId is null || query.ClientUserId == row.ClientUserId);
    }

    extension(VppUserQuery query)
    {
        public bool Includes(VppUserRow row) => query.ClientUserId is null || query.ClientUserId == row.ClientUserId;
    }

    private static bool IncludesKey(string? adamId, PricingParam? pricing, string rowAdamId, PricingParam rowPricing) =>
        (adamId is null || adamId == rowAdamId) && (pricing is null or PricingParam.Unknown || pricing == rowPricing);
}
