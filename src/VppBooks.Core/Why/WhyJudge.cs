using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Devices;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Mail;
using VppBooks.Core.People;

namespace VppBooks.Core.Why;

/// <summary>Says of each station how it stands. A pure function of the facts; what the planner knows is taken from its line, not judged again.</summary>
internal static class WhyJudge
{
    /// <summary>All stations, in order; after the first obstacle the others are not reached.</summary>
    public static IReadOnlyList<WhyStep> Judge(WhyFacts facts)
    {
        WhyStep[] steps = [Group(facts), Entitlement(facts), Registration(facts), Stock(facts), Operation(facts), Device(facts)];
        var first = Array.FindIndex(steps, s => s.IsObstacle);
        return first < 0 ? steps : [.. steps.Select((s, i) => i > first ? s with { State = WhyState.NotReached } : s)];
    }

    private static WhyStep Group(WhyFacts f)
    {
        WhyStep Step(WhyState state, WhyReason reason, DateTimeOffset? at, params IEnumerable<WhyGroup> groups)
        {
            var named = groups.ToList();
            return new WhyStep(WhyStage.Group, state, reason, at)
            {
                Names = [.. named.Where(g => g.Group is not null).Select(g => g.Group!.DisplayName)],
                AllUsers = named.Exists(g => g.Group is null),
                ReadAt = named.Count == 0 ? null : named.Min(g => g.Group is null ? f.Directory.AllUsersReadAt : g.Group.MembersReadAt),
            };
        }

        var giving = f.Groups.Where(g => g.Assignment.Intent != Intent.Excluded).ToList();
        var through = giving.FindAll(g => g.Reaches);
        if (f.Sent)
        {
            return through.Count > 0 ? Step(WhyState.Passed, WhyReason.Member, null, through) : Step(WhyState.Passed, WhyReason.KeepsAfterLeaving, null);
        }

        if (f.Location.DeletedAt is { } deleted)
        {
            return Step(WhyState.Failed, WhyReason.TokenDeleted, deleted);
        }

        if (f.Person.GoneSince is { } gone)
        {
            return Step(WhyState.Failed, WhyReason.PersonGone, gone);
        }

        if (f.Person.Guest || !f.Person.AccountEnabled)
        {
            return Step(WhyState.Failed, f.Person.Guest ? WhyReason.Guest : WhyReason.AccountDisabled, null, through);
        }

        var there = through.FindAll(g => g.There);
        if (through.Count > 0 && (there.Count > 0 || f.Unsent) && !f.OfGoneGroups)
        {
            return f.DirectoryTooOld is { } old && !f.Unsent ? Stale(f, Step(WhyState.Failed, WhyReason.DirectoryStale, old.Since, old.Groups == 0 ? there : f.Groups.Where(g => g.Group?.UnreadableSince is not null))) : Step(WhyState.Passed, WhyReason.Member, null, there.Count > 0 ? there : through);
        }

        if (through.Count > 0)
        {
            var missing = through.FindAll(g => !g.There);
            return Step(WhyState.Failed, WhyReason.GroupMissing, null, missing) with { Remedies = [new WhyRemedy.AssignGroup(f.Book.PublicId), .. Open(missing)] };
        }

        if (giving.Count == 0)
        {
            return Step(WhyState.Failed, WhyReason.NotAssigned, null) with { Remedies = [new WhyRemedy.AssignGroup(f.Book.PublicId)] };
        }

        var unread = giving.Exists(g => g.There && (g.Group is null ? f.Directory.AllUsersReadAt : g.Group.MembersReadAt) is null);
        var failing = f.Directory.FailingSince ?? giving.Select(g => g.Group?.UnreadableSince).Min();
        return failing is not null || unread
            ? Stale(f, Step(WhyState.Failed, WhyReason.DirectoryStale, failing, giving))
            : Step(WhyState.Failed, WhyReason.NotMember, null, giving) with { Remedies = [new WhyRemedy.AssignGroup(f.Book.PublicId), .. Open(giving)] };
    }

    private static WhyStep Stale(WhyFacts f, WhyStep step) => f.Directory.ConsentMissing && f.DirectoryTooOld is not { Groups: > 0 }
        ? step with { Reason = WhyReason.DirectoryConsentMissing }
        : step with { Until = f.Directory.RetryAt };

    private static WhyStep Entitlement(WhyFacts f)
    {
        WhyStep Step(WhyState state, WhyReason reason, DateTimeOffset? at) => new(WhyStage.Entitlement, state, reason, at);
        var deciding = f.Reaching.Where(g => g.Assignment.Intent == Intent.Required).DefaultIfEmpty(f.Reaching.FirstOrDefault(g => g.Assignment.Intent == Intent.Available)).First();
        WhyStep Given()
        {
            var reason = f.License?.Source switch
            {
                LicenseSource.FoundAtApple when f.Sent => WhyReason.FoundAtApple,
                LicenseSource.Taken when f.Sent || f.Unsent => WhyReason.Taken,
                _ => WhyReason.Required,
            };
            return Step(WhyState.Passed, reason, reason == WhyReason.Required ? deciding?.Assignment.AssignedAt ?? f.License?.CreatedAt : f.License!.CreatedAt) with
            {
                By = reason == WhyReason.Required ? f.LicensePlan?.CommittedByName ?? deciding?.Assignment.AssignedByName : null,
            };
        }

        if (f.Sent)
        {
            return Given();
        }

        var excluding = f.Reaching.Where(g => g.Assignment.Intent == Intent.Excluded).ToList();
        if (excluding.Count > 0)
        {
            return Step(WhyState.Failed, WhyReason.Excluded, excluding[0].Assignment.AssignedAt) with
            {
                By = excluding[0].Assignment.AssignedByName,
                Names = [.. excluding.Where(g => g.Group is not null).Select(g => g.Group!.DisplayName)],
                AllUsers = excluding.Exists(g => g.Group is null),
                Remedies = [new WhyRemedy.AssignGroup(f.Book.PublicId), .. Open(excluding)],
            };
        }

        if (f.Unsent)
        {
            return (f.LicensePlan is { State: PlanState.AwaitingApproval or PlanState.Undoable } own ? own : f.Ending) is { } undecided ? Undecided(undecided) : Given();
        }

        if (f.License is { State: LicenseState.Declined } declined)
        {
            return Step(WhyState.Failed, WhyReason.Declined, declined.ChangedAt) with
            {
                By = f.LicensePlan?.DecidedByName,
                Remedies = [new WhyRemedy.AssignGroup(f.Book.PublicId), .. f.LicensePlan is { } refused ? [new WhyRemedy.OpenPlan(refused.PublicId)] : Array.Empty<WhyRemedy>()],
            };
        }

        if (f.License is { State: LicenseState.Failed or LicenseState.Vanished })
        {
            return Given();
        }

        if (f.Planned.Reason is PlanReason.HoldsElsewhere || (f.Elsewhere is not null && f.Planned.Reason is PlanReason.UnderWay or PlanReason.Waiting))
        {
            return Step(WhyState.Failed, f.Elsewhere?.State == LicenseState.Assigned ? WhyReason.HoldsElsewhere : WhyReason.WantedElsewhere, f.Elsewhere?.Since) with
            {
                Names = f.Elsewhere is { } other ? [$"{other.LocationName}, {other.PricingParam}"] : [],
                Remedies = f.Elsewhere is { } book ? [new WhyRemedy.OpenOtherBook(book.BookId)] : [],
            };
        }

        if (f.Planned.Reason == PlanReason.HoldsThroughForeignRecord)
        {
            return Step(WhyState.Failed, WhyReason.HeldThroughForeignRecord, null);
        }

        // Whoever may take the book now can, whatever is undecided about others.
        if (f.Undecided is { } pending && (deciding is not { Assignment.Intent: Intent.Available } || f.Offered != Intent.Available))
        {
            return Undecided(pending);
        }

        if (deciding is { Assignment.Intent: Intent.Available })
        {
            return Step(WhyState.Failed, WhyReason.AvailableNotTaken, deciding.Assignment.AssignedAt) with { By = deciding.Assignment.AssignedByName };
        }

        // What keeps a planned license from being planned is told at its own station.
        return deciding is null || f.Planned.Outcome == PlanOutcome.Cannot || Closed(f) is not null
            ? Given()
            : Step(WhyState.Waiting, WhyReason.BeingPlanned, deciding.Assignment.AssignedAt) with { By = deciding.Assignment.AssignedByName };
    }

    private static WhyStep Undecided(Plan plan)
    {
        var (state, reason) = plan switch
        {
            { State: PlanState.Undoable } => (WhyState.Waiting, WhyReason.UndoWindow),
            { Kind: PlanKind.Growth } => (WhyState.Failed, WhyReason.GrowthHeld),
            _ => (WhyState.Failed, WhyReason.PlanWaitsForApproval),
        };
        return new WhyStep(WhyStage.Entitlement, state, reason, plan.CommittedAt)
        {
            By = plan.Kind == PlanKind.Growth ? null : plan.CommittedByName,
            Until = plan.SendAt,
            Count = plan.GrownTo is { } to && plan.GrownFrom is { } from ? to - from : null,
            Remedies = [new WhyRemedy.OpenPlan(plan.PublicId)],
        };
    }

    private static WhyStep Registration(WhyFacts f)
    {
        var record = f.User is { Retired: false } ? f.User : null;
        var since = f.User?.ChangedAt;
        var refused = record is null ? null : AccountRefusals.NumberOf(record.Status, record.Retired, record.ErrorNumber, record.ManagedAccountRefused);
        WhyStep Step(WhyState state, WhyReason reason) => new(WhyStage.Registration, state, reason, since)
        {
            ReadAt = f.Location.LastSyncedAt,
            ErrorNumber = refused ?? (record is { Status: VppUserStatus.Unknown } ? record.ErrorNumber : null),
            RefusedAccount = refused is null ? null : f.Person.ManagedAppleAccount,
            Mails = record is { Status: VppUserStatus.Registered } ? Mails(f) : null,
        };

        switch (f.Registration)
        {
            case RegistrationFact.Associated:
                return Step(WhyState.Passed, WhyReason.Associated);
            case RegistrationFact.Registered when f.InvitedIsEnough && !f.Holds:
                return Step(WhyState.Passed, WhyReason.InvitedIsEnough);
            case RegistrationFact.Registered:
                var (state, why) = Invitation(f, record);
                return refused switch
                {
                    // The account stands in the way first: with it the person needs no invitation. Who takes the invitation up needs no account.
                    AccountRefusals.Refused => Step(WhyState.Failed, WhyReason.AppleAccountRefused) with { Remedies = [new WhyRemedy.TryAgain(f.Location.PublicId), .. Inviting(f, why)] },
                    AccountRefusals.InUse => Step(WhyState.Failed, WhyReason.AppleAccountInUse) with
                    {
                        Remedies = [.. Inviting(f, why).Prepend(new WhyRemedy.TryAgain(f.Location.PublicId)).Append(new WhyRemedy.SyncNow(f.Location.PublicId)).Distinct()],
                    },
                    _ => Step(state, why) with
                    {
                        Until = why is WhyReason.MailUnderWay or WhyReason.MailFailed && f.Mails is [.., var waiting] ? waiting.NextAt : null,
                        Remedies = [.. Inviting(f, why)],
                    },
                };
            case RegistrationFact.AccountRefused:
                return Step(WhyState.Failed, WhyReason.AppleAccountRefused) with { Remedies = [new WhyRemedy.TryAgain(f.Location.PublicId)] };
            case RegistrationFact.AccountInUse:
                return Step(WhyState.Failed, WhyReason.AppleAccountInUse) with { Remedies = [new WhyRemedy.TryAgain(f.Location.PublicId), new WhyRemedy.SyncNow(f.Location.PublicId)] };
            case RegistrationFact.Refused:
                return Step(WhyState.Failed, WhyReason.RegistrationRefused) with { Remedies = [new WhyRemedy.TryAgain(f.Location.PublicId)] };
        }

        if (f.User is { Retired: true } && f.Holds)
        {
            return Step(WhyState.Passed, WhyReason.RetiredKeeps);
        }

        if (!f.Sent && f.Planned.Reason == PlanReason.NoAddress)
        {
            return Step(WhyState.Failed, WhyReason.NoAddress);
        }

        var reason = f.User switch
        {
            { Retired: true } => WhyReason.RegistrationRetired,
            null => WhyReason.NotRegistered,
            _ => WhyReason.RegistrationUnderWay,
        };
        if (f.License is { State: LicenseState.Waiting })
        {
            // Apple is asked once a copy is set aside: until then it is the copy that is missing.
            return Step(WhyState.NotReached, reason);
        }

        return Closed(f) is { } closed ? closed with { Stage = WhyStage.Registration } : Step(WhyState.Waiting, reason);
    }

    /// <summary>Why an invited person has not accepted, as far as the mails tell.</summary>
    private static (WhyState State, WhyReason Reason) Invitation(WhyFacts f, VppUser? record)
    {
        if (record is { MailRefused: true })
        {
            return (WhyState.Failed, WhyReason.MailAddressRefused);
        }

        // What went to an address of before reached whoever has it, not this person.
        var mails = f.Mails.Skip(Math.Max(0, f.Mails.ToList().FindLastIndex(m => m.Reason.StartsWith(RegistrationUpkeep.MovedReason, StringComparison.Ordinal)))).ToList();
        if (mails.Exists(m => m.State == MailState.Sent))
        {
            return (WhyState.Failed, WhyReason.InvitedNotAccepted);
        }

        if (record is { InviteSecret: null })
        {
            return (WhyState.Failed, WhyReason.InviteCodeUnknown);
        }

        if (string.IsNullOrWhiteSpace(f.Person.Mail))
        {
            return (WhyState.Failed, WhyReason.NoMailAddress);
        }

        return mails.LastOrDefault() switch
        {
            _ when !f.MailOn => (WhyState.Failed, WhyReason.MailOff),
            null => f.InvitesByItself ? (WhyState.Waiting, WhyReason.MailUnderWay) : (WhyState.Failed, WhyReason.NotMailed),
            { State: MailState.Unclear } => (WhyState.Failed, WhyReason.MailUnclear),
            { State: MailState.Failed, Failure: MailFailure.Recipient } => (WhyState.Failed, WhyReason.MailRecipientRefused),
            { State: MailState.Failed } => (WhyState.Failed, WhyReason.MailFailed),
            { State: MailState.Dropped } => (WhyState.Failed, WhyReason.NotMailed),
            // It is tried again by itself, but what keeps it from leaving is known already.
            { Failure: not MailFailure.None } => (WhyState.Waiting, WhyReason.MailFailed),
            _ => (WhyState.Waiting, WhyReason.MailUnderWay),
        };
    }

    /// <summary>What can be done to have the person invited.</summary>
    private static IEnumerable<WhyRemedy> Inviting(WhyFacts f, WhyReason reason) => reason switch
    {
        WhyReason.InviteCodeUnknown => [new WhyRemedy.SyncNow(f.Location.PublicId)],
        // No mail can go out: the link is handed over.
        WhyReason.MailOff or WhyReason.NoMailAddress or WhyReason.MailUnderWay => [new WhyRemedy.HandOverInvitation(f.Location.PublicId)],
        _ => [new WhyRemedy.ResendInvitation(f.Location.PublicId)],
    };

    private static WhyMails Mails(WhyFacts f) => new(
        string.IsNullOrWhiteSpace(f.Person.Mail) ? null : f.Person.Mail,
        f.Mails is [.., var last] ? new WhyMail(last.Kind, last.State, last.Failure, last.SentAt ?? last.TriedAt ?? last.QueuedAt, last.NextAt) : null,
        f.Mails.Count(m => m is { Kind: MailKind.Reminder, State: MailState.Sent }));

    private static WhyStep Stock(WhyFacts f)
    {
        WhyStep Step(WhyState state, WhyReason reason, DateTimeOffset? at = null) => new(WhyStage.Stock, state, reason, at) { ReadAt = f.Location.LastSyncedAt };
        if (f.Sent)
        {
            return Step(WhyState.Passed, WhyReason.CopyTaken, f.License!.ChangedAt);
        }

        if (f.Book.NoLongerReported)
        {
            return Step(WhyState.Failed, WhyReason.BookNotReported) with { Remedies = [new WhyRemedy.SyncNow(f.Location.PublicId)] };
        }

        return f switch
        {
            { License.State: LicenseState.Waiting } => Step(WhyState.Failed, WhyReason.OnWaitingList, f.License.WantedAt) with
            {
                Place = f.Place,
                Count = f.Queue,
                Remedies = [new WhyRemedy.OpenWaitingList(f.Book.PublicId), new WhyRemedy.SyncNow(f.Location.PublicId)],
            },
            { Unsent: true } => Step(WhyState.Passed, WhyReason.CopyReserved, f.License!.ChangedAt),
            { Book.Unlimited: true } => Step(WhyState.Passed, WhyReason.Unlimited),
            { Stock.Free: > 0 } => Step(WhyState.Passed, WhyReason.CopiesFree) with { Count = f.Stock.Free },
            // Nothing is asked for, so nobody waits: it only says what would come next.
            { License.State: LicenseState.Failed or LicenseState.Vanished } => Step(WhyState.Passed, WhyReason.NoCopyFree),
            _ => Step(WhyState.Failed, WhyReason.NoCopyFree) with { Remedies = [new WhyRemedy.OpenWaitingList(f.Book.PublicId), new WhyRemedy.SyncNow(f.Location.PublicId)] },
        };
    }

    private static WhyStep Operation(WhyFacts f)
    {
        WhyStep Step(WhyState state, WhyReason reason) => new(WhyStage.Operation, state, reason, f.License?.ChangedAt)
        {
            ReadAt = f.Location.LastSyncedAt,
            ErrorNumber = f.License?.ErrorNumber,
            Until = f.Operation?.NextCheckAt,
        };

        // Given licenses, refusals and refunds are final, whatever becomes of the token.
        switch (f.License?.State)
        {
            case LicenseState.Assigned:
                return Step(WhyState.Passed, WhyReason.Confirmed) with { Until = null };
            case LicenseState.Failed:
                return Step(WhyState.Failed, WhyReason.RefusedByApple) with { Until = null, Remedies = [new WhyRemedy.AssignGroup(f.Book.PublicId), new WhyRemedy.SyncNow(f.Location.PublicId)] };
            case LicenseState.Vanished:
                return Step(WhyState.Failed, WhyReason.Refunded) with { Until = null, Remedies = [new WhyRemedy.AssignGroup(f.Book.PublicId)] };
        }

        if (f.Sent)
        {
            // Reading goes on where writing may not: only a token that cannot read keeps the outcome open.
            if (Token(f) is { } dead)
            {
                return dead;
            }

            return f.License!.State switch
            {
                LicenseState.Submitting => Step(WhyState.Waiting, WhyReason.Submitting),
                LicenseState.Submitted => Step(WhyState.Waiting, WhyReason.Submitted),
                _ => Step(WhyState.Waiting, WhyReason.OutcomeUnknown) with { ErrorNumber = f.Operation?.ErrorNumber, Remedies = [new WhyRemedy.SyncNow(f.Location.PublicId)] },
            };
        }

        return Closed(f) ?? Step(WhyState.Waiting, f.Unsent ? WhyReason.NotSentYet : WhyReason.NothingToSend) with { Until = null, ErrorNumber = null };
    }

    private static WhyStep Device(WhyFacts f)
    {
        WhyStep Step(WhyState state, WhyReason reason, IEnumerable<PersonDevice> devices) =>
            new(WhyStage.Device, state, reason, null) { ReadAt = f.Devices.ReadAt, Names = [.. devices.Select(d => d.Name)] };
        if (f.Devices.ReadAt is null)
        {
            return Step(WhyState.Unknown, f.Devices.Outcome switch
            {
                DeviceReadOutcome.ConsentMissing => WhyReason.DevicesNotPermitted,
                DeviceReadOutcome.Unavailable => WhyReason.DevicesUnavailable,
                _ => WhyReason.DevicesNotRead,
            }, []);
        }

        // A laptop of another maker neither holds the book nor stands in its way.
        var devices = f.Devices.Devices.Where(d => d.CanReadBooks).ToList();
        if (devices.Count == 0)
        {
            return Step(WhyState.Unknown, f.Devices.Devices.Count == 0 ? WhyReason.NoManagedDevice : WhyReason.NoDeviceForBooks, []);
        }

        var own = devices.FindAll(d => d.UserAffinity);
        var ready = own.FindAll(d => d.BooksApp == BooksApp.Present);
        if (ready.Count > 0)
        {
            return Step(WhyState.Passed, WhyReason.DeviceReady, ready);
        }

        return own switch
        {
            [] => Step(WhyState.Failed, WhyReason.DeviceWithoutAffinity, devices),
            _ when own.TrueForAll(d => d.BooksApp == BooksApp.Absent) => Step(WhyState.Failed, WhyReason.BooksAppAbsent, own) with { Remedies = [new WhyRemedy.GetBooksApp()] },
            _ => Step(WhyState.Unknown, WhyReason.BooksAppUnknown, own.Where(d => d.BooksApp == BooksApp.Unknown)),
        };
    }

    /// <summary>Why nothing is sent to Apple for the location now; null when it is. The same conditions that <see cref="Location.CanWrite"/>, <see cref="SpendingHold"/> and the pause put before every request.</summary>
    private static WhyStep? Closed(WhyFacts f)
    {
        if (Token(f) is { } dead)
        {
            return dead;
        }

        var id = f.Location.PublicId;
        return f.Condition switch
        {
            LocationCondition.Paused => Location(f, WhyState.Waiting, WhyReason.ApplePaused) with { Until = f.Location.PausedUntil },
            LocationCondition.ReadOnly => Location(f, WhyState.Failed, WhyReason.NoManageRights, new WhyRemedy.RenewToken(id), new WhyRemedy.OpenToken(id)),
            _ when f.Location.CanWrite && f.HeldBy is { } other => Location(f, WhyState.Waiting, WhyReason.OtherTokenUnread, new WhyRemedy.SyncNow(other.PublicId), new WhyRemedy.OpenToken(other.PublicId)) with { Names = [other.Name] },
            _ when f.Location.CanWrite => null,
            _ => f.SyncFails
                ? Location(f, WhyState.Failed, WhyReason.SyncFailing, new WhyRemedy.SyncNow(id), new WhyRemedy.OpenToken(id))
                : Location(f, WhyState.Waiting, WhyReason.MustReadFirst, new WhyRemedy.SyncNow(id)),
        };
    }

    private static WhyStep? Token(WhyFacts f)
    {
        var id = f.Location.PublicId;
        return f.Condition switch
        {
            _ when f.Location.DeletedAt is not null => Location(f, WhyState.Failed, WhyReason.TokenDeleted),
            LocationCondition.Expired => Location(f, WhyState.Failed, WhyReason.TokenExpired, new WhyRemedy.RenewToken(id)) with { At = f.Location.TokenExpires },
            LocationCondition.RevokedOrPasswordChanged => Location(f, WhyState.Failed, WhyReason.TokenRevoked, new WhyRemedy.RenewToken(id)),
            LocationCondition.InvalidToken or LocationCondition.UnreadableHere => Location(f, WhyState.Failed, WhyReason.TokenUnusable, new WhyRemedy.RenewToken(id)),
            LocationCondition.ClaimedElsewhere or LocationCondition.ClaimRemoved =>
                Location(f, WhyState.Failed, WhyReason.ClaimedElsewhere, new WhyRemedy.TakeControl(id)) with { By = f.Location.ClaimedByName },
            _ => null,
        };
    }

    private static WhyStep Location(WhyFacts f, WhyState state, WhyReason reason, params IReadOnlyList<WhyRemedy> remedies) => new(WhyStage.Operation, state, reason, null)
    {
        ReadAt = f.Location.LastSyncedAt,
        Names = [f.Location.Name],
        ErrorNumber = f.Location.StateErrorNumber,
        Remedies = remedies,
    };

    private static IEnumerable<WhyRemedy> Open(IEnumerable<WhyGroup> groups) =>
        groups.Where(g => g.Group is not null).Select(g => new WhyRemedy.OpenGroup(g.Group!.DirectoryId, g.Group.DisplayName));
}
