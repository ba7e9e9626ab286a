using System.Globalization;
using System.Threading.RateLimiting;

namespace VppBooks.Web.Hosting;

/// <summary>
/// How much may come to the notification address. Who shows no right secret is stopped soon; what shows it is Apple and may come in bursts: an event of
/// 25,000 licenses makes hundreds of notifications at once. A flood of wrong ones never keeps right ones out, even from behind the same proxy.
/// </summary>
internal sealed class NotificationTraffic : IDisposable
{
    private const int Failures = 20;
    private const int FailuresPerMinute = 20;
    private const int Burst = 20_000;
    private const int PerSecond = 5_000;

    private readonly PartitionedRateLimiter<HttpContext> _failures = PartitionedRateLimiter.Create<HttpContext, string>(context =>
        RateLimitPartition.GetTokenBucketLimiter(CallerAddress.Of(context), _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = Failures,
            TokensPerPeriod = FailuresPerMinute,
            ReplenishmentPeriod = TimeSpan.FromMinutes(1),
        }));

    private readonly PartitionedRateLimiter<(HttpContext Context, int LocationId)> _taken = PartitionedRateLimiter.Create<(HttpContext Context, int LocationId), string>(of =>
        RateLimitPartition.GetTokenBucketLimiter(string.Create(CultureInfo.InvariantCulture, $"{of.LocationId} {CallerAddress.Of(of.Context)}"), _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = Burst,
            TokensPerPeriod = PerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
        }));

    /// <summary>Counts a secret that is wrong as far as we know; false when the caller's address showed too many.</summary>
    public bool MayFail(HttpContext context)
    {
        using var lease = _failures.AttemptAcquire(context);
        return lease.IsAcquired;
    }

    /// <summary>Counts a notification whose secret is right.</summary>
    public bool TryTake(HttpContext context, int locationId)
    {
        using var lease = _taken.AttemptAcquire((context, locationId));
        return lease.IsAcquired;
    }

    public void Dispose()
    {
        _failures.Dispose();
        _taken.Dispose();
    }
}
