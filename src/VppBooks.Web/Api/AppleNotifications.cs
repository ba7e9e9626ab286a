using System.Buffers;
using System.Globalization;
using VppBooks.Core.Notifications;
using VppBooks.Web.Hosting;

namespace VppBooks.Web.Api;

/// <summary>
/// <c>POST /apple/notifications/{locationId}</c>: where Apple delivers (reference 4.4). The secret is looked at before the body; what is right is stored, then
/// acknowledged. Nobody signs in here and no cookie counts.
/// </summary>
internal static class AppleNotifications
{
    /// <summary>A notification names at most 100 elements: far below this.</summary>
    private const int MaxBody = 256 * 1024;

    /// <summary>Then Apple had better come again than hold the line.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private const int RetryAfterSeconds = 60;

    extension(IEndpointRouteBuilder routes)
    {
        public void MapAppleNotifications() => routes
            .MapPost(NotificationOptions.Path + "/{locationId:guid}", ReceiveAsync)
            .AllowAnonymous()
            .DisableAntiforgery()
            .ExcludeFromDescription();
    }

    private static async Task ReceiveAsync(HttpContext context, Guid locationId, NotificationGate gate, NotificationInbox inbox, NotificationTraffic traffic, ILogger<NotificationTraffic> logger)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        patience.CancelAfter(Patience);
        byte[]? rented = null;
        try
        {
            var tooMany = false;
            if (await gate.FindAsync(locationId, Header(context), () => !(tooMany = !traffic.MayFail(context)), patience.Token) is not { } origin)
            {
                if (tooMany)
                {
                    Answer(context, StatusCodes.Status429TooManyRequests, retryAfter: 10);
                    return;
                }

                logger.NotificationForged(locationId);
                context.Response.Headers.WWWAuthenticate = "Bearer";
                Answer(context, StatusCodes.Status401Unauthorized);
                return;
            }

            if (!traffic.TryTake(context, origin.LocationId))
            {
                Answer(context, StatusCodes.Status429TooManyRequests, retryAfter: 1);
                return;
            }

            if (context.Request.ContentLength > MaxBody)
            {
                Answer(context, StatusCodes.Status413PayloadTooLarge);
                return;
            }

            rented = ArrayPool<byte>.Shared.Rent(context.Request.ContentLength is { } length ? (int)length + 1 : MaxBody + 1);
            if (await ReadAsync(context.Request.Body, rented, patience.Token) is not { } read)
            {
                Answer(context, StatusCodes.Status413PayloadTooLarge);
                return;
            }

            var receipt = await inbox.AcceptAsync(origin, rented.AsMemory(0, read), patience.Token);
            Answer(context, receipt is Receipt.Stored or Receipt.Ignored ? StatusCodes.Status200OK : StatusCodes.Status400BadRequest);
        }
        catch (BadHttpRequestException e)
        {
            Answer(context, e.StatusCode);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody listens any more.
        }
#pragma warning disable CA1031 // Not stored, or nobody knows: whatever it was, Apple has to come again.
        catch (Exception e)
#pragma warning restore CA1031
        {
            logger.NotificationNotTaken(e.GetType().Name);
            Answer(context, StatusCodes.Status503ServiceUnavailable, RetryAfterSeconds);
        }
        finally
        {
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    private static string? Header(HttpContext context) => context.Request.Headers.Authorization is [var only] ? only : null;

    /// <returns>Bytes read; null when there are more than allowed.</returns>
    private static async Task<int?> ReadAsync(Stream body, byte[] buffer, CancellationToken cancellationToken)
    {
        var read = 0;
        while (read < buffer.Length)
        {
            var more = await body.ReadAsync(buffer.AsMemory(read), cancellationToken);
            if (more == 0)
            {
                break;
            }

            read += more;
        }

        return read > MaxBody ? null : read;
    }

    // No body in any answer: whoever is refused learns nothing, not even why.
    private static void Answer(HttpContext context, int status, int? retryAfter = null)
    {
        context.Response.StatusCode = status;
        if (retryAfter is { } seconds)
        {
            context.Response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }
    }
}

internal static partial class NotificationAddressLog // ids 1380-1389
{
    [LoggerMessage(1380, LogLevel.Warning, "Security: a notification for location {LocationId} came without the location's secret, or there is no such location")]
    public static partial void NotificationForged(this ILogger logger, Guid locationId);

    [LoggerMessage(1381, LogLevel.Error, "A notification could not be taken ({Failure}); Apple is asked to send it again")]
    public static partial void NotificationNotTaken(this ILogger logger, string failure);
}
