using System.Globalization;
using Microsoft.Extensions.Localization;
using VppBooks.Core.Overview;
using VppBooks.Web.Components.Elements;
using VppBooks.Web.Components.Locations;
using VppBooks.Web.Components.Sync;

namespace VppBooks.Web.Components.Overview;

/// <summary>What the first page says about things that need a person, and about what happened.</summary>
internal sealed class OverviewTexts(IStringLocalizer<OverviewTexts> l, SyncRunTexts syncs, TokenTexts tokens)
{
    public NextStep Explain(AttentionItem item, bool mayManage) => item switch
    {
        AttentionItem.TokenClaimedElsewhere t => new(
            State.Bad,
            t.ClaimedBy is { Length: > 0 } other ? l["“{0}” is managed by “{1}” now.", t.Name, other] : l["“{0}” is managed by another device management now.", t.Name],
            mayManage ? l["Take control"] : l["See the token"],
            TokenAddresses.Of(t.LocationId)),
        AttentionItem.TokenExpired t => Renewal(State.Bad, l["The token “{0}” expired on {1}.", t.Name, tokens.Date(t.ExpiredAt)], t.LocationId, mayManage),
        AttentionItem.TokenRefused t => Renewal(State.Bad, l["Apple no longer accepts the token “{0}”.", t.Name], t.LocationId, mayManage),
        AttentionItem.TokenExpiring t => Renewal(State.Warning, l["The token “{0}” expires on {1}.", t.Name, tokens.Date(t.Expires)], t.LocationId, mayManage),
        AttentionItem.TokenReadOnly t => new(State.Warning, l["Apple lets the token “{0}” read, but not give out licenses.", t.Name], l["See what to do"], TokenAddresses.Of(t.LocationId)),
        AttentionItem.SyncFailed t => new(State.Warning, l["The last sync of “{0}” failed: {1}", t.Name, syncs.Error(t.ErrorCode, null, null)], l["See the sync run"], TokenAddresses.Of(t.LocationId)),
        AttentionItem.BookShort b => new(
            State.Warning,
            b.Waiting > 0
                ? b.Waiting == 1 ? l["1 person waits for a copy of “{0}”.", Book(b.Title, b.AdamId)] : l["{0} people wait for a copy of “{1}”.", SyncRunTexts.Number(b.Waiting), Book(b.Title, b.AdamId)]
                : b.Free == 1 ? l["1 copy of “{0}” is left.", Book(b.Title, b.AdamId)] : l["{0} copies of “{1}” are left.", SyncRunTexts.Number(b.Free), Book(b.Title, b.AdamId)],
            l["See the book"],
            TokenAddresses.Book(b.BookId)),
        AttentionItem.LicensesFailed b => new(
            State.Bad,
            b.Count == 1 ? l["Apple refused 1 license of “{0}”.", Book(b.Title, b.AdamId)] : l["Apple refused {0} licenses of “{1}”.", SyncRunTexts.Number(b.Count), Book(b.Title, b.AdamId)],
            l["See why"],
            TokenAddresses.Book(b.BookId)),
        _ => new(State.Neutral, item.ToString() ?? "", l["See the tokens"], TokenAddresses.List),
    };

    /// <summary>What it was about; null for none.</summary>
    public string? About(RecentEvent happened) =>
        happened.BookId is not null || happened.AdamId is not null ? Book(happened.BookTitle, happened.AdamId ?? 0) : happened.LocationName ?? happened.GroupName;

    /// <summary>Where to look at it; null when there is no page.</summary>
    public static string? Where(RecentEvent happened) =>
        happened.BookId is { } book ? TokenAddresses.Book(book) : happened.LocationId is { } token ? TokenAddresses.Of(token) : null;

    private string Book(string? title, long adamId) => title ?? l["Book {0}", adamId.ToString(CultureInfo.InvariantCulture)];

    private NextStep Renewal(State state, string text, Guid id, bool mayManage) => mayManage
        ? new(state, text, l["Renew"], TokenAddresses.Panel(id, "renew"))
        : new(state, text, l["See the token"], TokenAddresses.Of(id));
}
