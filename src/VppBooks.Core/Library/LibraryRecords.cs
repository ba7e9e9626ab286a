namespace VppBooks.Core.Library;

/// <summary>Where a book stands for its reader.</summary>
public enum LibraryBookState
{
    /// <summary>The reader has it.</summary>
    Have = 0,

    /// <summary>A copy is set aside or sent; nothing to do.</summary>
    OnItsWay,

    /// <summary>A copy is set aside until the reader accepts the invitation.</summary>
    AfterInvitation,

    /// <summary>Somebody has yet to decide.</summary>
    AwaitsDecision,

    /// <summary>No copy is free: the reader is on the waiting list.</summary>
    Waiting,

    /// <summary>Given by the organization, and not begun yet.</summary>
    Expected,

    /// <summary>Apple refused it, or took it back; the help desk can see why.</summary>
    Refused,

    /// <summary>Offered: the reader may take it.</summary>
    CanGet,
}

/// <summary>A book on a reader's page.</summary>
/// <param name="Id">The book's public id.</param>
/// <param name="AdamId">Store id, shown when there is no title.</param>
/// <param name="Title">Null until the store was asked.</param>
/// <param name="Author">Null when unknown.</param>
/// <param name="CoverId">For the cover; null when there is none.</param>
/// <param name="StoreUrl">The book in Apple Books.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Place">1 for who is served next; null unless the reader waits.</param>
public sealed record LibraryBook(Guid Id, long AdamId, string? Title, string? Author, int? CoverId, string StoreUrl, LibraryBookState State, int? Place);

/// <summary>An invitation that the reader has not accepted.</summary>
/// <param name="LocationId">Public id of the location.</param>
/// <param name="OrganizationName">Who invites.</param>
/// <param name="Ready">The link can be given out now; otherwise Apple's mail has it, or it is known after the next sync.</param>
public sealed record LibraryInvitation(Guid LocationId, string OrganizationName, bool Ready);

/// <summary>Everything on a reader's page.</summary>
/// <param name="Invitations">What to do first.</param>
/// <param name="Books">Books the reader has, expects or waits for; had ones first.</param>
/// <param name="Offered">Books the reader may take.</param>
public sealed record LibraryView(IReadOnlyList<LibraryInvitation> Invitations, IReadOnlyList<LibraryBook> Books, IReadOnlyList<LibraryBook> Offered);
