using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Channels;

namespace VppBooks.SimulatedCloud.Apple;

/// <summary>A notification as it goes out.</summary>
internal sealed record PostedNotification(string UId, string Url, string Authorization, string Type, string Id, byte[] Body);

/// <summary>Carries notifications instead of HTTP, when and as often as it likes: for tests in which nothing may happen by itself.</summary>
internal interface INotificationCarrier
{
    /// <summary>Takes a notification to deliver it some time, or never. Called under the simulator's gate.</summary>
    void Post(PostedNotification notification);

    /// <summary>Delivers the test of an address at once.</summary>
    /// <returns>The receiver's HTTP status; 0 when it is not reached.</returns>
    Task<int> DeliverTestAsync(PostedNotification notification);
}

/// <summary>Delivers notifications over real HTTP: at most three attempts, and whatever disorder the switches ask for.</summary>
internal sealed class NotificationSender : IAsyncDisposable
{
    private readonly AppleSimulator _simulator;
    private readonly Random _random;
    private readonly Random _order;
    private readonly BoundedLog<NotificationEntry> _log = new(20_000);
    private readonly Channel<Delivery> _queue = Channel.CreateUnbounded<Delivery>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _http;
    private readonly Task _pump;
    private int _underWay;

    public NotificationSender(AppleSimulator simulator, int seed)
    {
        _simulator = simulator;
        _random = new Random(seed);
        _order = new Random(seed + 1);
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            // Only loopback may be signed by nobody: that is where a test's receiver listens.
            SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, errors) => errors == System.Net.Security.SslPolicyErrors.None || certificate?.Subject.Contains("localhost", StringComparison.Ordinal) == true },
        })
        { Timeout = TimeSpan.FromSeconds(10) };
        _pump = Task.Run(PumpAsync);
    }

    private sealed record Delivery(LocationState Location, string Url, string Token, string Type, byte[] Content, string Id, int Attempt);

    public IReadOnlyList<NotificationEntry> Log => _log.List();

    /// <summary>Takes everything over that would go over HTTP, the switches' disorder included; null: nobody does.</summary>
    public INotificationCarrier? Carrier { get; set; }

    /// <summary>Queues a notification, if the location wants its type. Called under the simulator's gate.</summary>
    public void Post(LocationState location, string type, Action<Utf8JsonWriter> write)
    {
        if (location.NotificationUrl is not { } url || !location.NotificationTypes.Contains(type))
        {
            return;
        }

        var switches = _simulator.Switches;
        var delivery = new Delivery(location, url, location.NotificationToken!, type, Render(write), _simulator.NextGuid(), 1);
        if (Carrier is { } carrier)
        {
            carrier.Post(Pack(delivery));
            return;
        }

        if (_random.NextDouble() < switches.NotificationLoss)
        {
            _log.Add(seq => new NotificationEntry(seq, _simulator.Now, location.UId, type, delivery.Id, 1, -1));
            return;
        }

        Enqueue(delivery);
        if (_random.NextDouble() < switches.NotificationDuplication)
        {
            Enqueue(switches.DuplicatesHaveNewIds ? delivery with { Id = _simulator.NextGuid() } : delivery);
        }
    }

    /// <summary>The one notification whose success matters: sent while client config is being changed.</summary>
    public async Task<bool> SendTestAsync(LocationState location, string url, string token, string id, CancellationToken cancellationToken)
    {
        var delivery = new Delivery(location, url, token, "TEST_NOTIFICATION", Render(static _ => { }), id, 1);
        return await (Carrier?.DeliverTestAsync(Pack(delivery)) ?? AttemptAsync(delivery, cancellationToken)) is >= 200 and < 300;
    }

    /// <summary>Waits until nothing is left that could be sent without the clock moving on.</summary>
    public async Task WhenQuietAsync(CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _underWay) > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_queue.Writer.TryComplete())
        {
            return;
        }

        await _stop.CancelAsync();
        await _pump;
        _http.Dispose();
        _stop.Dispose();
    }

    private static byte[] Render(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static PostedNotification Pack(Delivery delivery) => new(
        delivery.Location.UId,
        delivery.Url,
        "Bearer " + delivery.Token,
        delivery.Type,
        delivery.Id,
        Render(writer =>
        {
            writer.WritePropertyName("notification");
            writer.WriteRawValue(delivery.Content);
            writer.WriteString("notificationId", delivery.Id);
            writer.WriteString("notificationType", delivery.Type);
            writer.WriteString("uId", delivery.Location.UId);
        }));

    private void Enqueue(Delivery delivery)
    {
        var switches = _simulator.Switches;
        if (switches.NotificationDelay > TimeSpan.Zero)
        {
            _ = SendLaterAsync(delivery, switches.NotificationDelay * _random.NextDouble());
            return;
        }

        Interlocked.Increment(ref _underWay);
        if (!_queue.Writer.TryWrite(delivery))
        {
            Interlocked.Decrement(ref _underWay);
        }
    }

    private async Task SendLaterAsync(Delivery delivery, TimeSpan delay)
    {
        try
        {
            await Task.Delay(delay, _simulator.Clock, _stop.Token);
            Interlocked.Increment(ref _underWay);
            if (!_queue.Writer.TryWrite(delivery))
            {
                Interlocked.Decrement(ref _underWay);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // The stand-ins stopped; the notification is lost, which best effort allows.
        }
    }

    private async Task PumpAsync()
    {
        try
        {
            while (await _queue.Reader.WaitToReadAsync(_stop.Token))
            {
                var batch = new List<Delivery>();
                while (batch.Count < 50 && _queue.Reader.TryRead(out var delivery))
                {
                    batch.Add(delivery);
                }

                if (_simulator.Switches.ReorderNotifications)
                {
                    _order.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(batch));
                }

                foreach (var delivery in batch)
                {
                    var status = await AttemptAsync(delivery, _stop.Token);
                    if (status is not (>= 200 and < 300) && delivery.Attempt < 3)
                    {
                        _ = SendLaterAsync(delivery with { Attempt = delivery.Attempt + 1 }, _simulator.Switches.NotificationRetryDelay);
                    }

                    Interlocked.Decrement(ref _underWay);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Stopping.
        }
    }

    private async Task<int> AttemptAsync(Delivery delivery, CancellationToken cancellationToken)
    {
        var status = 0;
        try
        {
            var posted = Pack(delivery);
            using var request = new HttpRequestMessage(HttpMethod.Post, posted.Url) { Content = new ByteArrayContent(posted.Body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json", "utf-8");
            request.Headers.TryAddWithoutValidation("Authorization", posted.Authorization);
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            status = (int)response.StatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException or IOException && !cancellationToken.IsCancellationRequested)
        {
            // Not reached: status 0, tried again later.
        }

        _log.Add(seq => new NotificationEntry(seq, _simulator.Now, delivery.Location.UId, delivery.Type, delivery.Id, delivery.Attempt, status));
        return status;
    }
}
