using System.Globalization;
using Microsoft.Extensions.Localization;
using VppBooks.Core.Locations;
using VppBooks.Core.Sync;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Catalog;

/// <summary>What is said after somebody asked for a sync.</summary>
public sealed class SyncTexts;

internal static class SyncSentences
{
    extension(IStringLocalizer<SyncTexts> words)
    {
        /// <param name="result">The answer; null when the question itself failed.</param>
        /// <param name="token">The token's name.</param>
        public (State State, string Text) Say(SyncRequestResult? result, string token) => result switch
        {
            SyncRequestResult.Queued => (State.Busy, words["Syncing {0}. Numbers change here while it runs.", token]),
            SyncRequestResult.AlreadyUnderWay => (State.Busy, words["{0} is being synced already.", token]),
            SyncRequestResult.TooSoon soon => (State.Neutral, words["{0} was synced less than a minute ago. Try again in {1} s.", token, Seconds(soon.Wait)]),
            SyncRequestResult.NotPossible { State: TokenState.Expired } => (State.Bad, words["{0} cannot be synced: the token has expired. Renew it first.", token]),
            SyncRequestResult.NotPossible { State: TokenState.AssignedToExternalMdm } =>
                (State.Bad, words["{0} cannot be synced: another device management claims the location.", token]),
            SyncRequestResult.NotPossible => (State.Bad, words["{0} cannot be synced: Apple does not accept the token. Renew it first.", token]),
            SyncRequestResult.NotFound => (State.Bad, words["This token was deleted."]),
            _ => (State.Bad, words["The sync could not be asked for. Try again."]),
        };

        public (State State, string Text) Say(SyncAllResult? result) => result switch
        {
            null => (State.Bad, words["The sync could not be asked for. Try again."]),
            { Queued: > 0 } => (State.Busy, words["Tokens being synced: {0}. Numbers change here while it runs.", result.Queued + result.AlreadyUnderWay]),
            { AlreadyUnderWay: > 0 } => (State.Busy, words["Everything is being synced already."]),
            { TooSoon: > 0 } => (State.Neutral, words["Everything was synced less than a minute ago."]),
            _ => (State.Bad, words["No token can be synced. Look at the tokens' states."]),
        };
    }

    private static string Seconds(TimeSpan wait) => Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.CurrentCulture);
}
