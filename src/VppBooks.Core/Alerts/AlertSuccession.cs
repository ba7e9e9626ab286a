namespace VppBooks.Core.Alerts;

/// <summary>Which trouble takes the place of which: what ends by it got worse, or cannot be seen behind it, and is not over.</summary>
internal static class AlertSuccession
{
    private static readonly AlertKind[] _unusable = [AlertKind.TokenExpired, AlertKind.TokenRefused, AlertKind.TokenClaimedElsewhere, AlertKind.TokenUnreadable];

    /// <summary>Whether an alert that ends is followed by another about the same location or book.</summary>
    public static bool IsSuperseded(Alert ended, IReadOnlyDictionary<string, AlertCondition> exist) =>
        (ended.BookId ?? ended.LocationId) is { } subject && SupersededBy(ended.Kind).Any(kind => kind != ended.Kind && exist.ContainsKey(AlertCondition.KeyOf(kind, subject)));

    private static AlertKind[] SupersededBy(AlertKind kind) => kind switch
    {
        AlertKind.TokenExpiring or AlertKind.TokenReadOnly or AlertKind.SyncFailing or AlertKind.SyncStale => _unusable,
        AlertKind.TokenExpired or AlertKind.TokenRefused or AlertKind.TokenClaimedElsewhere or AlertKind.TokenUnreadable => _unusable,
        AlertKind.StockLow => [AlertKind.StockShort],
        _ => [],
    };
}
