using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Locations;

/// <summary>An outcome for the page somebody is sent to; read once.</summary>
internal sealed class PendingOutcome
{
    private Outcome? _outcome;

    public void Leave(Outcome outcome) => _outcome = outcome;

    public Outcome? Take() => Interlocked.Exchange(ref _outcome, null);
}
