using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Verification;

/// <summary>What the page about verification shows.</summary>
/// <param name="Last">The last result of this process; null: none since it started.</param>
/// <param name="Running">How far the running one has come; null: none runs.</param>
/// <param name="Failed">The latest one ended without a result; the log says why.</param>
public sealed record VerificationStatus(VerificationResult? Last, VerificationProgress? Running, bool Failed);

/// <summary>Runs verifications for people, one at a time in this process, and keeps the last result in memory. It goes on when the page that asked is closed.</summary>
public sealed class VerificationRuns(
    LedgerVerifier verifier, IDbContextFactory<VppBooksDbContext> contexts, TimeProvider clock, ILogger<VerificationRuns> logger) : IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private VerificationStatus _status = new(null, null, Failed: false);

    /// <summary>Something of what <see cref="Read"/> tells changed. Called on the verifying thread: hand over quickly.</summary>
    public event EventHandler? Changed;

    private VerificationStatus Status
    {
        get
        {
            lock (_gate)
            {
                return _status;
            }
        }
    }

    /// <summary>The last result, and how far the running one has come.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public VerificationStatus Read(Actor actor)
    {
        actor.Demand(Permissions.Read);
        return Status;
    }

    /// <summary>Begins a verification.</summary>
    /// <returns>False when one is running already. The task ends with the verification.</returns>
    /// <exception cref="NotAllowedException">The actor may not ask Apple for fresh numbers.</exception>
    public bool Start(Actor actor, out Task ended)
    {
        actor.Demand(Permissions.SyncNow);
        lock (_gate)
        {
            if (_status.Running is not null)
            {
                ended = Task.CompletedTask;
                return false;
            }

            _status = _status with { Running = new VerificationProgress("", 0, 0, 0), Failed = false };
        }

        Tell();
        ended = Task.Run(() => RunAsync(actor, _stopping.Token), CancellationToken.None);
        return true;
    }

    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private async Task RunAsync(Actor actor, CancellationToken stopping)
    {
        try
        {
            var result = await verifier.VerifyAsync(new Telling(this), stopping);
            await RecordAsync(actor, result, stopping);
            Set(new VerificationStatus(result, null, Failed: false));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The program stops: nobody waits for the result any more.
        }
#pragma warning disable CA1031 // Whatever it was, the page must not show it as running for ever.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            logger.VerificationFailed(failure);
            Set(Status with { Running = null, Failed = true });
        }
    }

    private async Task RecordAsync(Actor actor, VerificationResult result, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        db.Audit(actor, clock.GetUtcNow(), "ledger.verified", default, new
        {
            verdict = result.Verdict.ToString(),
            locations = result.Locations.Count(l => l.Checked),
            notChecked = result.Locations.Count(l => !l.Checked),
            differences = result.Differences.Count,
            result.Unexplained,
        });
        await db.SaveChangesAsync(cancellationToken);
    }

    private void Set(VerificationStatus status)
    {
        lock (_gate)
        {
            _status = status;
        }

        Tell();
    }

    private void Tell()
    {
        foreach (var listener in Changed?.GetInvocationList().Cast<EventHandler>() ?? [])
        {
            try
            {
                listener(this, EventArgs.Empty);
            }
#pragma warning disable CA1031 // A page that fails must not stop the work it watches.
            catch (Exception)
#pragma warning restore CA1031
            {
            }
        }
    }

    private sealed class Telling(VerificationRuns runs) : IProgress<VerificationProgress>
    {
        public void Report(VerificationProgress value) => runs.Set(runs.Status with { Running = value });
    }
}
