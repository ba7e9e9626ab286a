using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Locations;

/// <summary>A notice for the page somebody is sent to; read once.</summary>
internal sealed class PendingNotice
{
    private Notice? _notice;

    public void Leave(Notice notice) => _notice = notice;

    public Notice? Take() => Interlocked.Exchange(ref _notice, null);
}
