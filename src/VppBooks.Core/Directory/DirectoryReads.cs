namespace VppBooks.Core.Directory;

/// <summary>How everybody reads the directory: long reads one at a time, and what becomes of each is remembered.</summary>
public sealed class DirectoryReads(GraphDirectory directory, DirectoryHealth health, DirectoryGate gate) : IDisposable
{
    private readonly SemaphoreSlim _oneAtATime = new(1);

    /// <summary>Asks for almost nothing, only to learn whether the directory can be read again.</summary>
    /// <exception cref="DirectoryException">It cannot.</exception>
    public Task ProbeAsync(CancellationToken cancellationToken) => OneAtATimeAsync(
        async () =>
        {
            await directory.ProbeAsync(cancellationToken);
            return true;
        },
        cancellationToken);

    /// <summary>One long read at a time.</summary>
    internal async Task<T> OneAtATimeAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            return await RememberAsync(read, cancellationToken);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    internal async Task<T> RememberAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        // Another server may have been asked to wait, or this one before it was started again.
        gate.CloseUntil((await health.GetAsync(cancellationToken)).RetryAt);
        try
        {
            var result = await read();
            await health.SucceededAsync(cancellationToken);
            return result;
        }
        catch (GroupGoneException)
        {
            await health.SucceededAsync(cancellationToken);
            throw;
        }
        catch (DirectoryException e)
        {
            await health.FailedAsync(e, CancellationToken.None);
            throw;
        }
    }

    public void Dispose() => _oneAtATime.Dispose();
}
