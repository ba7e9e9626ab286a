namespace VppBooks.Core.Alerts;

/// <summary>Which trouble takes the place of which: what ends by it got worse, or cannot be seen behind it, and is not over.</summary>
internal static class AlertSuccession
{
    private static readonly AlertKind[] _unusable = [AlertKind.TokenExpired, AlertKind.TokenRefused, AlertKind.TokenClaimedElsewhere, AlertKind.TokenUnreadable];

    /// <summary>The key of the trouble about the same location or book that follows an alert that ends; null: it is over.</summary>
    public static string? FindSuccessor(Alert ended, IReadOnlyDictionary<string, AlertCondition> exist) => (ended.BookId ?? ended.LocationId) is { } subject
        ? SupersededBy(ended.Kind).Where(kind => kind != ended.Kind).Select(kind => AlertCondition.KeyOf(kind, subject)).FirstOrDefault(exist.ContainsKey)
        : null;

    private static AlertKind[] SupersededBy(AlertKind kind) => kind switch
    {
        AlertKind.TokenExpiring or AlertKind.TokenReadOnly or AlertKind.SyncFailing or AlertKind.SyncStale or AlertKind.CopiesUnserved => _unusable,
        AlertKind.SyncIncomplete => [AlertKind.SyncStale, .. _unusable],
        AlertKind.TokenExpired or AlertKind.TokenRefused or AlertKind.TokenClaimedElsewhere or AlertKind.TokenUnreadable => _unusable,
        AlertKind.StockLow => [AlertKind.StockShort],
        _ => [],
    };
}
