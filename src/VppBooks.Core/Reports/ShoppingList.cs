namespace VppBooks.Core.Reports;

/// <summary>What to buy: the books whose stock will not last, by location, because copies are bought for a location.</summary>
public static class ShoppingList
{
    /// <summary>Books of which copies have to be bought, by token and then by the day until which.</summary>
    public static IReadOnlyList<BookForecast> Of(IEnumerable<BookForecast> forecasts) =>
    [
        .. forecasts.Where(f => f.Forecast.Likely.Buy > 0)
            .OrderBy(f => f.TokenName, StringComparer.CurrentCultureIgnoreCase).ThenBy(f => f.LocationId)
            .ThenBy(f => f.Forecast.BuyBy).ThenByDescending(f => f.Forecast.Likely.Buy).ThenBy(f => f.Title, StringComparer.CurrentCultureIgnoreCase).ThenBy(f => f.AdamId),
    ];
}
