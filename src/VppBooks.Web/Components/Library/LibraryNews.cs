namespace VppBooks.Web.Components.Library;

/// <summary>What a reader's last press led to; part of the address, so that loading the page again repeats the sentence and not the press.</summary>
public enum LibraryNews
{
    None = 0,
    Taken,
    Waits,
    There,
    NotOffered,
    Cannot,
    Later,
    NoInvitation,
}
