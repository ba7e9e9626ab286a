using Microsoft.AspNetCore.Components;
using VppBooks.Core.Signals;

namespace VppBooks.Web.Components.Elements;

/// <summary>A page or part of the shell that reads again when what it shows has changed.</summary>
/// <remarks>Changes come in bursts, a page of a sync at a time; they are gathered, so a page reads at most once per <see cref="Pause"/>.</remarks>
public abstract class LivePage : LeavablePage
{
    private IDisposable? _subscription;
    private ITimer? _timer;
    private int _due;

    [Inject] private ChangeFeed Feed { get; set; } = default!;

    [Inject] private TimeProvider Clock { get; set; } = default!;

    /// <summary>Shortest time between two reads.</summary>
    protected virtual TimeSpan Pause => TimeSpan.FromMilliseconds(400);

    /// <summary>Whether the page shows what changed. Called on the publisher's thread.</summary>
    protected abstract bool Concerns(Change change);

    /// <summary>Reads again; called on the page's own context.</summary>
    protected abstract Task RefreshAsync();

    /// <summary>Reads again; a failure leaves what is shown.</summary>
    protected async Task<Loadable<T>> LoadAgainAsync<T>(Loadable<T> shown, Func<Task<T>> read, ILogger logger)
    {
        var fresh = await LoadAsync(read, logger);
        return fresh is Loadable<T>.Failed or Loadable<T>.Pending && shown is Loadable<T>.Ready ? shown : fresh;
    }

    protected override void OnAfterRender(bool firstRender)
    {
        if (firstRender)
        {
            _timer = Clock.CreateTimer(_ => _ = InvokeAsync(ReadAsync), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _subscription = Feed.Subscribe(OnChange);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _subscription?.Dispose();
            _timer?.Dispose();
        }

        base.Dispose(disposing);
    }

    private void OnChange(Change change)
    {
        if (Concerns(change) && Interlocked.Exchange(ref _due, 1) == 0)
        {
            _timer?.Change(Pause, Timeout.InfiniteTimeSpan);
        }
    }

    private async Task ReadAsync()
    {
        Interlocked.Exchange(ref _due, 0);
        if (!Leaving.IsCancellationRequested)
        {
            await RefreshAsync();
            StateHasChanged();
        }
    }
}
