using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Licenses;

/// <summary>Settles registrations: reads Apple's users, then explains what is still missing.</summary>
public sealed class UserSettlement(LedgerReader ledger, TimeProvider clock)
{
    private const int AlreadyRegistered = 9716;
    private const int NotRegistered = 9609;

    /// <summary>The account is behind another record of the location.</summary>
    internal const int AccountTaken = 9641;


    internal async Task SettleAsync(LocationSession session, Operation operation, IReadOnlyList<EventFailure> failures, CancellationToken cancellationToken)
    {
        await ledger.ReadUsersDeltaAsync(session.Lease, session.Apple, cancellationToken);
        if (failures.Any(f => f.ErrorNumber is AlreadyRegistered or NotRegistered) && await UnseenAsync(session, operation.Id, cancellationToken) is { Count: > 0 } unseen)
        {
            // Who was there all along is in no list of changes.
            await ledger.ReadUsersAsync(session.Lease, session.Apple, unseen, cancellationToken);
        }

        CrashPoint.Hit("settle.mid-batch");
        await session.WriteAsync(
            async db =>
            {
                var now = clock.GetUtcNow();
                foreach (var failure in failures)
                {
                    await ExplainAsync(db, operation, failure, single: failures.Count == 1, now, cancellationToken);
                }

                var carried = db.VppUsers.Where(u => u.OperationId == operation.Id);
                var retiring = operation.Kind == OperationKind.RetireUsers;
                var unsure = operation is { Kind: OperationKind.UpdateUsers, State: OperationState.Unknown };
                if (unsure)
                {
                    // No list shows whether a change arrived; telling it twice does no harm.
                    await WantAgainAsync(carried, operation.Kind, cancellationToken);
                }

                await carried.ExecuteUpdateAsync(
                    set => set.SetProperty(u => u.OperationId, (long?)null)
                        .SetProperty(u => u.Attempts, u => u.Status == VppUserStatus.Unknown || unsure || (retiring && !u.Retired) ? (byte)(u.Attempts + 1) : (byte)0),
                    cancellationToken);
                await GiveUpAsync(db, session, now, cancellationToken);
                // A copy that is set aside for somebody whom Apple refused is missing to others, and its reader would wait for ever: following gives it up.
                await db.Books
                    .Where(b => b.LocationId == session.LocationId && db.Licenses.Any(l => l.BookId == b.Id && (l.State == LicenseState.Reserved || l.State == LicenseState.Waiting)
                        && db.VppUsers.Any(u => u.LocationId == b.LocationId && u.PersonId == l.PersonId && !u.Retired && u.Status == VppUserStatus.Unknown && u.ErrorNumber != null)))
                    .ExecuteUpdateAsync(set => set.SetProperty(b => b.FollowWanted, true).SetProperty(b => b.Version, b => b.Version + 1), cancellationToken);
            },
            cancellationToken);
    }

    private static async Task<List<string>> UnseenAsync(LocationSession session, long operationId, CancellationToken cancellationToken)
    {
        await using var db = await session.OpenAsync(cancellationToken);
        return await db.VppUsers.Where(u => u.OperationId == operationId && u.Status == VppUserStatus.Unknown).Select(u => u.ClientUserId).ToListAsync(cancellationToken);
    }

    private static async Task ExplainAsync(VppBooksDbContext db, Operation operation, EventFailure failure, bool single, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var named = failure.ClientUserIds.ToArray();
        var rows = db.VppUsers.Where(u => u.OperationId == operation.Id);
        if (named.Length > 0)
        {
            rows = rows.Where(u => named.Contains(u.ClientUserId));
        }
        else if (single)
        {
            rows = rows.Where(u => u.Status == VppUserStatus.Unknown);
        }
        else
        {
            return;
        }

        switch (failure.ErrorNumber)
        {
            case 9635:
                // Apple will not connect this account: invite by mail where there is a mail address, else say why.
                await TellRestAsync(rows.Where(u => !u.ManagedAccountRefused), operation, cancellationToken);
                await rows.ExecuteUpdateAsync(set => set.SetProperty(u => u.ManagedAccountRefused, true).SetProperty(u => u.ChangedAt, now), cancellationToken);
                await rows.Where(u => !db.People.Any(p => p.Id == u.PersonId && p.Mail != null))
                    .ExecuteUpdateAsync(set => set.SetProperty(u => u.ErrorNumber, 9635), cancellationToken);
                break;
            case AlreadyRegistered:
                // It exists: the read above shows how.
                break;
            case NotRegistered when operation.Kind != OperationKind.CreateUsers:
                await ForgetAsync(rows, operation.Kind, NotRegistered, cancellationToken);
                break;
            case AccountTaken:
                // There may be a record all the same, waiting for an invitation; why the account is not behind it has to be seen.
                await TellRestAsync(rows.Where(u => u.ErrorNumber != AccountTaken), operation, cancellationToken);
                await rows.ExecuteUpdateAsync(set => set.SetProperty(u => u.ErrorNumber, AccountTaken).SetProperty(u => u.ChangedAt, now), cancellationToken);
                break;
            default:
                await rows.Where(u => u.Status == VppUserStatus.Unknown).ExecuteUpdateAsync(
                    set => set.SetProperty(u => u.ErrorNumber, failure.ErrorNumber).SetProperty(u => u.ChangedAt, now), cancellationToken);
                break;
        }
    }

    /// <summary>A change was refused as a whole because of the account in it: an address that changed as well is still to be told, and whoever waits is invited there.</summary>
    private static Task TellRestAsync(IQueryable<VppUser> rows, Operation operation, CancellationToken cancellationToken) => WantAgainAsync(rows, operation.Kind, cancellationToken);

    /// <summary>Apple does not know a record that we meant: to change it, it is created again first; to retire it, there is nothing more to do.</summary>
    internal static Task<int> ForgetAsync(IQueryable<VppUser> rows, OperationKind kind, int errorNumber, CancellationToken cancellationToken) =>
        kind == OperationKind.RetireUsers
            ? rows.Where(u => !u.Retired).ExecuteUpdateAsync(set => set.SetProperty(u => u.ErrorNumber, errorNumber), cancellationToken)
            : rows.Where(u => !u.Retired).ExecuteUpdateAsync(set => set.SetProperty(u => u.Status, VppUserStatus.Unknown), cancellationToken);

    /// <summary>A change that did not arrive, or perhaps not, is still to be told.</summary>
    internal static async Task WantAgainAsync(IQueryable<VppUser> rows, OperationKind kind, CancellationToken cancellationToken)
    {
        if (kind == OperationKind.UpdateUsers)
        {
            await rows.ExecuteUpdateAsync(set => set.SetProperty(u => u.UpdateWanted, true), cancellationToken);
        }
    }

    // A record that never appears although Apple reported no reason would be asked for without end.
    private static Task<int> GiveUpAsync(VppBooksDbContext db, LocationSession session, DateTimeOffset now, CancellationToken cancellationToken) =>
        db.VppUsers
            .Where(u => u.LocationId == session.LocationId && u.PersonId != null && u.Status == VppUserStatus.Unknown && u.OperationId == null && u.ErrorNumber == null && u.Attempts >= 6)
            .ExecuteUpdateAsync(set => set.SetProperty(u => u.ErrorNumber, 0).SetProperty(u => u.ChangedAt, now), cancellationToken);
}
