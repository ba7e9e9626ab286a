using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Apple;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Licenses;

/// <summary>
/// Finds out what became of requests: asks for the event's status, then reads the assignments themselves, because a status is a claim and only a
/// read is proof. An unknown outcome is left by reading alone, never by sending again.
/// </summary>
public sealed class OperationSettler(
    AppleClient apple, LedgerReader ledger, BookCounts counts, UserSettlement users, LicenseOptions options, TimeProvider clock, ILogger<OperationSettler> logger)
{
    /// <summary>Shortest time between two polls of one event (reference 4.3).</summary>
    public static readonly TimeSpan BetweenPolls = TimeSpan.FromSeconds(30);

    // What this process has seen of unknown outcomes itself: the stored moments are wall time, and a wall clock may jump over every wait.
    private readonly ConcurrentDictionary<long, Watched> _watched = new();

    // Status polls take a fifth of the location's requests at most; the rest is for work.
    private const double PollShare = 0.2;

    private static readonly TimeSpan PendingRead = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan PendingLimit = TimeSpan.FromHours(24);

    private readonly ConcurrentDictionary<int, DateTimeOffset> _lastPolls = new();

    /// <summary>Intentions without a recorded answer may have been sent: their outcome is unknown, whoever made them.</summary>
    internal async Task AdoptAsync(LocationSession session, CancellationToken cancellationToken)
    {
        var adopted = await session.WriteAsync(
            async db =>
            {
                var now = clock.GetUtcNow();
                var open = await db.Operations.Where(o => o.LocationId == session.LocationId && o.State == OperationState.Intended).ToListAsync(cancellationToken);
                foreach (var operation in open)
                {
                    operation.State = OperationState.Unknown;
                    operation.Detail = "The program ended before the answer was recorded.";
                    operation.NextCheckAt = now;
                    await OperationRecorder.MoveAsync(db, operation.Id, LicenseState.Submitting, LicenseState.Unknown, LicenseCause.OwnerLost, now, cancellationToken);
                    db.Audit(Actor.System, now, "operation.adopted", OperationRecorder.About(session, operation), new { operation.FenceToken, newFenceToken = session.Lease.FenceToken });
                }

                return open.Count;
            },
            cancellationToken);
        if (adopted > 0)
        {
            logger.OperationsAdopted(adopted, session.LocationId);
        }
    }

    /// <returns>True when something was settled.</returns>
    internal async Task<bool> SettleDueAsync(LocationSession session, CancellationToken cancellationToken)
    {
        await EndConfirmedAsync(session, cancellationToken);
        var now = clock.GetUtcNow();
        List<Operation> due;
        await using (var db = await session.OpenAsync(cancellationToken))
        {
            due = await db.Operations.AsNoTracking()
                .Where(o => o.LocationId == session.LocationId && o.NextCheckAt != null && o.NextCheckAt <= now)
                .OrderBy(o => o.Id)
                .ToListAsync(cancellationToken);
        }

        var worked = false;
        var slots = await PollSlotsAsync(session, due, cancellationToken);
        foreach (var operation in due)
        {
            try
            {
                if (operation.State == OperationState.Submitted && !await MayPollAsync(session, operation, slots, cancellationToken))
                {
                    continue;
                }

                worked |= (operation.State, operation.Kind) switch
                {
                    (OperationState.Submitted, _) => await PollAsync(session, operation, cancellationToken),
                    (OperationState.Unknown, OperationKind.Associate) => await LookUpAsync(session, operation, cancellationToken),
                    (OperationState.Unknown, _) => await SettleUsersAsync(session, operation, [], cancellationToken),
                    _ => false,
                };
            }
            catch (AppleException e)
            {
                // One answer that cannot be read must neither be asked for without end nor stand in the way of the other operations.
                logger.LookUpFailed(operation.Id, session.LocationId, e.GetType().Name);
                await PostponeAsync(session, operation.Id, o => (o.Polls, o.NextCheckAt) = (o.Polls + 1, clock.GetUtcNow() + Backoff(o.Polls)), cancellationToken);
                if (e is ClaimLostException or AppleUnavailableException || (e as AppleRefusedException)?.Refusal.Error.Category is ErrorCategory.Token or ErrorCategory.Permission or ErrorCategory.Later)
                {
                    throw;
                }
            }
        }

        return worked;
    }

    private async Task<PollSlots> PollSlotsAsync(LocationSession session, List<Operation> due, CancellationToken cancellationToken)
    {
        var perSecond = due.Exists(o => o.State == OperationState.Submitted) ? (await apple.GetServiceConfigAsync(cancellationToken)).MaxRequestsPerSecond : 1;
        var apart = TimeSpan.FromSeconds(1 / (PollShare * perSecond));
        return new PollSlots(apart, _lastPolls.TryGetValue(session.LocationId, out var last) && last <= clock.GetUtcNow() ? last + apart : default);
    }

    /// <summary>Takes the next slot when it has come; otherwise puts the operation off to a slot of its own.</summary>
    private async Task<bool> MayPollAsync(LocationSession session, Operation operation, PollSlots slots, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        // A time in the future comes from a clock that was wrong; nobody waits for it.
        var again = operation.PolledAt is { } polled && polled <= now ? polled + BetweenPolls : now;
        if (again > now || slots.Next > now)
        {
            var at = again > slots.Next ? again : slots.Next;
            slots.Next = again > now ? slots.Next : slots.Next + slots.Apart;
            await PostponeAsync(session, operation.Id, o => o.NextCheckAt = at, cancellationToken);
            return false;
        }

        // Written before it is asked, so that a crash does not make two polls of one.
        await PostponeAsync(session, operation.Id, o => o.PolledAt = now, cancellationToken);
        _lastPolls[session.LocationId] = now;
        slots.Next = now + slots.Apart;
        return true;
    }

    /// <summary>Operations whose licenses were all found by a sync need not be asked for.</summary>
    private Task EndConfirmedAsync(LocationSession session, CancellationToken cancellationToken) =>
        session.WriteAsync(
            async db =>
            {
                var now = clock.GetUtcNow();
                var done = await db.Operations
                    .Where(o => o.LocationId == session.LocationId && o.Kind == OperationKind.Associate && o.NextCheckAt != null
                        && o.State != OperationState.Intended
                        && !db.Licenses.Any(l => l.OperationId == o.Id && l.State != LicenseState.Assigned))
                    .ToListAsync(cancellationToken);
                foreach (var operation in done)
                {
                    End(db, session, operation, OperationState.Done, operation.Tasks, now);
                }
            },
            cancellationToken);

    private async Task<bool> PollAsync(LocationSession session, Operation operation, CancellationToken cancellationToken)
    {
        EventStatus status;
        try
        {
            status = await apple.GetEventStatusAsync(session.Apple, operation.EventId!, cancellationToken);
        }
        catch (AppleRefusedException e) when (e.Refusal.Error.Number == 9708)
        {
            // Apple forgot the event; that says nothing about its outcome.
            await LoseSightAsync(session, operation.Id, "Apple does not know the event any more.", cancellationToken);
            return true;
        }

        var now = clock.GetUtcNow();
        if (status.State is EventState.Pending or EventState.Unknown)
        {
            var age = now - operation.CreatedAt;
            if (age >= PendingRead && operation.Kind == OperationKind.Associate)
            {
                await ledger.ReadAssignmentsDeltaAsync(session.Lease, session.Apple, cancellationToken);
            }

            if (age > PendingLimit)
            {
                await LoseSightAsync(session, operation.Id, "Apple still had not finished after a day.", cancellationToken);
                return true;
            }

            await PostponeAsync(
                session,
                operation.Id,
                o =>
                {
                    o.Polls++;
                    o.TasksDone = status.NumCompleted;
                    o.NextCheckAt = now + (age < PendingRead ? BetweenPolls : age < TimeSpan.FromHours(1) ? TimeSpan.FromMinutes(5) : TimeSpan.FromMinutes(30));
                },
                cancellationToken);
            return false;
        }

        return operation.Kind == OperationKind.Associate
            ? await SettleLicensesAsync(session, operation, status, cancellationToken)
            : await SettleUsersAsync(session, operation, status.Failures, cancellationToken);
    }

    private async Task<bool> SettleLicensesAsync(LocationSession session, Operation operation, EventStatus status, CancellationToken cancellationToken)
    {
        var reading = await ledger.ReadAssignmentsDeltaAsync(session.Lease, session.Apple, cancellationToken);
        var open = await OpenLicensesAsync(session, operation.Id, cancellationToken);
        // "Has it already" is no failure but a hint, and a failure that names nobody may be of somebody else: only a complete read tells who has the license.
        var unexplained = status.State == EventState.Failed && open.Any(l => !IsFailure(Find(status.Failures, l)));
        if (unexplained || (open.Count > 0 && !reading.Clean))
        {
            // A delta can show what is there, never prove what is not.
            await ledger.ReadBooksAsync(session.Lease, session.Apple, [.. open.Select(l => l.BookId).Distinct()], cancellationToken);
            open = await OpenLicensesAsync(session, operation.Id, cancellationToken);
        }

        if (status.State == EventState.Failed && status.Failures.Any(f => f.ErrorNumber == 9709))
        {
            await RefreshCountsAsync(session, [.. open.Select(l => l.BookId).Distinct()], cancellationToken);
        }

        CrashPoint.Hit("settle.mid-batch");
        await session.WriteAsync(
            async db =>
            {
                var now = clock.GetUtcNow();
                var tracked = await db.Operations.SingleAsync(o => o.Id == operation.Id, cancellationToken);
                tracked.Polls++;
                var failed = status.State == EventState.Failed ? [.. open.Where(l => IsFailure(Explain(status.Failures, l)))] : new List<OpenLicense>();
                if (status.State == EventState.Failed)
                {
                    await FailAsync(db, session.LocationId, operation.Id, failed, status.Failures, now, cancellationToken);
                    tracked.ErrorNumber = status.Failures.Count > 0 ? status.Failures[0].ErrorNumber : null;
                }

                if (failed.Count < open.Count)
                {
                    // Neither seen nor refused: a status is a claim, and only complete reads can tell.
                    tracked.State = OperationState.Unknown;
                    var missing = open.Count - failed.Count;
                    tracked.Detail = status.State == EventState.Complete
                        ? $"Completed, not confirmed: Apple reports that all is done, but {missing} licenses are not visible. They are looked for, not sent again."
                        : $"Apple reported an end, but {missing} licenses are neither visible nor refused. They are looked for, not sent again.";
                    db.Audit(Actor.System, now, "operation.not-confirmed", OperationRecorder.About(session, operation), new { missing });
                    tracked.TasksDone = operation.Tasks - open.Count;
                    tracked.NextCheckAt = now + options.UnknownReadsApart;
                    await OperationRecorder.MoveAsync(db, operation.Id, LicenseState.Submitted, LicenseState.Unknown, LicenseCause.EventUnclear, now, cancellationToken);
                    return;
                }

                var state = status.State == EventState.Failed && open.Count > 0 ? OperationState.Failed : OperationState.Done;
                End(db, session, tracked, state, operation.Tasks - open.Count, now);
            },
            cancellationToken);
        logger.OperationSettled(operation.Id, session.LocationId, open.Count == 0 ? OperationState.Done : OperationState.Failed, operation.Tasks - open.Count, operation.Tasks);
        return true;
    }

    private static async Task FailAsync(
        VppBooksDbContext db, int locationId, long operationId, List<OpenLicense> open, IReadOnlyList<EventFailure> failures, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var groups = open.GroupBy(l => Explain(failures, l)?.ErrorNumber ?? 0);
        foreach (var group in groups)
        {
            var members = group.Select(l => l.LicenseId).ToArray();
            var rows = db.Licenses.Where(l => EF.Parameter(members).Contains(l.Id) && l.State != LicenseState.Assigned);
            var category = group.Key == 0 ? ErrorCategory.Unknown : AppleErrors.For(group.Key).Category;
            if (category == ErrorCategory.NotEnoughLicenses)
            {
                await rows.ExecuteUpdateAsync(set => set.SetProperty(l => l.State, LicenseState.Waiting).SetProperty(l => l.Cause, LicenseCause.EventFailed).SetProperty(l => l.ChangedAt, now), cancellationToken);
                foreach (var book in group.GroupBy(l => l.BookId))
                {
                    db.Audit(Actor.System, now, "waiting-list.joined", new AuditSubject(locationId, book.Key), new { people = book.Count() });
                }

                continue;
            }

            if (category is ErrorCategory.NotRegistered or ErrorCategory.Later)
            {
                // Worth another try, with the person registered again or after a while; not for ever.
                if (category == ErrorCategory.NotRegistered)
                {
                    await OperationRecorder.ForgetRegistrationsAsync(db, operationId, [.. group.Select(l => l.ClientUserId).Distinct()], refusals: 1, cancellationToken);
                }

                await rows.Where(l => l.Attempts + 1 < OperationRecorder.MaxAttempts).ExecuteUpdateAsync(
                    set => set.SetProperty(l => l.State, LicenseState.Reserved).SetProperty(l => l.Cause, LicenseCause.EventFailed).SetProperty(l => l.Attempts, l => (byte)(l.Attempts + 1)).SetProperty(l => l.ChangedAt, now), cancellationToken);
                rows = rows.Where(l => l.State != LicenseState.Reserved);
            }

            await rows.ExecuteUpdateAsync(
                set => set.SetProperty(l => l.State, LicenseState.Failed).SetProperty(l => l.Cause, LicenseCause.EventFailed).SetProperty(l => l.ErrorNumber, group.Key).SetProperty(l => l.ChangedAt, now), cancellationToken);
        }
    }

    /// <summary>
    /// The only way out of an unknown outcome: complete reads. Present settles it. Absent counts when two reads far enough apart agree, long enough after
    /// the attempt, and Apple's own count leaves no license unexplained.
    /// </summary>
    private async Task<bool> LookUpAsync(LocationSession session, Operation operation, CancellationToken cancellationToken)
    {
        var watched = _watched.GetOrAdd(operation.Id, _ => new Watched(clock.GetTimestamp(), null));
        var open = await OpenLicensesAsync(session, operation.Id, cancellationToken);
        int[] books = [.. open.Select(l => l.BookId).Distinct()];
        var reading = books.Length == 0 ? new LedgerReading(true, 0, 0) : await ledger.ReadBooksAsync(session.Lease, session.Apple, books, cancellationToken);
        var explained = books.Length == 0 || await RefreshCountsAsync(session, books, cancellationToken);
        open = await OpenLicensesAsync(session, operation.Id, cancellationToken);
        var readAt = clock.GetUtcNow();
        var believed = operation.CreatedAt + options.UnknownAfter;
        var secondRead = operation.FirstAbsentAt is { } first && readAt - first >= options.UnknownReadsApart
            && watched.AbsentAt is { } absent && clock.GetElapsedTime(absent) >= options.UnknownReadsApart;
        var early = options.UnknownAfter - clock.GetElapsedTime(watched.SeenAt);

        (OperationState State, int Done) ended = default;
        var settled = await session.WriteAsync(
            async db =>
            {
                var tracked = await db.Operations.SingleAsync(o => o.Id == operation.Id, cancellationToken);
                tracked.Polls++;
                if (open.Count == 0)
                {
                    End(db, session, tracked, OperationState.Done, operation.Tasks, readAt);
                    ended = (OperationState.Done, operation.Tasks);
                    return true;
                }

                if (!reading.Clean || !explained)
                {
                    tracked.FirstAbsentAt = null;
                    _watched[operation.Id] = watched with { AbsentAt = null };
                    tracked.Detail = "Apple counts licenses that it does not list, or the list kept moving. It is read again later.";
                    tracked.NextCheckAt = readAt + (Backoff(tracked.Polls) > options.UnknownReadsApart ? Backoff(tracked.Polls) : options.UnknownReadsApart);
                    return false;
                }

                if (!secondRead || readAt < believed || early > TimeSpan.Zero)
                {
                    tracked.FirstAbsentAt ??= readAt;
                    _watched[operation.Id] = watched with { AbsentAt = watched.AbsentAt ?? clock.GetTimestamp() };
                    var again = readAt + (early > options.UnknownReadsApart ? early : options.UnknownReadsApart);
                    tracked.NextCheckAt = again > believed ? again : believed;
                    return false;
                }

                var carried = db.Licenses.Where(l => l.OperationId == operation.Id && l.State == LicenseState.Unknown);
                await carried.Where(l => l.Attempts + 1 >= OperationRecorder.MaxAttempts).ExecuteUpdateAsync(
                    set => set.SetProperty(l => l.State, LicenseState.Failed).SetProperty(l => l.Cause, LicenseCause.AbsentTwice).SetProperty(l => l.ErrorNumber, 0).SetProperty(l => l.ChangedAt, readAt), cancellationToken);
                await carried.ExecuteUpdateAsync(
                    set => set.SetProperty(l => l.State, LicenseState.Reserved).SetProperty(l => l.Cause, LicenseCause.AbsentTwice).SetProperty(l => l.Attempts, l => (byte)(l.Attempts + 1)).SetProperty(l => l.ChangedAt, readAt), cancellationToken);
                db.Audit(Actor.System, readAt, "operation.not-found", OperationRecorder.About(session, operation), new { missing = open.Count });
                tracked.Detail = "Not applied: two complete reads do not show it. What is missing will be sent again.";
                End(db, session, tracked, OperationState.Failed, operation.Tasks - open.Count, readAt);
                ended = (OperationState.Failed, operation.Tasks - open.Count);
                return true;
            },
            cancellationToken);
        if (settled)
        {
            _watched.TryRemove(operation.Id, out _);
            logger.OperationSettled(operation.Id, session.LocationId, ended.State, ended.Done, operation.Tasks);
        }

        return settled;
    }

    /// <summary>Re-reads Apple's counts of some books.</summary>
    /// <returns>True when every license that Apple counts is a row of ours or of others.</returns>
    private async Task<bool> RefreshCountsAsync(LocationSession session, IReadOnlyCollection<int> bookIds, CancellationToken cancellationToken)
    {
        var explained = true;
        foreach (var bookId in bookIds)
        {
            explained &= await counts.RefreshAsync(session.Lease, session.Apple, bookId, cancellationToken) == CountReading.Explained;
        }

        return explained;
    }

    private async Task<bool> SettleUsersAsync(LocationSession session, Operation operation, IReadOnlyList<EventFailure> failures, CancellationToken cancellationToken)
    {
        await users.SettleAsync(session, operation, failures, cancellationToken);
        await session.WriteAsync(
            async db =>
            {
                var tracked = await db.Operations.SingleAsync(o => o.Id == operation.Id, cancellationToken);
                tracked.ErrorNumber = failures.Count > 0 ? failures[0].ErrorNumber : null;
                End(db, session, tracked, failures.Count > 0 ? OperationState.Failed : OperationState.Done, Math.Max(0, operation.Tasks - failures.Sum(f => f.ClientUserIds.Count)), clock.GetUtcNow());
            },
            cancellationToken);
        return true;
    }

    /// <summary>The event cannot be asked for any more: operation and licenses are unknown together, and are looked for.</summary>
    private Task LoseSightAsync(LocationSession session, long operationId, string why, CancellationToken cancellationToken) =>
        session.WriteAsync(
            async db =>
            {
                var now = clock.GetUtcNow();
                var operation = await db.Operations.SingleAsync(o => o.Id == operationId, cancellationToken);
                (operation.State, operation.Detail, operation.NextCheckAt) = (OperationState.Unknown, why, now);
                await OperationRecorder.MoveAsync(db, operationId, LicenseState.Submitted, LicenseState.Unknown, LicenseCause.EventUnclear, now, cancellationToken);
                db.Audit(Actor.System, now, "operation.unknown", OperationRecorder.About(session, operation), new { why });
            },
            cancellationToken);

    private static TimeSpan Backoff(int polls) => TimeSpan.FromSeconds(Math.Min(3600, 30 * Math.Pow(2, Math.Min(polls, 7))));

    private static Task PostponeAsync(LocationSession session, long operationId, Action<Operation> change, CancellationToken cancellationToken) =>
        session.WriteAsync(async db => change(await db.Operations.SingleAsync(o => o.Id == operationId, cancellationToken)), cancellationToken);

    private static void End(VppBooksDbContext db, LocationSession session, Operation operation, OperationState state, int done, DateTimeOffset now)
    {
        operation.State = state;
        operation.TasksDone = done;
        operation.NextCheckAt = null;
        operation.SettledAt = now;
        db.Audit(Actor.System, now, "operation.settled", OperationRecorder.About(session, operation), new { state = state.ToString(), done, operation.Tasks, operation.ErrorNumber });
    }

    private static async Task<List<OpenLicense>> OpenLicensesAsync(LocationSession session, long operationId, CancellationToken cancellationToken)
    {
        await using var db = await session.OpenAsync(cancellationToken);
        return await (
            from license in db.Licenses
            join book in db.Books on license.BookId equals book.Id
            // Those that already ended for a reason of their own, or were set aside anew, are not open any more.
            where license.OperationId == operationId
                && (license.State == LicenseState.Submitting || license.State == LicenseState.Submitted || license.State == LicenseState.Unknown)
            select new OpenLicense(
                license.Id,
                book.Id,
                book.AdamId,
                book.PricingParam,
                db.VppUsers.Where(u => u.LocationId == session.LocationId && u.PersonId == license.PersonId).OrderBy(u => u.Retired).Select(u => u.ClientUserId).FirstOrDefault() ?? ""))
            .ToListAsync(cancellationToken);
    }

    /// <summary>The failure that names the license, or the only one when it names nobody at all.</summary>
    private static EventFailure? Explain(IReadOnlyList<EventFailure> failures, OpenLicense license) =>
        Find(failures, license) ?? (failures is [{ ClientUserIds.Count: 0, Assets.Count: 0 } only] ? only : null);

    private static bool IsFailure(EventFailure? failure) => failure is not null && AppleErrors.For(failure.ErrorNumber).Category != ErrorCategory.AlreadyDone;

    /// <summary>The failure that names the license: by person, by asset, or by both (reference 4.2).</summary>
    private static EventFailure? Find(IReadOnlyList<EventFailure> failures, OpenLicense license) =>
        failures.FirstOrDefault(f =>
            (f.ClientUserIds.Count > 0 || f.Assets.Count > 0)
            && (f.ClientUserIds.Count == 0 || f.ClientUserIds.Contains(license.ClientUserId))
            && (f.Assets.Count == 0 || f.Assets.Any(a => a.PricingParam == license.PricingParam && a.AdamId == license.AdamId.ToString(System.Globalization.CultureInfo.InvariantCulture))));

    /// <summary>When this process first looked for an outcome, and when it first found it absent: timestamps of the steady clock.</summary>
    private sealed record Watched(long SeenAt, long? AbsentAt);

    /// <summary>When a location's next status poll may leave.</summary>
    private sealed class PollSlots(TimeSpan apart, DateTimeOffset next)
    {
        public TimeSpan Apart => apart;

        public DateTimeOffset Next { get; set; } = next;
    }

    private sealed record OpenLicense(long LicenseId, int BookId, long AdamId, PricingParam PricingParam, string ClientUserId);
}
