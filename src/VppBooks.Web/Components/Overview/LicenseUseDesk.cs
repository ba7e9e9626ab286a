using VppBooks.Core.Reports;
using VppBooks.Core.Security;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Components.Overview;

/// <summary>How licenses were used lately, and what has to be bought.</summary>
/// <param name="Points">One per day, oldest first.</param>
/// <param name="WeeksAhead">How far the shopping list looks.</param>
/// <param name="BooksToBuy">Books on it.</param>
/// <param name="CopiesToBuy">Copies on it.</param>
/// <param name="BuyBy">When the first of them has to be bought; null when nothing has to be.</param>
public sealed record LicenseUseData(IReadOnlyList<HistoryPoint> Points, int WeeksAhead, int BooksToBuy, long CopiesToBuy, DateOnly? BuyBy);

/// <summary>What the chart on the first page reads.</summary>
public interface ILicenseUseDesk
{
    /// <summary>Reads the days up to <paramref name="today"/>, and the shopping list as it stands.</summary>
    Task<LicenseUseData> ReadAsync(DateOnly today, int days, TimeZoneInfo zone, CancellationToken cancellationToken);
}

/// <summary>What has to be bought, for all who open the first page within a minute: the forecast reads every book and everybody whom assignments reach.</summary>
internal sealed class ShoppingAtAGlance(ForecastReader forecasts, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan _fresh = TimeSpan.FromMinutes(1);

    // One for all: another question would have another answer, and those who share one must have asked the same.
    private static readonly ForecastQuery _question = new();

    private readonly SemaphoreSlim _gate = new(1, 1);
    private (DateTimeOffset At, IReadOnlyList<BookForecast> Books)? _read;

    /// <summary>How far the list looks.</summary>
    public static int WeeksAhead => _question.WeeksAhead;

    /// <summary>The shopping list of all tokens for <see cref="WeeksAhead"/>, not older than a minute.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<IReadOnlyList<BookForecast>> ReadAsync(Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var now = clock.GetUtcNow();
            if (_read is not { } read || now - read.At >= _fresh || read.At > now)
            {
                _read = read = (now, ShoppingList.Of(await forecasts.ListAsync(_question, actor, cancellationToken)));
            }

            return read.Books;
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Dispose() => _gate.Dispose();
}

/// <summary>The chart's way to the reports.</summary>
internal sealed class LicenseUseDesk(HistoryReader history, ShoppingAtAGlance glance, CoreActor current) : ILicenseUseDesk
{
    public async Task<LicenseUseData> ReadAsync(DateOnly today, int days, TimeZoneInfo zone, CancellationToken cancellationToken)
    {
        var actor = await current.FindAsync();
        var shopping = await glance.ReadAsync(actor, cancellationToken);
        return new LicenseUseData(
            await history.ListAsync(new HistoryScope(), today.AddDays(1 - days), today, zone, actor, cancellationToken),
            ShoppingAtAGlance.WeeksAhead,
            shopping.Count,
            shopping.Sum(b => b.Forecast.Likely.Buy),
            shopping.Min(b => b.Forecast.BuyBy));
    }
}
