using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using VppBooks.Core.Alerts;
using VppBooks.Core.Mail;
using VppBooks.SimulatedCloud.Mail;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Alerts;

/// <summary>A synced location, the watch over it, and a receiver of signed requests.</summary>
internal sealed class AlertHouse : IAsyncDisposable
{
    public const string Secret = "a-secret-that-only-the-two-know";

    private const string MailTo = "it@noordrand.example";

    private readonly Mailbox? _mails;
    private List<string> _mailed = [];

    private AlertHouse(SpendingHouse house, AlertReceiver receiver, Mailbox? mails) => (House, Receiver, _mails) = (house, receiver, mails);

    public SpendingHouse House { get; }

    public AlertReceiver Receiver { get; }

    public AlertDesk Desk => House.Core.Get<AlertDesk>();

    public static Task<AlertHouse> StartAsync(Action<IServiceCollection>? configure = null) => StartAsync(null, configure);

    /// <summary>With a mail server beside the receiver of requests: what arrives at one must arrive at the other.</summary>
    public static Task<AlertHouse> StartWithMailAsync(Action<IServiceCollection>? configure = null)
    {
        var mails = new Mailbox();
        mails.Listen(0, TimeProvider.System);
        return StartAsync(mails, configure);
    }

    /// <summary>What the watch does once a minute.</summary>
    /// <returns>What arrived at the receiver by it.</returns>
    public async Task<IReadOnlyList<AlertMessage>> LookAsync()
    {
        var (messages, mails) = (Receiver.Messages.Count, _mails?.List().Count ?? 0);
        await LookAsync(House.Core);
        _mailed = [.. (_mails?.List() ?? []).SkipLast(mails).Select(m => m.Subject.Trim())];
        return Apart(Receiver.Messages.Skip(messages));
    }

    /// <summary>Messages about one alert each, whether they came together or not.</summary>
    internal static IReadOnlyList<AlertMessage> Apart(IEnumerable<AlertMessage> messages) =>
    [
        .. messages.SelectMany(m => m.Alerts is null
            ? [m]
            : m.Alerts.Select(a => m with { AlertId = a.AlertId, Severity = a.Severity, Title = a.Title, Url = a.Url, Count = a.Count, ErrorNumber = a.ErrorNumber, SupersededBy = a.SupersededBy, Alerts = null })),
    ];

    internal static Task LookAsync(CoreHouse house) => LookAsync(house.Services);

    /// <summary>The same in one of several processes.</summary>
    internal static async Task LookAsync(IServiceProvider process)
    {
        await process.GetRequiredService<AlertWatch>().LookAsync(CancellationToken.None);
        await process.GetRequiredService<AlertChannels>().SendDueAsync(CancellationToken.None);
    }

    /// <summary>Looks, and expects one message about one kind.</summary>
    public async Task<AlertMessage> OneAsync(AlertKind kind, AlertOccasion occasion) => One(await LookAsync(), kind, occasion);

    /// <summary>One message about one kind in what arrived by the last look, and the same by mail.</summary>
    public AlertMessage One(IEnumerable<AlertMessage> messages, AlertKind kind, AlertOccasion occasion)
    {
        var message = Assert.Single(messages, m => m.Kind == kind);
        Assert.Equal(occasion, message.Occasion);
        if (_mails is not null)
        {
            Assert.Single(_mailed, subject => subject == $"{occasion}: {message.Title}".Trim());
        }

        return message;
    }

    /// <summary>Looks again: nothing new is told of a kind.</summary>
    public async Task NothingMoreAsync(AlertKind kind)
    {
        Assert.DoesNotContain(await LookAsync(), m => m.Kind == kind);
        Assert.DoesNotContain(_mailed, subject => subject.Contains($": {kind}", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        await House.DisposeAsync();
        await Receiver.DisposeAsync();
        if (_mails is not null)
        {
            await _mails.DisposeAsync();
        }
    }

    private static async Task<AlertHouse> StartAsync(Mailbox? mails, Action<IServiceCollection>? configure)
    {
        var receiver = await AlertReceiver.StartAsync();
        var house = await SpendingHouse.StartAsync(configure: services =>
        {
            Configure(services, receiver, mails);
            configure?.Invoke(services);
        });
        return new AlertHouse(house, receiver, mails);
    }

    internal static void Configure(IServiceCollection services, AlertReceiver receiver, Mailbox? mails)
    {
        services.Replace(ServiceDescriptor.Singleton(
            new AlertOptions { Webhooks = [new AlertWebhook(receiver.Url, Secret)], MailTo = mails is null ? [] : [MailTo], ConsoleUrl = "https://books.example", StockLowShare = 0, WebhooksMayBePrivate = true }));
        if (mails is not null)
        {
            services.Configure<MailOptions>(o => (o.Host, o.Port, o.Security, o.From) = ("127.0.0.1", mails.Port, MailSecurity.None, "VppBooks <books@noordrand.example>"));
        }

        services.AddSingleton<IAlertLanguages, PlainWords>();
    }

    internal sealed class PlainWords : IAlertWords, IAlertLanguages
    {
        public IAlertWords In(string language) => this;

        public string Title(AlertFacts alert) => $"{alert.Kind} {alert.Subject} {alert.Count}";

        public string Title(AlertFacts worst, int count) => $"{count} of {worst.Kind}";

        public string ListPath => "/monitor/alerts";

        public string More(int count) => $"and {count} more";

        public string Remedy(AlertFacts alert) => "Do something.";

        public string Path(AlertFacts alert) => "/monitor/alerts";

        public string MailSubject(AlertMessage message) => $"{message.Occasion}: {message.Title}";

        public string MailFooter => "Sent by VppBooks.";

        public string Language => "en";
    }
}

/// <summary>An HTTP listener on loopback that checks signatures as the documentation tells.</summary>
internal sealed class AlertReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<AlertMessage> _messages = [];

    private AlertReceiver(WebApplication app) => _app = app;

    public string Url { get; private set; } = "";

    /// <summary>Status to answer with.</summary>
    public int Status { get; set; } = 204;

    /// <summary>Answers are kept back until this has happened.</summary>
    public Task Answers { get; set; } = Task.CompletedTask;

    /// <summary>Signatures that did not fit.</summary>
    public int Forged { get; private set; }

    /// <summary>Everything that arrived, taken or not, in order.</summary>
    public IReadOnlyList<AlertMessage> Messages => [.. _messages];

    public static async Task<AlertReceiver> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var receiver = new AlertReceiver(builder.Build());
        receiver._app.Run(receiver.ReceiveAsync);
        await receiver._app.StartAsync(TestContext.Current.CancellationToken);
        receiver.Url = receiver._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First() + "/alerts";
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync(context.RequestAborted);
        var parts = context.Request.Headers[AlertHooks.SignatureHeader].ToString().Split(',').Select(p => p.Split('=', 2)).ToDictionary(p => p[0], p => p[1]);
        var key = Encoding.UTF8.GetBytes(AlertHouse.Secret);
        var expected = Convert.ToHexStringLower(System.Security.Cryptography.HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(parts["t"] + "." + body)));
        Forged += expected == parts["v1"] ? 0 : 1;
        _messages.Enqueue(AlertMessage.FromJson(body));
        await Answers;
        context.Response.StatusCode = Status;
    }
}
