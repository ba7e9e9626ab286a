using System.Globalization;
using Microsoft.Extensions.Localization;
using VppBooks.Core.Locations;
using VppBooks.Core.Sync;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Sync;

/// <summary>Syncs in the reader's words.</summary>
internal sealed class SyncRunTexts(IStringLocalizer<SyncRunTexts> l)
{
    public string Reason(SyncReason reason) => reason switch
    {
        SyncReason.Manual => l["By hand"],
        SyncReason.Upload => l["Token uploaded"],
        SyncReason.Notification => l["Apple's notification"],
        SyncReason.TakeOver => l["Control taken"],
        SyncReason.Start => l["VppBooks started"],
        _ => l["Schedule"],
    };

    public string Result(SyncResult result) => result switch
    {
        SyncResult.Running => l["Running"],
        SyncResult.Succeeded => l["Succeeded"],
        SyncResult.Failed => l["Failed"],
        SyncResult.Canceled => l["Canceled"],
        SyncResult.Partial => l["Partial"],
        _ => result.ToString(),
    };

    public static State StateOf(SyncResult result) => result switch
    {
        SyncResult.Running => State.Busy,
        SyncResult.Succeeded => State.Good,
        SyncResult.Failed => State.Bad,
        SyncResult.Partial => State.Warning,
        _ => State.Neutral,
    };

    /// <summary>Result of the last sync, for lists of tokens.</summary>
    public string Status(SyncStatus status) => status switch
    {
        SyncStatus.InProgress => l["Running"],
        SyncStatus.Completed => l["Succeeded"],
        SyncStatus.Failed => l["Failed"],
        _ => l["Not yet"],
    };

    public static State StateOf(SyncStatus status) => status switch
    {
        SyncStatus.InProgress => State.Busy,
        SyncStatus.Completed => State.Good,
        SyncStatus.Failed => State.Bad,
        _ => State.Waiting,
    };

    public string Phase(SyncPhase phase) => phase switch
    {
        SyncPhase.Waiting => l["Waiting"],
        SyncPhase.Claim => l["Check who manages the location"],
        SyncPhase.Books => l["Books and counts"],
        SyncPhase.People => l["People"],
        SyncPhase.Assignments => l["Assignments"],
        SyncPhase.Titles => l["Titles and covers"],
        SyncPhase.Publish => l["Make it visible"],
        _ => l["Done"],
    };

    public string Duration(TimeSpan span) => span switch
    {
        { TotalSeconds: < 1 } => l["under 1 s"],
        { TotalMinutes: < 1 } => l["{0} s", Math.Round(span.TotalSeconds)],
        { TotalHours: < 1 } => l["{0} min {1} s", span.Minutes, span.Seconds],
        _ => l["{0} h {1} min", (int)span.TotalHours, span.Minutes],
    };

    /// <summary>Why the latest run failed, as a sentence.</summary>
    public string Error(LocationSyncError? error) => error is null ? l["the reason is not known."] : Error(error.Code, error.ErrorNumber, error.Detail);

    /// <summary>Why a run failed, as a sentence. A code without words here shows Core's own English detail.</summary>
    public string Error(string? code, int? number, string? detail) => code switch
    {
        "AppleUnavailable" => l["Apple did not answer."],
        "UpstreamMalformed" => l["Apple's answer could not be understood."],
        "ClaimLost" => l["another device management took the location while it was read."],
        "TokenUnreadable" => l["the stored token cannot be decrypted on this installation."],
        _ when detail is { Length: > 0 } && number is { } known => l["{0} (Apple's number {1})", detail, known],
        _ when detail is { Length: > 0 } => detail,
        _ when number is { } only => l["Apple refused (Apple's number {0}).", only],
        _ => l["the reason is not known."],
    };

    /// <summary>What became of a wish to sync one token.</summary>
    public Outcome Answer(SyncRequestResult result, string name) => result switch
    {
        SyncRequestResult.Queued => new(State.Good, l["A sync of “{0}” begins.", name]),
        SyncRequestResult.AlreadyUnderWay => new(State.Neutral, l["A sync of “{0}” is under way already.", name]),
        SyncRequestResult.TooSoon tooSoon => new(State.Waiting, l["“{0}” was synced less than a minute ago. Try again in {1} s.", name, Math.Max(1, (int)Math.Ceiling(tooSoon.Wait.TotalSeconds))]),
        SyncRequestResult.NotPossible { State: TokenState.Expired } => new(State.Bad, l["“{0}” cannot be synced: its token has expired. Renew it first.", name]),
        SyncRequestResult.NotPossible { State: TokenState.AssignedToExternalMdm } => new(State.Bad, l["“{0}” cannot be synced: another device management has it. Take control first.", name]),
        SyncRequestResult.NotPossible => new(State.Bad, l["“{0}” cannot be synced: Apple does not accept its token. Renew it first.", name]),
        _ => new(State.Bad, l["“{0}” is no longer here.", name]),
    };

    /// <summary>What became of a wish to sync them all.</summary>
    public Outcome Answer(SyncAllResult result)
    {
        List<string> parts = [];
        Add(result.Queued, n => n == 1 ? l["1 sync begins"] : l["{0} syncs begin", n]);
        Add(result.AlreadyUnderWay, n => l["{0} under way already", n]);
        Add(result.TooSoon, n => l["{0} synced less than a minute ago", n]);
        Add(result.NotPossible, n => l["{0} cannot be synced as they stand", n]);
        return new Outcome(
            result.NotPossible > 0 ? State.Warning : result.Queued > 0 ? State.Good : State.Neutral,
            parts.Count == 0 ? l["There is nothing to sync."] : string.Join(" · ", parts));

        void Add(int count, Func<int, string> words)
        {
            if (count > 0)
            {
                parts.Add(words(count));
            }
        }
    }

    public static string Number(long value) => value.ToString("N0", CultureInfo.CurrentCulture);
}
