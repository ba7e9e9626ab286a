using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Licenses;

/// <summary>Settles registrations: reads Apple's users, then explains what is still missing.</summary>
public sealed class UserSettlement(LedgerReader ledger, TimeProvider clock)
{
    private const int AlreadyRegistered = 9716;

    internal async Task SettleAsync(LocationSession session, Operation operation, IReadOnlyList<EventFailure> failures, CancellationToken cancellationToken)
    {
        await ledger.ReadUsersDeltaAsync(session.Lease, session.Apple, cancellationToken);
        if (failures.Any(f => f.ErrorNumber == AlreadyRegistered) && await UnseenAsync(session, operation.Id, cancellationToken) is { Count: > 0 } unseen)
        {
            // Who was there all along is in no list of changes.
            await ledger.ReadUsersAsync(session.Lease, session.Apple, unseen, cancellationToken);
        }

        await session.WriteAsync(
            async db =>
            {
                var now = clock.GetUtcNow();
                foreach (var failure in failures)
                {
                    await ExplainAsync(db, operation.Id, failure, single: failures.Count == 1, now, cancellationToken);
                }

                await db.VppUsers.Where(u => u.OperationId == operation.Id).ExecuteUpdateAsync(
                    set => set.SetProperty(u => u.OperationId, (long?)null).SetProperty(u => u.Attempts, u => u.Status == VppUserStatus.Unknown ? (byte)(u.Attempts + 1) : (byte)0),
                    cancellationToken);
                await GiveUpAsync(db, session, now, cancellationToken);
            },
            cancellationToken);
    }

    private static async Task<List<string>> UnseenAsync(LocationSession session, long operationId, CancellationToken cancellationToken)
    {
        await using var db = await session.OpenAsync(cancellationToken);
        return await db.VppUsers.Where(u => u.OperationId == operationId && u.Status == VppUserStatus.Unknown).Select(u => u.ClientUserId).ToListAsync(cancellationToken);
    }

    private static async Task ExplainAsync(VppBooksDbContext db, long operationId, EventFailure failure, bool single, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var named = failure.ClientUserIds.ToArray();
        var rows = db.VppUsers.Where(u => u.OperationId == operationId);
        if (named.Length > 0)
        {
            rows = rows.Where(u => EF.Parameter(named).Contains(u.ClientUserId));
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
                await rows.ExecuteUpdateAsync(set => set.SetProperty(u => u.ManagedAccountRefused, true).SetProperty(u => u.ChangedAt, now), cancellationToken);
                await rows.Where(u => !db.People.Any(p => p.Id == u.PersonId && p.Mail != null))
                    .ExecuteUpdateAsync(set => set.SetProperty(u => u.ErrorNumber, 9635), cancellationToken);
                break;
            case AlreadyRegistered:
                // It exists: the read above shows how.
                break;
            default:
                await rows.Where(u => u.Status == VppUserStatus.Unknown).ExecuteUpdateAsync(
                    set => set.SetProperty(u => u.ErrorNumber, failure.ErrorNumber).SetProperty(u => u.ChangedAt, now), cancellationToken);
                break;
        }
    }

    // A record that never appears although Apple reported no reason would be asked for without end.
    private static Task<int> GiveUpAsync(VppBooksDbContext db, LocationSession session, DateTimeOffset now, CancellationToken cancellationToken) =>
        db.VppUsers
            .Where(u => u.LocationId == session.LocationId && u.PersonId != null && u.Status == VppUserStatus.Unknown && u.OperationId == null && u.ErrorNumber == null && u.Attempts >= 6)
            .ExecuteUpdateAsync(set => set.SetProperty(u => u.ErrorNumber, 0).SetProperty(u => u.ChangedAt, now), cancellationToken);
}
