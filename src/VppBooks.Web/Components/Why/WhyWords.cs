using System.Globalization;
using Microsoft.Extensions.Localization;
using VppBooks.Core.Devices;
using VppBooks.Core.Licenses;
using VppBooks.Core.Why;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Why;

/// <summary>What each station says, and what to do about it: for the page, and in English for the API.</summary>
internal static class WhyWords
{
    /// <summary>Apple's page of the Books app in its store.</summary>
    public const string BooksAppAddress = "https://apps.apple.com/app/apple-books/id364709193";

    extension(IStringLocalizer<WhyTexts> l)
    {
        public string Of(WhyStage stage) => stage switch
        {
            WhyStage.Group => l["Group"],
            WhyStage.Entitlement => l["Entitlement"],
            WhyStage.Registration => l["Registration"],
            WhyStage.Stock => l["Stock"],
            WhyStage.Operation => l["Request to Apple"],
            _ => l["Device"],
        };

        public string Of(WhyState state) => state switch
        {
            WhyState.Passed => l["In order"],
            WhyState.Failed => l["Stands in the way"],
            WhyState.Waiting => l["Under way"],
            WhyState.Unknown => l["Not known"],
            _ => l["Not reached"],
        };

        public string Of(BooksApp app) => app switch
        {
            BooksApp.Present => l["Apple Books is there"],
            BooksApp.Absent => l["Apple Books was removed"],
            _ => l["Apple Books: not known"],
        };

        /// <summary>The one sentence of a station.</summary>
        public string Fact(WhyStep step) => step.Reason switch
        {
            WhyReason.Member => l["In {0}.", l.Names(step)],
            WhyReason.KeepsAfterLeaving => l["In no group that is given the book now. What was given stays."],
            WhyReason.PersonGone => l["Has left the directory."],
            WhyReason.Guest => l["Is a guest of another organization: no license is spent for guests."],
            WhyReason.AccountDisabled => l["The account is disabled: no license is spent for it."],
            WhyReason.NotAssigned => l["The book is given to no group."],
            WhyReason.NotMember => l["Is not a member of {0}, which is given the book.", l.Names(step)],
            WhyReason.GroupMissing => l["{0} is deleted in the directory: it gives nothing to anybody new.", l.Names(step)],
            WhyReason.DirectoryConsentMissing => l["The directory may not be read: consent is missing. Who is in {0} is as it was.", l.Names(step)],
            WhyReason.DirectoryStale => l["The directory could not be read. Who is in {0} is as it was.", l.Names(step)],
            WhyReason.Required => l["The book is Required."],
            WhyReason.Taken => l["The reader took the book."],
            WhyReason.FoundAtApple => l["Was found at Apple: no assignment of this console brought it."],
            WhyReason.Excluded => l["{0} is excluded from this book. An exclusion counts more than any other assignment.", l.Names(step)],
            WhyReason.AvailableNotTaken => l["The book is Available: it is given when the reader takes it, and the reader has not."],
            WhyReason.PlanWaitsForApproval => l["The plan waits for the approval of a second person. Nothing was sent."],
            WhyReason.UndoWindow => l["The plan can still be called back. Nothing is sent before that time is over."],
            WhyReason.GrowthHeld when step.Count is null => l["The license was called back or given up, and a group that has the book still reaches the person: somebody has to decide. Nothing was sent."],
            WhyReason.GrowthHeld => l["The group grew suddenly: {0} new members wait for a decision. Nothing was sent.", Number(step.Count)],
            WhyReason.Declined => l["Was decided against."],
            WhyReason.HoldsElsewhere => l["Has this title already: {0}. No second license is spent for it.", l.Names(step)],
            WhyReason.WantedElsewhere => l["This title is on its way already: {0}. No second license is spent for it.", l.Names(step)],
            WhyReason.HeldThroughForeignRecord => l["The same Apple Account has this title through a record that others made. No second license is spent for it."],
            WhyReason.BeingPlanned => l["The book is Required; the person gets a place within a minute."],
            WhyReason.Associated => l["Connected with an Apple Account."],
            WhyReason.InvitedIsEnough => l["Invited; that is enough for this book."],
            WhyReason.RetiredKeeps => l["The record at Apple is retired; the books stay."],
            WhyReason.NotRegistered => l["Is not registered with Apple yet. That is done when a copy is set aside."],
            WhyReason.RegistrationUnderWay => l["Apple is asked to register the person."],
            WhyReason.InvitedNotAccepted => l["Is invited and has not accepted."],
            WhyReason.MailAddressRefused => l["Is registered, but Apple does not take the mail address: no invitation arrives by itself."],
            WhyReason.MailUnderWay => l["Is registered; the invitation is to be sent by mail still."],
            WhyReason.MailRecipientRefused => l["Is registered, but the mail server refuses the mail address: the invitation has not arrived."],
            WhyReason.MailFailed => l["Is registered, but the mail server does not take the invitation: it has not arrived."],
            WhyReason.MailUnclear => l["Is registered; whether the invitation was sent is not known: the mail server's answer was lost."],
            WhyReason.MailOff => l["Is registered, but no mail server is set up: no invitation was sent."],
            WhyReason.NotMailed => l["Is registered, but no invitation was sent."],
            WhyReason.NoMailAddress => l["Is registered, but the directory knows no mail address to send the invitation to."],
            WhyReason.InviteCodeUnknown => l["Is registered, but Apple's invite code is not known: there is no invitation to send."],
            WhyReason.AppleAccountRefused when step.Mails is not null => l["Is invited and has not accepted: Apple refuses the Managed Apple Account, which belongs to another organization or cannot be used."],
            WhyReason.AppleAccountInUse when step.Mails is not null => l["Is invited and has not accepted: another record at this location uses the Managed Apple Account already."],
            WhyReason.AppleAccountRefused => l["Apple refuses the Managed Apple Account: it belongs to another organization, or cannot be used."],
            WhyReason.AppleAccountInUse => l["Another record at this location uses the Managed Apple Account already."],
            WhyReason.RegistrationRefused => l["Apple refused to register the person."],
            WhyReason.NoAddress => l["Has neither a Managed Apple Account nor a mail address: cannot be registered."],
            WhyReason.RegistrationRetired => l["The record at Apple is retired; a new one is made with the next request."],
            WhyReason.CopyTaken => l["A copy is taken."],
            WhyReason.CopyReserved => l["A copy is set aside."],
            WhyReason.CopiesFree => l["Free copies: {0}.", Number(step.Count)],
            WhyReason.Unlimited => l["A free title without a limit."],
            WhyReason.OnWaitingList => l["No copy is free: place {0} of {1} on the waiting list.", Number(step.Place), Number(step.Count)],
            WhyReason.NoCopyFree => l["No copy is free."],
            WhyReason.BookNotReported => l["Apple does not list this book for the location any more."],
            WhyReason.Confirmed => l["Seen at Apple: the book was given."],
            WhyReason.NotSentYet => l["Not sent to Apple yet."],
            WhyReason.NothingToSend => l["Nothing to send yet."],
            WhyReason.Submitting => l["Is being sent to Apple."],
            WhyReason.Submitted => l["Apple has the request and works on it."],
            WhyReason.OutcomeUnknown => l["The outcome is not known: Apple's answer was lost. Apple is read until it is certain; nothing is sent twice."],
            WhyReason.RefusedByApple => l["Apple refused to give the book. No license was spent."],
            WhyReason.Refunded => l["Was given, and Apple does not show it any more: refunded."],
            WhyReason.TokenDeleted => l["The token of this book was deleted."],
            WhyReason.TokenExpired => l["The token {0} has expired.", l.Names(step)],
            WhyReason.TokenRevoked => l["Apple does not accept the token {0} any more: revoked, or the password of its account was changed.", l.Names(step)],
            WhyReason.TokenUnusable => l["The token {0} cannot be used.", l.Names(step)],
            WhyReason.ClaimedElsewhere => step.By is { Length: > 0 } other ? l["{0} manages the location now: nothing is sent from here.", other] : l["The location is not managed from here now: nothing is sent."],
            WhyReason.NoManageRights => l["The token {0} may read, not give books.", l.Names(step)],
            WhyReason.OtherTokenUnread => l["Nothing is sent before {0} was read completely once: the title may be held through it.", l.Names(step)],
            WhyReason.MustReadFirst => l["Nothing is sent before Apple was read completely once."],
            WhyReason.SyncFailing => l["Apple has to be read before anything is sent, and the sync of {0} fails.", l.Names(step)],
            WhyReason.ApplePaused => l["Apple asks to wait."],
            WhyReason.DeviceReady => l["{0}: with the Books app.", l.Names(step)],
            WhyReason.DevicesNotRead => l["The devices were not read yet."],
            WhyReason.DevicesNotPermitted => l["The devices may not be read: the permission for managed devices is missing. Nothing depends on it."],
            WhyReason.DevicesUnavailable => l["The devices could not be read. Nothing depends on it."],
            WhyReason.NoManagedDevice => l["No managed device. The book can be read on any device with the same Apple Account."],
            WhyReason.NoDeviceForBooks => l["No managed device on which Apple Books runs. The book can be read on any Apple device with the same Apple Account."],
            WhyReason.DeviceWithoutAffinity => l["{0}: enrolled without a user, so books do not arrive there.", l.Names(step)],
            WhyReason.BooksAppAbsent => l["{0}: the Books app was removed.", l.Names(step)],
            _ => l["{0}: whether the Books app is there cannot be known.", l.Names(step)],
        };

        /// <summary>What to do at an obstacle; null where the fact says it all, or nothing has to be done.</summary>
        public string? Advice(WhyStep step) => step.Reason switch
        {
            WhyReason.PersonGone => l["Who comes back to the directory goes on where it ended."].Value,
            WhyReason.Guest => l["Books need an account of your own organization."].Value,
            WhyReason.AccountDisabled => l["Enable the account in the directory. The next read of the group notices it."].Value,
            WhyReason.NotAssigned => l["Assign a group that the person is in."].Value,
            WhyReason.NotMember => l["Add the person to the group in the directory, or assign another group."].Value,
            WhyReason.GroupMissing => l["Restore the group in the directory, or assign another one."].Value,
            WhyReason.DirectoryConsentMissing => l["Let an administrator of the directory grant consent again."].Value,
            WhyReason.DirectoryStale => l["It is tried again every minute."].Value,
            WhyReason.Excluded => l["Take the person out of the excluded group, or end the exclusion."].Value,
            WhyReason.AvailableNotTaken => l["The reader takes it on the page My library."].Value,
            WhyReason.PlanWaitsForApproval or WhyReason.GrowthHeld => l["Somebody with the role Administrator or Assigner decides; not the one who committed the plan."].Value,
            WhyReason.Declined => l["Only a new plan asks again."].Value,
            WhyReason.InvitedNotAccepted => l["The person opens the invitation once and signs in with an Apple Account."].Value,
            WhyReason.MailAddressRefused => l["Correct the address in the directory, or hand the invitation link over."].Value,
            WhyReason.MailRecipientRefused => l["Correct the address in the directory, or send the invitation again when the mail server takes it."].Value,
            WhyReason.MailFailed => l["An Administrator looks at the mail server (Mail in the configuration). Then send the invitation again, or hand the link over."].Value,
            WhyReason.MailUnclear => l["Ask the person whether it arrived; it is not sent twice by itself. If not, send it again."].Value,
            WhyReason.MailOff => l["Hand the invitation link over, or let an Administrator set the mail server (Mail:Host in the configuration)."].Value,
            WhyReason.NotMailed => l["Send it."].Value,
            WhyReason.NoMailAddress => l["Hand the invitation link over, or give the person a mail address in the directory."].Value,
            WhyReason.InviteCodeUnknown => l["Sync the token; Apple tells the code then."].Value,
            WhyReason.AppleAccountRefused when step.Mails is not null => l["Correct the account in the directory or at Apple and try again, or let the person accept the invitation with another Apple Account."].Value,
            WhyReason.AppleAccountInUse when step.Mails is not null => l["Retire the other record at whatever made it and try again, or let the person accept the invitation with another Apple Account."].Value,
            WhyReason.AppleAccountRefused => l["Correct the account in the directory or at Apple, or give the person a mail address to be invited by."].Value,
            WhyReason.AppleAccountInUse => l["Retire the other record at whatever made it, then sync."].Value,
            WhyReason.NoAddress => l["Give the person a mail address or a Managed Apple Account in the directory."].Value,
            WhyReason.OnWaitingList or WhyReason.NoCopyFree => l["Buy copies at Apple; who waits is served by itself."].Value,
            WhyReason.BookNotReported => l["Look in Apple's store whether the location still owns it, then sync."].Value,
            WhyReason.RefusedByApple or WhyReason.Refunded => l["Only a new plan asks again."].Value,
            WhyReason.TokenExpired or WhyReason.TokenRevoked or WhyReason.TokenUnusable => l["Download a new token for the location from Apple and renew it here."].Value,
            WhyReason.ClaimedElsewhere => l["Remove the token there, or take control here."].Value,
            WhyReason.NoManageRights => l["Give the account behind the token the role of Content Manager at Apple, and renew the token."].Value,
            WhyReason.SyncFailing => l["The page of the token tells why. Then sync."].Value,
            WhyReason.ApplePaused => l["It goes on by itself."].Value,
            WhyReason.DeviceWithoutAffinity => l["Enroll the device for this person, or read on another one."].Value,
            WhyReason.BooksAppAbsent => l["Install Apple Books again from the App Store. The license is not touched."].Value,
            _ => null,
        };

        /// <summary>How many reminders an invited person got.</summary>
        public string Reminders(WhyMails mails) => mails.Reminders switch
        {
            0 => l["No reminders"],
            1 => l["1 reminder"],
            _ => l["{0} reminders", Number(mails.Reminders)],
        };

        public string Of(LicenseCause cause) => cause switch
        {
            LicenseCause.Committed => l["A plan was committed"],
            LicenseCause.Taken => l["The reader took the book"],
            LicenseCause.Joined => l["Joined a group that is given the book"],
            LicenseCause.NotEntitled => l["No assignment reaches the person any more"],
            LicenseCause.StockShort => l["Apple had fewer copies than were set aside"],
            LicenseCause.StockRose => l["Copies arrived"],
            LicenseCause.Approved => l["A second person approved"],
            LicenseCause.Rejected => l["A second person did not approve"],
            LicenseCause.WindowEnded => l["The time for calling back ended"],
            LicenseCause.Undone => l["The plan was called back"],
            LicenseCause.Intended => l["The request was written down and sent"],
            LicenseCause.Accepted => l["Apple took the request on"],
            LicenseCause.Refused => l["Apple refused the request"],
            LicenseCause.NotSent => l["The request never left"],
            LicenseCause.AnswerLost => l["Apple's answer was lost"],
            LicenseCause.OwnerLost => l["The server stopped before it wrote the answer down"],
            LicenseCause.SeenAtApple => l["Seen at Apple"],
            LicenseCause.AbsentTwice => l["Not seen at Apple in two complete reads"],
            LicenseCause.EventFailed => l["Apple reported a failure"],
            LicenseCause.EventUnclear => l["Apple's report did not say what became of it"],
            LicenseCause.TokenDeleted => l["The token was deleted"],
            _ => l["Not recorded"],
        };

        /// <summary>Names of a step, "all users" among them.</summary>
        public string Names(WhyStep step)
        {
            var names = step.AllUsers ? step.Names.Append(l["All users"].Value) : step.Names;
            var text = string.Join(", ", names);
            return text.Length == 0 ? l["the groups of this book"] : text;
        }
    }

    public static State Tone(WhyState state) => state switch
    {
        WhyState.Passed => State.Good,
        WhyState.Failed => State.Bad,
        WhyState.Waiting => State.Busy,
        _ => State.Neutral,
    };

    private static string Number(long? value) => (value ?? 0).ToString("N0", CultureInfo.CurrentCulture);
}
