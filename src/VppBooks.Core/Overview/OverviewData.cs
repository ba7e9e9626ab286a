using VppBooks.Core.Locations;

namespace VppBooks.Core.Overview;

/// <summary>Licenses of all connected tokens. Unlimited books are counted apart: they have no stock.</summary>
/// <param name="Books">Books, unlimited ones included.</param>
/// <param name="Total">Copies owned of limited books.</param>
/// <param name="Used">Copies used of limited books.</param>
/// <param name="Free">Copies free of limited books.</param>
/// <param name="Reserved">Copies set aside or on their way.</param>
/// <param name="Waiting">People waiting for a copy, a person once per book.</param>
/// <param name="UnlimitedBooks">Books without a stock.</param>
/// <param name="UnlimitedUsed">Copies used of them.</param>
/// <param name="ShortBooks">Limited books that are low by the thresholds of alerts, or that people wait for.</param>
public sealed record LicenseTotals(int Books, long Total, long Used, long Free, int Reserved, int Waiting, int UnlimitedBooks, long UnlimitedUsed, int ShortBooks);

/// <summary>A token on the overview.</summary>
public sealed record TokenSummary(
    int LocationId, Guid PublicId, string Name, TokenState State, bool ReadOnly, DateTimeOffset Expires, SyncStatus SyncStatus, DateTimeOffset? LastSyncedAt, DateTimeOffset? PausedUntil);

/// <summary>People of the directory whom we registered with Apple. Each number is the length of the list of people with that filter; who stands differently at two tokens is in two of them.</summary>
/// <param name="Ready">Associated with an Apple Account at one connected token at least.</param>
/// <param name="MustAccept">Invited and not accepted at one at least.</param>
/// <param name="Refused">Refused by Apple at one at least.</param>
public sealed record PeopleTotals(int Ready, int MustAccept, int Refused);

/// <summary>Something that needs a person; every kind has one next step. Words are the screen's.</summary>
public abstract record AttentionItem
{
    private AttentionItem()
    {
    }

    /// <summary>Another device management claims the location: take control, or delete the token.</summary>
    public sealed record TokenClaimedElsewhere(Guid LocationId, string Name, string? ClaimedBy) : AttentionItem;

    /// <summary>The token is over: renew it.</summary>
    public sealed record TokenExpired(Guid LocationId, string Name, DateTimeOffset ExpiredAt) : AttentionItem;

    /// <summary>Apple refuses the token: renew it.</summary>
    public sealed record TokenRefused(Guid LocationId, string Name, int? ErrorNumber) : AttentionItem;

    /// <summary>The token may read but not assign.</summary>
    public sealed record TokenReadOnly(Guid LocationId, string Name) : AttentionItem;

    /// <summary>The token ends within 30 days: renew it.</summary>
    public sealed record TokenExpiring(Guid LocationId, string Name, DateTimeOffset Expires) : AttentionItem;

    /// <summary>The last sync failed.</summary>
    public sealed record SyncFailed(Guid LocationId, string Name, string? ErrorCode, DateTimeOffset? LastSyncedAt) : AttentionItem;

    /// <summary>People wait for copies of a book: buy some.</summary>
    public sealed record BookShort(Guid BookId, string? Title, long AdamId, int Waiting, long Free) : AttentionItem;

    /// <summary>Apple refused licenses: look why.</summary>
    public sealed record LicensesFailed(Guid BookId, string? Title, long AdamId, int Count) : AttentionItem;
}

/// <summary>A line of the recent activity.</summary>
public sealed record RecentEvent(long Id, DateTimeOffset At, string ActorName, string Action, Guid? LocationId, string? LocationName, Guid? BookId, string? BookTitle, long? AdamId, string? GroupName, string? Details);

/// <summary>What the first page shows.</summary>
/// <param name="Attention">At most five, most urgent first.</param>
/// <param name="Recent">The last ten events, newest first; null: the actor may not read the activity.</param>
public sealed record OverviewData(
    LicenseTotals Licenses, PeopleTotals People, IReadOnlyList<TokenSummary> Tokens, IReadOnlyList<AttentionItem> Attention, IReadOnlyList<RecentEvent>? Recent);
