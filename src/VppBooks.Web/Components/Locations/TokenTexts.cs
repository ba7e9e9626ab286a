using System.Globalization;
using Microsoft.Extensions.Localization;
using VppBooks.Core.Locations;
using VppBooks.Web.Components.Elements;
using VppBooks.Web.Components.Sync;

namespace VppBooks.Web.Components.Locations;

/// <summary>How a token stands, in the reader's words.</summary>
internal sealed class TokenTexts(IStringLocalizer<TokenTexts> l, SyncRunTexts syncs, BrowserTimeProvider time)
{
    /// <summary>The one word for lists.</summary>
    public string Word(LocationCondition condition) => condition switch
    {
        LocationCondition.Valid => l["Valid"],
        LocationCondition.ExpiresSoon => l["Expires soon"],
        LocationCondition.Expired => l["Expired"],
        LocationCondition.RevokedOrPasswordChanged => l["Revoked"],
        LocationCondition.InvalidToken => l["Invalid"],
        LocationCondition.UnreadableHere => l["Unreadable"],
        LocationCondition.ClaimedElsewhere => l["Assigned to external MDM"],
        LocationCondition.ClaimRemoved => l["Not managed"],
        LocationCondition.ReadOnly => l["Read only"],
        LocationCondition.NeverSynced => l["Not synced yet"],
        LocationCondition.Paused => l["Paused"],
        LocationCondition.SyncFailed => l["Sync failed"],
        _ => condition.ToString(),
    };

    /// <summary>The one word; a first sync on its way is said instead of what is missing until then.</summary>
    public string Word(LocationSummary token) => FirstSync(token) ? l["First sync…"] : Word(token.Condition);

    public static State StateOf(LocationSummary token) => FirstSync(token) ? State.Busy : StateOf(token.Condition);

    public static State StateOf(LocationCondition condition) => condition switch
    {
        LocationCondition.Valid => State.Good,
        LocationCondition.NeverSynced or LocationCondition.Paused => State.Waiting,
        LocationCondition.ExpiresSoon or LocationCondition.ReadOnly or LocationCondition.SyncFailed => State.Warning,
        _ => State.Bad,
    };

    /// <summary>Whether work stands still until somebody does something.</summary>
    public static bool NeedsPerson(LocationCondition condition) => condition is LocationCondition.Expired or LocationCondition.RevokedOrPasswordChanged
        or LocationCondition.InvalidToken or LocationCondition.UnreadableHere or LocationCondition.ClaimedElsewhere or LocationCondition.ClaimRemoved;

    /// <summary>The state as a sentence, with what to do.</summary>
    public Explanation Explain(LocationSummary token) => token.Condition switch
    {
        LocationCondition.Valid => new(l["Valid. {0}", DaysLeft(token.DaysLeft)], null),
        LocationCondition.ExpiresSoon => new(l["The token works until {0}. {1}", Date(token.TokenExpires), DaysLeft(token.DaysLeft)], RenewAgain),
        LocationCondition.Expired => new(l["The token expired on {0}. Apple answers nothing for this location until it is renewed.", Date(token.TokenExpires)], RenewAgain),
        LocationCondition.RevokedOrPasswordChanged => new(l["Apple no longer accepts this token. Usually the password of the Apple account that downloaded it was changed, or the account was disabled."], RenewAgain),
        LocationCondition.InvalidToken => new(token.StateErrorNumber is { } number ? l["Apple does not accept this token (Apple's number {0}).", number] : l["Apple does not accept this token."], RenewAgain),
        LocationCondition.UnreadableHere => new(l["The stored token cannot be decrypted on this installation: the key it was sealed with is missing."], l["Restore the key ring, or download the token again from Apple and choose Renew."]),
        LocationCondition.ClaimedElsewhere => new(l["{0} manages this location now. VppBooks sends Apple nothing for it, so that nobody works against each other.", Claimant(token)], l["Remove the token there, or choose Take control to manage it here."]),
        LocationCondition.ClaimRemoved => new(l["Nobody manages this location at Apple: the mark that VppBooks had left there is gone."], l["Choose Take control to manage it here again."]),
        LocationCondition.ReadOnly => new(l["Apple lets this token read, but not give out licenses."], l["Let an administrator at Apple give the account behind the token the role of Content Manager for this location, download the token again and choose Renew."]),
        LocationCondition.NeverSynced => new(l["The token is stored. The first sync has not finished yet."], Syncing(token) ? l["Books appear here as soon as it has."] : l["Choose Sync now to read the books from Apple."]),
        LocationCondition.Paused => new(l["Apple asks us to wait until {0}.", Time(token.PausedUntil)], l["There is nothing to do: work goes on by itself then."]),
        LocationCondition.SyncFailed => new(l["The token works, but the last sync failed: {0}", syncs.Error(token.LastError)], l["The numbers below are older. Choose Sync now to try again."]),
        _ => new(Word(token.Condition), null),
    };

    /// <summary>Whether a sync is wanted or running.</summary>
    public static bool Syncing(LocationSummary token) => token.SyncWaiting || token.SyncStatus == SyncStatus.InProgress;

    public string DaysLeft(int days) => days switch
    {
        < -1 => l["Expired {0} days ago.", -days],
        < 0 => l["Expired yesterday."],
        0 => l["Expires today."],
        1 => l["Expires tomorrow."],
        _ => l["Expires in {0} days.", days],
    };

    public string ShortDaysLeft(int days) => days switch
    {
        < 0 => l["has expired"],
        0 => l["last day"],
        1 => l["1 day left"],
        _ => l["{0} days left", days],
    };

    public static State ExpiryState(int days) => days < 0 ? State.Bad : days <= 30 ? State.Warning : State.Good;

    public string Account(AccountType type) => type == AccountType.Education ? l["Education"] : l["Business"];

    /// <summary>Whoever else manages the location.</summary>
    public string Claimant(LocationSummary token) => token.ClaimedByName is { Length: > 0 } name ? $"“{name}”" : l["Another device management"];

    public string Date(DateTimeOffset moment) => time.ToLocal(moment).ToString("d MMMM yyyy", CultureInfo.CurrentCulture);

    /// <summary>Why a sync cannot be asked for now; null when it can.</summary>
    public string? NoSync(LocationSummary token) => token.Condition switch
    {
        LocationCondition.Expired => l["The token has expired: renew it first."].Value,
        LocationCondition.RevokedOrPasswordChanged or LocationCondition.InvalidToken or LocationCondition.UnreadableHere => l["The token does not work: renew it first."].Value,
        LocationCondition.ClaimedElsewhere or LocationCondition.ClaimRemoved => l["VppBooks does not manage this location: take control first."].Value,
        _ when Syncing(token) => l["A sync is under way already."].Value,
        _ => null,
    };

    private static bool FirstSync(LocationSummary token) => token.Condition == LocationCondition.NeverSynced && Syncing(token);

    private string Time(DateTimeOffset? moment) => moment is null ? "?" : time.ToLocal(moment.Value).ToString("t", CultureInfo.CurrentCulture);

    private string RenewAgain => l["Download a new token for this location from Apple and choose Renew. Books, assignments and history stay as they are."];
}
