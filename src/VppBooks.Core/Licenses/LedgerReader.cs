using VppBooks.Apple;
using VppBooks.Core.Locations;

namespace VppBooks.Core.Licenses;

/// <summary>What a reading of Apple brought.</summary>
/// <param name="Clean">Nothing moved while reading: absence in what was read proves absence at Apple.</param>
/// <param name="Rows">Rows read.</param>
/// <param name="RowsChanged">Rows of ours that it inserted, changed or removed.</param>
public sealed record LedgerReading(bool Clean, long Rows, int RowsChanged);

/// <summary>Reads parts of a location's people and assignments between syncs and settles the ledger with them.</summary>
public sealed class LedgerReader
{
    /// <summary>People changed since the last reading.</summary>
    public Task<LedgerReading> ReadUsersDeltaAsync(Lease lease, AppleLocation apple, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Assignments changed since the last reading.</summary>
    public Task<LedgerReading> ReadAssignmentsDeltaAsync(Lease lease, AppleLocation apple, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>All assignments of some books.</summary>
    public Task<LedgerReading> ReadBooksAsync(Lease lease, AppleLocation apple, IReadOnlyCollection<int> bookIds, CancellationToken cancellationToken) => throw new NotImplementedException();
}
