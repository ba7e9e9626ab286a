using System.Security.Cryptography;
using Microsoft.AspNetCore.Components;

namespace VppBooks.Web.Components.Elements;

/// <summary>A page whose reads stop when somebody leaves it.</summary>
public abstract class LeavablePage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _leaving = new();
    private bool _left;

    /// <summary>Cancelled when the page goes away.</summary>
    protected CancellationToken Leaving => _left ? new CancellationToken(canceled: true) : _leaving.Token;

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Runs a read. A failure goes to the log; the page gets a short reference to it.</summary>
    protected async Task<Loadable<T>> LoadAsync<T>(Func<Task<T>> read, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(read);
        try
        {
            return Loadable<T>.From(await read());
        }
        catch (OperationCanceledException) when (_left)
        {
            return new Loadable<T>.Pending();
        }
        catch (Exception exception)
        {
            var reference = RandomNumberGenerator.GetHexString(8);
            logger.ReadFailed(exception, GetType().Name, reference);
            return new Loadable<T>.Failed(reference);
        }
    }

    protected virtual void Dispose(bool disposing)
    {
        if (disposing && !_left)
        {
            _left = true;
            _leaving.Cancel();
            _leaving.Dispose();
        }
    }
}

internal static partial class ElementsLog // ids 1100-1199
{
    [LoggerMessage(1101, LogLevel.Error, "{Page} could not read its data; reference {Reference}")]
    public static partial void ReadFailed(this ILogger logger, Exception exception, string page, string reference);
}
