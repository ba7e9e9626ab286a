using System.Globalization;
using Microsoft.Extensions.Localization;
using VppBooks.Core.Audit;
using VppBooks.Core.Licenses;
using VppBooks.Core.Verification;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Monitor;

/// <summary>What a verification found, in the reader's words: for the page and for the command line.</summary>
internal sealed class VerifyTexts(IStringLocalizer<VerifyTexts> l)
{
    /// <summary>The outcome in a sentence.</summary>
    public string Verdict(VerificationResult result) => result.Verdict switch
    {
        VerificationVerdict.Clean => l["Everything adds up."],
        VerificationVerdict.NothingChecked => l["Nothing could be verified: no token can be read."],
        VerificationVerdict.Explained when result.Differences.Count == 1 => l["1 difference, explained."],
        VerificationVerdict.Explained => l["{0} differences, all explained.", Number(result.Differences.Count)],
        _ => l["{0} of {1} differences without an explanation.", Number(result.Unexplained), Number(result.Differences.Count)],
    };

    /// <summary>Icon and color of the outcome.</summary>
    public static State StateOf(VerificationVerdict verdict) => verdict switch
    {
        VerificationVerdict.Clean => State.Good,
        VerificationVerdict.Explained => State.Neutral,
        VerificationVerdict.NothingChecked => State.Warning,
        _ => State.Bad,
    };

    /// <summary>The judgment of one difference.</summary>
    public string Judgment(Difference difference) => difference switch
    {
        { Kind: DifferenceKind.NotChecked } => l["Not checked"],
        { Explained: true } => l["Explained"],
        _ => l["No explanation"],
    };

    /// <summary>Icon and color of one difference.</summary>
    public static State StateOf(Difference difference) => difference switch
    {
        { Kind: DifferenceKind.NotChecked } => State.Warning,
        { Explained: true } => State.Neutral,
        _ => State.Bad,
    };

    /// <summary>What differs.</summary>
    public string What(Difference difference) => difference.Kind switch
    {
        DifferenceKind.NotChecked => l["Apple could not be asked about this location."],
        DifferenceKind.TitleTwice => l["People who hold this title more than once at Apple: {0}", Number(difference.Count)],
        DifferenceKind.NotInLedger => l["Licenses at Apple that VppBooks does not have as assigned: {0}", Number(difference.Count)],
        DifferenceKind.NotAtApple => l["Licenses assigned in VppBooks that are not at Apple: {0}", Number(difference.Count)],
        DifferenceKind.CountsDiffer => l["Assigned licenses as Apple counts them: {0}; as VppBooks does: {1}", Number(difference.AtApple ?? 0), Number(difference.Here ?? 0)],
        DifferenceKind.MoreThanStock => l["Licenses set aside: {0}; free at Apple: {1}", Number(difference.Here ?? 0), Number(difference.AtApple ?? 0)],
        DifferenceKind.OperationWithoutOwner => l["Requests that were written down and that nobody carries out: {0}", Number(difference.Count)],
        DifferenceKind.OperationOverdue => l["Requests whose outcome should have been asked for: {0}", Number(difference.Count)],
        DifferenceKind.OperationWithoutCheck => l["Requests whose outcome nobody will ask for: {0}", Number(difference.Count)],
        DifferenceKind.WithoutOperation => l["Licenses or registrations under way that no open request carries: {0}", Number(difference.Count)],
        DifferenceKind.StateNotRecorded => l["Licenses whose state is not the one that was recorded last: {0}", Number(difference.Count)],
        DifferenceKind.HistoryBroken => l["Recorded changes of licenses that do not follow from the one before: {0}", Number(difference.Count)],
        DifferenceKind.RecordChanged => l["Rows of the {0} that were changed after they were written: {1}, the first is number {2}", Chain(difference), Number(difference.Count), Number(difference.Sequence ?? 0)],
        DifferenceKind.RecordRemoved => l["Rows of the {0} that are gone: {1}, the first is number {2}", Chain(difference), Number(difference.Count), Number(difference.Sequence ?? 0)],
        DifferenceKind.RecordInserted => l["Rows put into the {0} afterwards: {1}, the first is number {2}", Chain(difference), Number(difference.Count), Number(difference.Sequence ?? 0)],
        DifferenceKind.RecordsCutOff => l["Rows missing at the end of the {0}: {1}, the first is number {2}", Chain(difference), Number(difference.Count), Number(difference.Sequence ?? 0)],
        DifferenceKind.RecordsNotSigned => l["The recorded end of the {0} is missing, or this installation did not sign it.", Chain(difference)],
        DifferenceKind.RecordBackdated => l["Rows of the {0} with a time long before they were written: {1}, the first is number {2}", Chain(difference), Number(difference.Count), Number(difference.Sequence ?? 0)],
        DifferenceKind.AnchorNotFound => l["The {0} does not hold the row named for comparison, number {1}.", Chain(difference), Number(difference.Sequence ?? 0)],
        _ => l["Requests whose beginning or end is missing in the audit: {0}", Number(difference.Count)],
    };

    /// <summary>Why it differs.</summary>
    /// <param name="difference">The difference.</param>
    /// <param name="when">Writes a moment as the reader has it.</param>
    public string Why(Difference difference, Func<DateTimeOffset, string> when) => difference.Cause switch
    {
        DifferenceCause.None => l["No explanation was found."],
        DifferenceCause.OnItsWay when difference.At is { } next => l["On its way: request {0} ({1}) carries them, and its outcome is asked for at {2}.", difference.OperationId!, Operation(difference.OperationState), when(next)],
        DifferenceCause.OnItsWay => l["On its way: request {0} ({1}) carries them.", difference.OperationId!, Operation(difference.OperationState)],
        DifferenceCause.ChangedSinceSync when difference.At is { } last => l["Changed at Apple after the last sync, which began at {0}.", when(last)],
        DifferenceCause.ChangedSinceSync => l["Changed at Apple after the last sync."],
        DifferenceCause.NeverSynced => l["The token was never synced."],
        DifferenceCause.TakenBack when difference.At is { } last => l["Apple took licenses back (a refund) after the last sync, which began at {0}.", when(last)],
        DifferenceCause.TakenBack => l["Apple took licenses back (a refund) after the last sync."],
        DifferenceCause.MissedOnce => l["The last complete reading missed them as well: Apple took them back (a refund). The next complete reading decides."],
        DifferenceCause.BookGone => l["Apple does not list the book any more."],
        DifferenceCause.Moving => l["Apple's list kept changing while it was read."],
        DifferenceCause.FoundAtApple => l["VppBooks knows the further copies as found at Apple: others bought them, or they are older than VppBooks."],
        DifferenceCause.NotOurs => l["The further copies are on records that VppBooks did not make."],
        DifferenceCause.Held => l["They wait for an approval or for the end of the undo window, and the stock fell meanwhile."],
        DifferenceCause.Sent => l["They were sent before the stock fell. Apple refuses what it has no license for."],
        DifferenceCause.TokenExpired => l["The token has expired."],
        DifferenceCause.TokenRevoked => l["Apple has revoked the token."],
        DifferenceCause.TokenInvalid => l["Apple does not accept the token."],
        DifferenceCause.TokenUnreadable => l["The stored token cannot be decrypted on this server."],
        DifferenceCause.ClaimedElsewhere => l["Another device management has the location: {0}.", difference.Name is { Length: > 0 } name ? name : l["unknown"].Value],
        DifferenceCause.ClaimRemoved => l["The location's claim was removed at Apple."],
        DifferenceCause.Paused when difference.At is { } until => l["Apple asks us to wait until {0}.", when(until)],
        DifferenceCause.Paused => l["Apple asks us to wait."],
        DifferenceCause.AppleMalformed => l["Apple's answer could not be understood."],
        DifferenceCause.AppleRefused => l["Apple refused to answer (Apple's number {0}).", difference.ErrorNumber ?? 0],
        _ => l["Apple did not answer."],
    };

    /// <summary>What a person can do about it.</summary>
    public string Remedy(Difference difference) => difference.Cause switch
    {
        DifferenceCause.None => Remedy(difference.Kind),
        DifferenceCause.OnItsWay or DifferenceCause.MissedOnce or DifferenceCause.Sent => l["Nothing to do: it settles by itself."],
        DifferenceCause.ChangedSinceSync or DifferenceCause.TakenBack or DifferenceCause.NeverSynced => l["Sync the token, or wait for the next sync."],
        DifferenceCause.BookGone => l["Nothing to do: people keep their books, and VppBooks keeps the record."],
        DifferenceCause.Moving => l["Verify again when less is going on at Apple."],
        DifferenceCause.FoundAtApple or DifferenceCause.NotOurs => l["Nothing to do: a license cannot be taken back, and VppBooks does not buy another."],
        DifferenceCause.Held => l["Buy licenses, or approve fewer people: only what Apple has free is sent."],
        DifferenceCause.TokenExpired or DifferenceCause.TokenRevoked or DifferenceCause.TokenInvalid => l["Renew the token on its page."],
        DifferenceCause.TokenUnreadable => l["Upload the token again, or restore the key ring."],
        DifferenceCause.ClaimedElsewhere or DifferenceCause.ClaimRemoved => l["Take control on the token's page, or delete the token."],
        DifferenceCause.Paused => l["Verify again after that."],
        DifferenceCause.AppleMalformed => l["Verify again later. If it stays, check what stands between this server and Apple (proxy, filter)."],
        DifferenceCause.AppleRefused => l["Look the number up on the token's page, then verify again."],
        _ => l["Verify again later, and check the way from this server to Apple."],
    };

    /// <summary>What was looked at for one location.</summary>
    public string Counts(VerifiedCounts counts) => counts.Checked
        ? l["{0} books, {1} people's records and {2} assignments at Apple; {3} licenses and {4} requests in VppBooks.", Number(counts.Books), Number(counts.People), Number(counts.Assignments), Number(counts.Licenses), Number(counts.Operations)]
        : l["Not checked against Apple; {0} licenses and {1} requests in VppBooks.", Number(counts.Licenses), Number(counts.Operations)];

    /// <summary>What was looked at of the audit trail.</summary>
    public string Records(VerificationResult result) => l["Audit trail: {0} sealed rows checked, {1} not sealed yet.", Number(result.RecordsSealed), Number(result.RecordsWaiting)];

    public static string Number(long value) => value.ToString("N0", CultureInfo.CurrentCulture);

    private string Remedy(DifferenceKind kind) => kind switch
    {
        DifferenceKind.TitleTwice => l["Two requests of VppBooks may each have taken a license. Look at the activity of the people listed, and keep the log."],
        DifferenceKind.NotInLedger or DifferenceKind.NotAtApple or DifferenceKind.CountsDiffer =>
            l["Sync the token and verify again. If it stays, compare the people listed with Apple before anybody assigns this book."],
        DifferenceKind.MoreThanStock => l["Sync the token and verify again: what does not fit joins the waiting list."],
        DifferenceKind.OperationWithoutOwner or DifferenceKind.OperationOverdue => l["Start VppBooks if it does not run: it asks within seconds. If it runs, look into its log."],
        DifferenceKind.RecordsNotSigned => l["If the key ring was lost or replaced, that is why. If not, somebody changed the database past VppBooks: compare it with a backup and with the log."],
        DifferenceKind.AnchorNotFound => l["The database was put back to an earlier state, or rewritten. Compare it with a backup and with the forwarded copy."],
        DifferenceKind.OperationWithoutCheck or DifferenceKind.WithoutOperation => l["Nothing is sent twice because of it, but it does not end by itself. Keep the database and the log as they are, and report it."],
        _ => l["Somebody changed the database past VppBooks, or a restore is incomplete. Compare it with a backup."],
    };

    private string Chain(Difference difference) => difference.Chain == AuditChain.Licenses ? l["record of licenses"] : l["audit trail"];

    private string Operation(OperationState? state) => state switch
    {
        OperationState.Intended => l["about to be sent"],
        OperationState.Submitted => l["accepted by Apple"],
        _ => l["outcome not known"],
    };
}
