namespace VppBooks.Core.Directory;

/// <summary>What is read of the directory. Each needs a permission of its own, so that one may fail while the other works.</summary>
public enum DirectoryKind : byte
{
    /// <summary>Groups and who is in them.</summary>
    Groups = 0,

    /// <summary>People themselves.</summary>
    People = 1,
}

/// <summary>How everybody reads the directory: long reads one at a time, and what becomes of each question is remembered.</summary>
public sealed class DirectoryReads(GraphDirectory directory, DirectoryHealth health, DirectoryGate gate) : IDisposable
{
    private readonly SemaphoreSlim _oneAtATime = new(1);

    /// <summary>Asks for almost nothing, only to learn whether the directory can be read again.</summary>
    /// <exception cref="DirectoryException">It cannot.</exception>
    public Task ProbeAsync(DirectoryKind kind, CancellationToken cancellationToken) => OneAtATimeAsync(
        () => RememberAsync(
            kind,
            async () =>
            {
                await directory.ProbeAsync(kind, cancellationToken);
                return true;
            },
            cancellationToken),
        cancellationToken);

    /// <summary>One long read at a time. It says itself what becomes of its questions: a read that had nothing to ask says nothing of the directory.</summary>
    internal async Task<T> OneAtATimeAsync<T>(Func<Task<T>> read, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            await HeedAsync(cancellationToken);
            return await read();
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>Asks, and remembers what became of it.</summary>
    /// <param name="proves">Whether the result shows that the directory can be read; always when it is null.</param>
    internal async Task<T> RememberAsync<T>(DirectoryKind kind, Func<Task<T>> ask, CancellationToken cancellationToken, Func<T, bool>? proves = null)
    {
        await HeedAsync(cancellationToken);
        try
        {
            var result = await ask();
            if (proves is null || proves(result))
            {
                await health.SucceededAsync(kind, cancellationToken);
            }

            return result;
        }
        catch (GroupGoneException)
        {
            await health.SucceededAsync(kind, cancellationToken);
            throw;
        }
        catch (DirectoryException e)
        {
            await health.FailedAsync(kind, e, CancellationToken.None);
            throw;
        }
    }

    /// <summary>Another server may have been asked to wait, or this one before it was started again.</summary>
    private async Task HeedAsync(CancellationToken cancellationToken) => gate.CloseUntil((await health.GetAsync(cancellationToken)).RetryAt);

    public void Dispose() => _oneAtATime.Dispose();
}
