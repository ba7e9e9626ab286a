using VppBooks.Core.Locations;

namespace VppBooks.Core.Sync;

/// <summary>One pass over a location: reads Apple, then makes everything visible in one transaction (I6).</summary>
public sealed class LocationSync
{
    /// <summary>Runs a sync under a held lease. Failures are told in the run, not thrown.</summary>
    /// <exception cref="LeaseLostException">Another owner took the location over; nothing was published.</exception>
    public Task<SyncRun> RunAsync(Lease lease, SyncReason reason, string? requestedByName, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Ends what a dead owner left running and cleans up after it; called when a lease is taken.</summary>
    /// <returns>True when a run had been interrupted: worth another one.</returns>
    public Task<bool> RecoverAsync(Lease lease, CancellationToken cancellationToken) => throw new NotImplementedException();
}
