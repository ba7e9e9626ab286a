using Microsoft.Extensions.Logging;
using VppBooks.Apple.Wire;

namespace VppBooks.Apple.Transport;

/// <summary>
/// Limits and addresses for five minutes (reference 3). Nobody fails because they cannot be read: the last known ones go on, or the
/// published ones.
/// </summary>
/// <param name="exchange">Waits no longer for an answer than those who wait for the limits should.</param>
/// <param name="options">Where Apple is.</param>
/// <param name="clock">Tells when the limits are old.</param>
/// <param name="logger">Hears of answers that cannot be used.</param>
internal sealed class ServiceConfigCache(Exchange exchange, AppleOptions options, TimeProvider clock, ILogger logger)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private ServiceConfig? _known;
    private long _readAt;
    private TimeSpan _validFor;
    private Task<ServiceConfig>? _reading;

    public ValueTask<ServiceConfig> GetAsync(CancellationToken cancellationToken)
    {
        Task<ServiceConfig> reading;
        lock (_lock)
        {
            if (_known is not null && clock.GetElapsedTime(_readAt) < _validFor)
            {
                return new(_known);
            }

            // One read for all who wait; it belongs to none of them, so nobody's cancellation ends it.
            reading = _reading ??= ReadAsync();
        }

        return new(reading.WaitAsync(cancellationToken));
    }

    public void Forget()
    {
        lock (_lock)
        {
            _validFor = TimeSpan.Zero;
        }
    }

    private async Task<ServiceConfig> ReadAsync()
    {
        // Leaves the lock before anything else happens, or a synchronous answer would be stored before the task itself.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var config = await TryReadAsync();
        lock (_lock)
        {
            _validFor = config is null ? TryAgain : Fresh;
            _readAt = clock.GetTimestamp();
            _reading = null;
            return _known = config ?? _known ?? Published();
        }
    }

    private async Task<ServiceConfig?> TryReadAsync()
    {
        try
        {
            using var request = Requests.Create(options, location: null, "/service/config", body: null);
            using var answer = await exchange.SendAsync(request, CancellationToken.None);
            var wire = new WireServiceConfig();
            if (Verdict.Of(answer, wire).Failure is not { } failure)
            {
                return wire.ToServiceConfig();
            }

            logger.ServiceConfigUnreadable(answer.Status, failure.Message);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            logger.ServiceConfigUnreadable(0, exception.GetType().Name);
        }

        return null;
    }

    // Limits have their published values in ServiceConfig. Apple's addresses are no use when the service is not Apple's.
    private ServiceConfig Published() => new(
        new Dictionary<string, int>(StringComparer.Ordinal),
        !new Uri(options.BaseUrl).Host.EndsWith(".apple.com", StringComparison.OrdinalIgnoreCase)
            ? new Dictionary<string, string>(StringComparer.Ordinal)
            : new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["invitationEmail"] = "https://buy.itunes.apple.com/WebObjects/MZFinance.woa/wa/associateVPPUserWithITSAccount?inviteCode=%25inviteCode%25&mt=8",
                ["contentMetadataLookup"] = "https://uclient-api.itunes.apple.com/WebObjects/MZStorePlatform.woa/wa/lookup",
            },
        [],
        new Dictionary<int, string>());
}
