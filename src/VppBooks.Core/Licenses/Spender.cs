using System.Runtime.InteropServices;
using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Audit;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Licenses;

/// <summary>How far a round of spending came.</summary>
internal enum SpendProgress
{
    /// <summary>There was nothing to do.</summary>
    Nothing = 0,

    /// <summary>A request was made or the waiting list moved.</summary>
    Worked,

    /// <summary>Members of groups changed: who is entitled has to be found out in a new turn.</summary>
    FollowFirst,
}

/// <summary>Sends set-aside licenses to Apple, in the fewest requests, never more than there is stock.</summary>
public sealed class Spender(AppleClient apple, OperationRecorder recorder, LicenseOptions options, IdSource ids, TimeProvider clock)
{
    private const int Window = 50_000;

    internal async Task<SpendProgress> SpendAsync(LocationSession session, CancellationToken cancellationToken)
    {
        var worked = false;
        while (true)
        {
            // In every round: what was released, approved or read since the last one has to fit as well.
            worked |= await BalanceStockAsync(session, cancellationToken);
            var ready = await ReadyAsync(session, cancellationToken);
            if (ready.Count == 0)
            {
                return worked ? SpendProgress.Worked : SpendProgress.Nothing;
            }

            var config = await apple.GetServiceConfigAsync(cancellationToken);
            var left = false;
            foreach (var batch in Batches(ready, config.MaxAssets, config.MaxClientUserIds))
            {
                Operation? operation;
                var (intended, followFirst) = (clock.GetTimestamp(), false);
                try
                {
                    (operation, followFirst) = await IntendAsync(session, batch, cancellationToken);
                }
                catch (DbUpdateConcurrencyException)
                {
                    // A reservation of the batch was given up meanwhile: nothing was written or sent; choose again.
                    return SpendProgress.Worked;
                }

                if (followFirst)
                {
                    left = true;
                    continue;
                }

                if (operation is null)
                {
                    return worked ? SpendProgress.Worked : SpendProgress.Nothing;
                }

                CrashPoint.Hit("intent.after-commit");
                CrashPoint.Hit("post.before-send");
                // Paused between intention and sending (a frozen machine), this process may not be the owner any more.
                var outcome = clock.GetElapsedTime(intended) < LocationLeases.Period
                    ? await apple.AssociateAsync(session.Apple, batch.Assets, batch.ClientUserIds, cancellationToken)
                    : new ChangeOutcome.NotSent("The program was paused after writing the request down.");
                CrashPoint.Hit("post.after-accept");
                worked = true;
                if (!await recorder.RecordAsync(session, operation, outcome) || outcome is not ChangeOutcome.Accepted)
                {
                    // The next request would meet the same, or must be judged by what this one left behind.
                    return SpendProgress.Worked;
                }
            }

            if (left)
            {
                return SpendProgress.FollowFirst;
            }
        }
    }

    /// <summary>Fits reservations to the stock that Apple reports now: the excess waits, and who waits moves up when there is more.</summary>
    private Task<bool> BalanceStockAsync(LocationSession session, CancellationToken cancellationToken) =>
        session.WriteAsync(
            async db =>
            {
                var now = clock.GetUtcNow();
                var moved = await DropNeedlessAsync(db, session, now, cancellationToken) > 0;
                var aside = new[] { LicenseState.Reserved, LicenseState.Held, LicenseState.Submitting, LicenseState.Submitted, LicenseState.Unknown };
                var books = await db.Books.AsNoTracking()
                    .Where(b => b.LocationId == session.LocationId)
                    .Select(b => new
                    {
                        b.Id,
                        b.Version,
                        // A free title that Apple does not list any more is not given to anybody.
                        Unlimited = b.Unlimited && !b.NoLongerReported,
                        b.WaitingOrder,
                        b.AvailableCount,
                        Aside = db.Licenses.Count(l => l.BookId == b.Id && aside.Contains(l.State)),
                        Waiting = WaitingOrders.Serveable(db).Count(l => l.BookId == b.Id),
                    })
                    .Where(b => b.Waiting > 0 || (!b.Unlimited && b.Aside > b.AvailableCount))
                    .ToListAsync(cancellationToken);
                foreach (var book in books)
                {
                    var free = book.Unlimited ? long.MaxValue : book.AvailableCount - book.Aside;
                    if (free == 0 || (free > 0 && book.Waiting == 0))
                    {
                        continue;
                    }

                    var (from, to, cause) = free > 0
                        ? (LicenseState.Waiting, LicenseState.Reserved, LicenseCause.StockRose)
                        : (LicenseState.Reserved, LicenseState.Waiting, LicenseCause.StockShort);
                    var rows = free > 0 ? WaitingOrders.Serveable(db) : db.Licenses.Where(l => l.State == from);
                    var all = free > 0 ? WaitingOrders.Entitled(db) : rows;
                    var ordered = await WaitingOrders.Sort(db, all.Where(l => l.BookId == book.Id), book.WaitingOrder)
                        .Select(l => new { l.Id, Pending = free > 0 && PendingReleases.In(db).Any(pending => pending.Id == l.Id) })
                        .ToListAsync(cancellationToken);
                    // Whose place an undecided plan would end keeps the turn and gets nothing yet. Who would be served last is the first to wait.
                    var chosen = (free > 0 ? ordered.Take((int)Math.Min(Window, free)).Where(l => !l.Pending) : ordered.TakeLast((int)Math.Min(Window, -free))).Select(l => l.Id).ToArray();
                    if (chosen.Length == 0)
                    {
                        continue;
                    }

                    // Whoever plans with the stock of before notices by the version; whoever changed it since it was read is not overruled.
                    if (await db.Books.Where(b => b.Id == book.Id && b.Version == book.Version).ExecuteUpdateAsync(set => set.SetProperty(b => b.Version, b => b.Version + 1), cancellationToken) == 0)
                    {
                        moved = true;
                        continue;
                    }

                    await rows.Where(l => EF.Parameter(chosen).Contains(l.Id)).ExecuteUpdateAsync(
                        set => set.SetProperty(l => l.State, to).SetProperty(l => l.Cause, cause).SetProperty(l => l.ChangedAt, now), cancellationToken);
                    db.Audit(
                        Actor.System, now, to == LicenseState.Reserved ? "waiting-list.served" : "waiting-list.joined", new AuditSubject(session.LocationId, book.Id), new { people = chosen.Length });
                    moved = true;
                }

                return moved;
            },
            cancellationToken);

    /// <summary>
    /// Gives up what was set aside for people who have the title in another way: found at Apple while the outcome of ours was not known, or held by their Apple Account through
    /// a record that another device management made. Which account somebody has is known only when they are registered, and that may be after the plan.
    /// </summary>
    private static async Task<int> DropNeedlessAsync(VppBooksDbContext db, LocationSession session, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var unsent = new[] { LicenseState.Reserved, LicenseState.Waiting, LicenseState.Held };
        var foreign = await HeldByTheirAccountAsync(db, session.LocationId, unsent, cancellationToken);
        var dropped = await db.Licenses
            .Where(l => unsent.Contains(l.State) && db.Books.Any(b => b.Id == l.BookId && b.LocationId == session.LocationId)
                && (EF.Parameter(foreign).Contains(l.Id) || db.Licenses.Any(o => o.PersonId == l.PersonId && o.AdamId == l.AdamId && o.State == LicenseState.Assigned)))
            .ExecuteUpdateAsync(
                set => set.SetProperty(l => l.State, LicenseState.Canceled).SetProperty(l => l.Cause, LicenseCause.SeenAtApple).SetProperty(l => l.ChangedAt, now), cancellationToken);
        if (dropped > 0)
        {
            db.Audit(Actor.System, now, "licenses.needless", new AuditSubject(session.LocationId), new { people = dropped });
        }

        return dropped;
    }

    private static async Task<long[]> HeldByTheirAccountAsync(VppBooksDbContext db, int locationId, LicenseState[] unsent, CancellationToken cancellationToken)
    {
        var titles = await db.Books
            .Where(b => b.LocationId == locationId && db.ForeignHoldings.Any(h => h.BookId == b.Id)
                && db.Books.Any(w => w.LocationId == locationId && w.AdamId == b.AdamId && db.Licenses.Any(l => l.BookId == w.Id && unsent.Contains(l.State))))
            .Select(b => b.AdamId).Distinct().ToListAsync(cancellationToken);
        var held = new List<long>();
        foreach (var title in titles)
        {
            var books = await db.Books.Where(b => b.LocationId == locationId && b.AdamId == title).Select(b => b.Id).ToListAsync(cancellationToken);
            var accounts = await PlanFacts.ForeignAccountsAsync(db, books, locationId, cancellationToken);
            var wanting = await (
                    from license in db.Licenses
                    where books.Contains(license.BookId) && unsent.Contains(license.State)
                    join user in db.VppUsers on license.PersonId equals user.PersonId
                    where user.LocationId == locationId && !user.Retired && user.IdHash != null
                    select new { license.Id, Account = user.IdHash! })
                .ToListAsync(cancellationToken);
            held.AddRange(wanting.Where(w => accounts.Contains(w.Account)).Select(w => w.Id));
        }

        return [.. held];
    }

    private async Task<List<ReadyLicense>> ReadyAsync(LocationSession session, CancellationToken cancellationToken)
    {
        await using var db = await session.OpenAsync(cancellationToken);
        var early = options.AssignBeforeAcceptance;
        return await (
            from license in db.Licenses
            join book in db.Books on license.BookId equals book.Id
            join user in db.VppUsers on license.PersonId equals user.PersonId
            join person in db.People on license.PersonId equals person.Id
            where license.State == LicenseState.Reserved
                && book.LocationId == session.LocationId && user.LocationId == session.LocationId
                && !user.Retired && user.OperationId == null
                && (user.Status == VppUserStatus.Associated || (user.Status == VppUserStatus.Registered && !user.AcceptanceRequired && (book.Unlimited || early)))
                && person.AccountEnabled && !person.Guest && person.GoneSince == null
                && !PausedWishes.In(db).Any(paused => paused.Id == license.Id)
                && !db.Licenses.Any(o => o.PersonId == license.PersonId && o.AdamId == license.AdamId && o.State == LicenseState.Assigned)
            orderby license.Id
            select new ReadyLicense(license.Id, book.Id, book.AdamId, book.PricingParam, user.ClientUserId))
            .Take(Window)
            .ToListAsync(cancellationToken);
    }

    /// <summary>
    /// People with exactly the same missing books share requests (reference 2.9: tasks are assets × people), so each request is as large as the limits allow
    /// and contains nothing that was not set aside.
    /// </summary>
    internal static IEnumerable<Batch> Batches(IReadOnlyList<ReadyLicense> ready, int maxAssets, int maxClientUserIds)
    {
        var sets = ready
            .GroupBy(r => r.ClientUserId)
            .SelectMany(person => person.OrderBy(r => r.BookId).Chunk(maxAssets))
            .GroupBy(books => string.Join(',', books.Select(b => b.BookId)));
        foreach (var set in sets)
        {
            foreach (var people in set.Chunk(maxClientUserIds))
            {
                yield return new Batch(
                    [.. people[0].Select(b => new AssetKey(b.AdamId.ToString(System.Globalization.CultureInfo.InvariantCulture), b.PricingParam))],
                    [.. people.Select(p => p[0].ClientUserId)],
                    [.. people.SelectMany(p => p).Select(l => l.LicenseId)],
                    [.. people[0].Select(b => b.BookId)]);
            }
        }
    }

    /// <returns>No operation when spending is held back by now, or when members of a group of these books have changed: who is entitled is found out first.</returns>
    private async Task<(Operation? Operation, bool FollowFirst)> IntendAsync(LocationSession session, Batch batch, CancellationToken cancellationToken) =>
        await session.WriteAsync<(Operation?, bool)>(
            async db =>
            {
                if (await SpendingHold.By(db, session.LocationId).AnyAsync(cancellationToken))
                {
                    return (null, false);
                }

                // Changes nothing but locks the rows: members that change from now on are those of the time after this request.
                if (await db.Books.Where(b => EF.Parameter(batch.BookIds).Contains(b.Id) && !b.FollowWanted).ExecuteUpdateAsync(set => set.SetProperty(b => b.FollowWanted, false), cancellationToken)
                    < batch.BookIds.Length)
                {
                    return (null, true);
                }

                var now = clock.GetUtcNow();
                var operation = await Operations.AddAsync(db, session, OperationKind.Associate, batch.LicenseIds.Length, ids.NewId(), now, cancellationToken);
                var (licenses, books) = (batch.LicenseIds, batch.BookIds);
                // The books as well: a row that was given up and committed again may be meant for another quality or location now.
                var rows = await db.Licenses
                    .Where(l => EF.Parameter(licenses).Contains(l.Id) && l.State == LicenseState.Reserved && EF.Parameter(books).Contains(l.BookId)
                        && db.People.Any(p => p.Id == l.PersonId && p.AccountEnabled && !p.Guest && p.GoneSince == null)
                        && !PausedWishes.In(db).Any(paused => paused.Id == l.Id)
                        && !db.Licenses.Any(o => o.PersonId == l.PersonId && o.AdamId == l.AdamId && o.State == LicenseState.Assigned))
                    .ExecuteUpdateAsync(
                        set => set.SetProperty(l => l.State, LicenseState.Submitting).SetProperty(l => l.Cause, LicenseCause.Intended).SetProperty(l => l.OperationId, operation.Id).SetProperty(l => l.ChangedAt, now),
                        cancellationToken);
                if (rows != licenses.Length)
                {
                    throw new DbUpdateConcurrencyException("A reservation of the batch has changed.");
                }

                CrashPoint.Hit("intent.before-commit");
                return (operation, false);
            },
            cancellationToken);

    /// <summary>A license that can be sent now.</summary>
    [StructLayout(LayoutKind.Auto)]
    internal readonly record struct ReadyLicense(long LicenseId, int BookId, long AdamId, PricingParam PricingParam, string ClientUserId);

    /// <summary>One request.</summary>
    internal sealed record Batch(AssetKey[] Assets, string[] ClientUserIds, long[] LicenseIds, int[] BookIds);
}
