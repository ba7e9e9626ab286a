using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Apple;
using VppBooks.Core.Audit;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Licenses;

/// <summary>Writes down what became of a request that was sent, whatever happens to the caller.</summary>
public sealed class OperationRecorder(LocationHealth health, AppleClient apple, TimeProvider clock, ILogger<OperationRecorder> logger)
{
    /// <summary>Refusals of the same license before it is given up: more would only repeat the refusal.</summary>
    internal const int MaxAttempts = 3;

    /// <returns>False when nothing more may be sent: the location is claimed by somebody else.</returns>
    internal async Task<bool> RecordAsync(LocationSession session, Operation operation, ChangeOutcome outcome)
    {
        var goOn = true;
        // From here the answer of Apple exists: a caller who leaves must not make us forget it.
        var keep = CancellationToken.None;
        CrashPoint.Hit("event.before-commit");
        switch (outcome)
        {
            case ChangeOutcome.Accepted accepted:
                await AcceptedAsync(session, operation, accepted, keep);
                logger.OperationAccepted(operation.Id, session.LocationId, operation.Kind, operation.Tasks, accepted.EventId);
                goOn = await health.CheckAsync(session.Apple, session.LocationId, accepted.Envelope, keep);
                break;
            case ChangeOutcome.Refused { Refusal: var refusal }:
                await RefusedAsync(session, operation, refusal, keep);
                logger.OperationRefused(operation.Id, session.LocationId, operation.Kind, refusal.Error.Number);
                await health.RecordAsync(session.LocationId, refusal, keep);
                break;
            case ChangeOutcome.NotSent notSent:
                await NotSentAsync(session, operation, notSent.Reason, keep);
                logger.OperationNotSent(operation.Id, session.LocationId, notSent.Reason);
                break;
            case ChangeOutcome.Unknown unknown:
                await UnknownAsync(session, operation, unknown, keep);
                logger.OperationUnknown(operation.Id, session.LocationId, operation.Kind, unknown.Reason);
                if (unknown.Refusal is { } closed)
                {
                    await health.RecordAsync(session.LocationId, closed, keep);
                }

                break;
        }

        if (outcome is not ChangeOutcome.Accepted)
        {
            goOn = await health.CheckAsync(session.Apple, session.LocationId, outcome, keep);
        }

        if (apple.PausedUntil(session.Apple.Key) is { } until)
        {
            await health.PauseAsync(session.LocationId, until, keep);
        }

        CrashPoint.Hit("event.after-commit");
        return goOn;
    }

    private Task AcceptedAsync(LocationSession session, Operation sent, ChangeOutcome.Accepted accepted, CancellationToken keep) =>
        session.WriteAsync(
            async db =>
            {
                var now = clock.GetUtcNow();
                var operation = await db.Operations.SingleAsync(o => o.Id == sent.Id, keep);
                operation.State = OperationState.Submitted;
                operation.EventId = accepted.EventId;
                operation.NextCheckAt = now + FirstPoll(operation.Tasks);
                await MoveAsync(db, sent.Id, LicenseState.Submitting, LicenseState.Submitted, LicenseCause.Accepted, now, keep);
                db.Audit(Actor.System, now, "operation.accepted", About(session, sent), new { accepted.EventId, operation.Tasks });
            },
            keep);

    private Task RefusedAsync(LocationSession session, Operation sent, AppleRefusal refusal, CancellationToken keep)
    {
        if (refusal.Error.Category == ErrorCategory.Size)
        {
            apple.ForgetServiceConfig();
        }

        return session.WriteAsync(
            async db =>
            {
                var now = clock.GetUtcNow();
                var operation = await db.Operations.SingleAsync(o => o.Id == sent.Id, keep);
                // Asked to come back later is not a failure: the same licenses are sent again.
                operation.State = refusal.Error.Category == ErrorCategory.Later ? OperationState.NotSent : OperationState.Failed;
                operation.ErrorNumber = refusal.Error.Number;
                operation.Detail = refusal.Error.Meaning;
                operation.SettledAt = now;
                if (sent.Kind == OperationKind.Associate)
                {
                    if (refusal.Error.Category == ErrorCategory.AlreadyDone)
                    {
                        // Somebody has it already; only a read tells who.
                        (operation.State, operation.NextCheckAt, operation.SettledAt) = (OperationState.Unknown, now, null);
                    }

                    await LicensesRefusedAsync(db, sent.Id, refusal, now, keep);
                }
                else
                {
                    await UsersRefusedAsync(db, sent, refusal, now, keep);
                }

                db.Audit(Actor.System, now, "operation.refused", About(session, sent), new { refusal.Error.Number, refusal.HttpStatus, operation.Tasks });
            },
            keep);
    }

    private static async Task LicensesRefusedAsync(VppBooksDbContext db, long operationId, AppleRefusal refusal, DateTimeOffset now, CancellationToken keep)
    {
        var carried = db.Licenses.Where(l => l.OperationId == operationId && l.State == LicenseState.Submitting);
        switch (refusal.Error.Category)
        {
            // Nothing was applied and nothing is wrong with the licenses: they wait where they were.
            case ErrorCategory.Later or ErrorCategory.Token or ErrorCategory.Permission:
                await MoveAsync(db, operationId, LicenseState.Submitting, LicenseState.Reserved, LicenseCause.Refused, now, keep);
                return;
            case ErrorCategory.NotEnoughLicenses:
                // Our count is wrong. Nobody is served from it again before a sync has read the true one.
                var books = carried.Select(l => l.BookId);
                await db.Books.Where(b => books.Contains(b.Id)).ExecuteUpdateAsync(
                    set => set.SetProperty(b => b.AvailableCount, 0).SetProperty(b => b.Version, b => b.Version + 1), keep);
                await db.Locations.Where(l => db.Operations.Any(o => o.Id == operationId && o.LocationId == l.Id) && l.SyncWanted == null)
                    .ExecuteUpdateAsync(set => set.SetProperty(l => l.SyncWanted, SyncReason.Notification), keep);
                await MoveAsync(db, operationId, LicenseState.Submitting, LicenseState.Waiting, LicenseCause.Refused, now, keep);
                return;
            case ErrorCategory.AlreadyDone:
                await MoveAsync(db, operationId, LicenseState.Submitting, LicenseState.Unknown, LicenseCause.Refused, now, keep);
                return;
            case ErrorCategory.Size or ErrorCategory.NotRegistered:
                await carried.Where(l => l.Attempts + 1 >= MaxAttempts).ExecuteUpdateAsync(
                    set => set.SetProperty(l => l.State, LicenseState.Failed).SetProperty(l => l.Cause, LicenseCause.Refused).SetProperty(l => l.ErrorNumber, refusal.Error.Number).SetProperty(l => l.ChangedAt, now), keep);
                await carried.ExecuteUpdateAsync(
                    set => set.SetProperty(l => l.State, LicenseState.Reserved).SetProperty(l => l.Cause, LicenseCause.Refused).SetProperty(l => l.Attempts, l => (byte)(l.Attempts + 1)).SetProperty(l => l.ChangedAt, now), keep);
                break;
            default:
                await RefusedPeopleAsync(db, carried, refusal, now, keep);
                return;
        }

        if (refusal.Error.Category == ErrorCategory.NotRegistered)
        {
            await ForgetRegistrationsAsync(db, operationId, refusal.Info?.ClientUserIds ?? [], refusals: 2, keep);
        }
    }

    /// <summary>Where Apple names who is meant, only they fail; the others are sent again without them, not for ever.</summary>
    private static async Task RefusedPeopleAsync(VppBooksDbContext db, IQueryable<License> carried, AppleRefusal refusal, DateTimeOffset now, CancellationToken keep)
    {
        var named = (refusal.Info?.ClientUserIds ?? []).ToArray();
        if (named.Length > 0)
        {
            await carried
                .Where(l => l.Attempts + 1 < MaxAttempts && !db.VppUsers.Any(u => u.PersonId == l.PersonId && named.Contains(u.ClientUserId)))
                .ExecuteUpdateAsync(
                    set => set.SetProperty(l => l.State, LicenseState.Reserved).SetProperty(l => l.Cause, LicenseCause.Refused).SetProperty(l => l.Attempts, l => (byte)(l.Attempts + 1)).SetProperty(l => l.ChangedAt, now), keep);
        }

        await carried.ExecuteUpdateAsync(
            set => set.SetProperty(l => l.State, LicenseState.Failed).SetProperty(l => l.Cause, LicenseCause.Refused).SetProperty(l => l.ErrorNumber, refusal.Error.Number).SetProperty(l => l.ChangedAt, now), keep);
    }

    /// <summary>Apple does not know these people (any more): their records count as not created, so that they are registered again first.</summary>
    /// <param name="refusals">So many refusals of a license whose person's record Apple confirmed in between: it gives books only after acceptance, and they wait for it.</param>
    internal static async Task ForgetRegistrationsAsync(VppBooksDbContext db, long operationId, IReadOnlyList<string> named, int refusals, CancellationToken keep)
    {
        var people = db.Licenses.Where(l => l.OperationId == operationId && l.State != LicenseState.Assigned).Select(l => l.PersonId);
        var locationId = await db.Operations.Where(o => o.Id == operationId).Select(o => o.LocationId).SingleAsync(keep);
        var records = db.VppUsers.Where(u => u.LocationId == locationId && !u.Retired && u.PersonId != null && people.Contains(u.PersonId.Value));
        if (named.Count > 0)
        {
            var names = named.ToArray();
            records = records.Where(u => names.Contains(u.ClientUserId));
        }

        await records.Where(u => u.Status == VppUserStatus.Registered && db.Licenses.Any(l => l.OperationId == operationId && l.PersonId == u.PersonId && l.Attempts >= refusals)).ExecuteUpdateAsync(set => set.SetProperty(u => u.AcceptanceRequired, true), keep);
        await records.ExecuteUpdateAsync(set => set.SetProperty(u => u.Status, VppUserStatus.Unknown), keep);
    }

    private static async Task UsersRefusedAsync(VppBooksDbContext db, Operation sent, AppleRefusal refusal, DateTimeOffset now, CancellationToken keep)
    {
        var carried = db.VppUsers.Where(u => u.OperationId == sent.Id);
        if (refusal.Error.Category is not (ErrorCategory.Later or ErrorCategory.Token or ErrorCategory.Permission))
        {
            var named = (refusal.Info?.ClientUserIds ?? []).ToArray();
            if (refusal.Error.Number == MailMalformed && named.Length > 0)
            {
                await carried.Where(u => named.Contains(u.ClientUserId)).ExecuteUpdateAsync(set => set.SetProperty(u => u.MailRefused, true), keep);
            }
            else if (sent.Kind != OperationKind.CreateUsers && refusal.Error.Category == ErrorCategory.NotRegistered && named.Length > 0)
            {
                await UserSettlement.ForgetAsync(carried.Where(u => named.Contains(u.ClientUserId)), sent.Kind, refusal.Error.Number, keep);
            }
            else
            {
                // Apple does not say who is meant: each try sends smaller groups (see Registrar), down to one person, who is then the one.
                var single = await carried.CountAsync(keep) == 1;
                await carried.ExecuteUpdateAsync(
                    set => set
                        .SetProperty(u => u.Attempts, u => (byte)(u.Attempts + 1))
                        .SetProperty(u => u.MailRefused, u => u.MailRefused || (single && refusal.Error.Number == MailMalformed))
                        .SetProperty(u => u.ErrorNumber, u => single && refusal.Error.Number != MailMalformed ? refusal.Error.Number : u.ErrorNumber),
                    keep);
            }
        }

        await UserSettlement.WantAgainAsync(carried, sent.Kind, keep);
        await carried.ExecuteUpdateAsync(set => set.SetProperty(u => u.OperationId, (long?)null).SetProperty(u => u.ChangedAt, now), keep);
    }

    private Task NotSentAsync(LocationSession session, Operation sent, string reason, CancellationToken keep) =>
        session.WriteAsync(
            async db =>
            {
                var now = clock.GetUtcNow();
                var operation = await db.Operations.SingleAsync(o => o.Id == sent.Id, keep);
                operation.State = OperationState.NotSent;
                operation.Detail = reason;
                operation.SettledAt = now;
                await MoveAsync(db, sent.Id, LicenseState.Submitting, LicenseState.Reserved, LicenseCause.NotSent, now, keep);
                await UserSettlement.WantAgainAsync(db.VppUsers.Where(u => u.OperationId == sent.Id), sent.Kind, keep);
                await db.VppUsers.Where(u => u.OperationId == sent.Id).ExecuteUpdateAsync(set => set.SetProperty(u => u.OperationId, (long?)null), keep);
                db.Audit(Actor.System, now, "operation.not-sent", About(session, sent), new { reason });
            },
            keep);

    private Task UnknownAsync(LocationSession session, Operation sent, ChangeOutcome.Unknown unknown, CancellationToken keep) =>
        session.WriteAsync(
            async db =>
            {
                var now = clock.GetUtcNow();
                var operation = await db.Operations.SingleAsync(o => o.Id == sent.Id, keep);
                operation.State = OperationState.Unknown;
                operation.Detail = unknown.Reason;
                operation.NextCheckAt = now + (unknown.RetryAfter ?? FirstPoll(operation.Tasks));
                await MoveAsync(db, sent.Id, LicenseState.Submitting, LicenseState.Unknown, LicenseCause.AnswerLost, now, keep);
                if (unknown.RetryAfter is { } wait)
                {
                    await db.Locations.Where(l => l.Id == session.LocationId).ExecuteUpdateAsync(set => set.SetProperty(l => l.PausedUntil, now + wait), keep);
                }

                db.Audit(Actor.System, now, "operation.unknown", About(session, sent), new { unknown.Reason, operation.Tasks });
            },
            keep);

    internal static Task<int> MoveAsync(VppBooksDbContext db, long operationId, LicenseState from, LicenseState to, LicenseCause cause, DateTimeOffset now, CancellationToken keep) =>
        db.Licenses.Where(l => l.OperationId == operationId && l.State == from).ExecuteUpdateAsync(
            set => set.SetProperty(l => l.State, to).SetProperty(l => l.Cause, cause).SetProperty(l => l.ErrorNumber, (int?)null).SetProperty(l => l.ChangedAt, now), keep);

    internal static AuditSubject About(LocationSession session, Operation operation) => new(session.LocationId, OperationId: operation.Id);

    // The first look may come before Apple's 30 seconds between polls; a small request is done in a few.
    internal static TimeSpan FirstPoll(int tasks) => TimeSpan.FromMilliseconds(Math.Min(30_000, 3_000 + 2L * tasks));

    private const int MailMalformed = 9717;
}
