using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Alerts;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Verification;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;
using VppBooks.Web.Hosting;
using VppBooks.Web.Settings;

namespace VppBooks.Tests.Alerts;

/// <content>The audit trail stops, was moved by somebody else, or does not leave.</content>
public sealed partial class AlertCauseTests
{
    [Fact]
    public async Task Audit_trail_that_cannot_be_sealed_is_told_after_a_quarter_of_an_hour_and_seals_clear_it()
    {
        var keys = new RefusingKeys();
        await using var alerts = await AlertHouse.StartWithMailAsync(services => services.AddSingleton<IAlertSource, AuditAlerts>().AddSingleton<IKeyWrapper>(keys));
        var house = alerts.House;
        await SealAsync(house);
        await alerts.NothingMoreAsync(AlertKind.AuditNotSealed);

        keys.Refusing = true;
        await HappenAsync(house);
        await Assert.ThrowsAsync<CryptographicException>(() => SealAsync(house));
        house.Core.Clock.Pass(TimeSpan.FromMinutes(14));
        await alerts.NothingMoreAsync(AlertKind.AuditNotSealed);
        house.Core.Clock.Pass(TimeSpan.FromMinutes(2));
        Assert.Equal(AlertSeverity.Critical, (await alerts.OneAsync(AlertKind.AuditNotSealed, AlertOccasion.Raised)).Severity);
        await alerts.NothingMoreAsync(AlertKind.AuditNotSealed);

        keys.Refusing = false;
        await SealAsync(house);
        await alerts.OneAsync(AlertKind.AuditNotSealed, AlertOccasion.Cleared);
    }

    [Theory]
    [InlineData(AuditChain.Events)]
    [InlineData(AuditChain.Licenses)]
    public async Task Missing_end_of_the_audit_trail_is_told_at_once_and_putting_it_back_clears_it(AuditChain chain)
    {
        await using var alerts = await AlertHouse.StartWithMailAsync(services => services.AddSingleton<IAlertSource, AuditAlerts>());
        var house = alerts.House;
        await SealAsync(house);
        await alerts.NothingMoreAsync(AlertKind.AuditNotSealed);
        AuditChainHead head;
        await using (var db = await house.Core.OpenAsync())
        {
            head = await db.AuditChainHeads.AsNoTracking().SingleAsync(h => h.Id == chain);
            await db.AuditChainHeads.Where(h => h.Id == chain).ExecuteDeleteAsync();
        }

        var raised = await alerts.OneAsync(AlertKind.AuditNotSealed, AlertOccasion.Raised);
        await SealAsync(house);
        await alerts.NothingMoreAsync(AlertKind.AuditNotSealed);

        await house.Core.ChangeAsync(db => db.AuditChainHeads.Add(head));
        await SealAsync(house);
        Assert.Equal(raised.AlertId, (await alerts.OneAsync(AlertKind.AuditNotSealed, AlertOccasion.Cleared)).AlertId);
    }

    [Fact]
    public async Task End_of_the_audit_trail_that_was_not_signed_here_is_told_until_somebody_has_verified()
    {
        await using var alerts = await AlertHouse.StartWithMailAsync(services => services.AddSingleton<IAlertSource, AuditAlerts>());
        var house = alerts.House;
        await SealAsync(house);
        await alerts.NothingMoreAsync(AlertKind.AuditNotSigned);
        await using (var db = await house.Core.OpenAsync())
        {
            await db.AuditChainHeads.Where(h => h.Id == AuditChain.Events).ExecuteUpdateAsync(set => set.SetProperty(h => h.Signature, new byte[] { 1 }));
        }

        // A process that begins looks whether the end is its own, and goes on from it all the same.
        await HappenAsync(house);
        await using (var next = house.Core.SecondProcess())
        {
            await next.GetRequiredService<AuditSealer>().SealAsync(CancellationToken.None);
        }

        Assert.Equal(AlertSeverity.Critical, (await alerts.OneAsync(AlertKind.AuditNotSigned, AlertOccasion.Raised)).Severity);
        house.Core.Clock.Pass(TimeSpan.FromDays(1));
        await SealAsync(house);
        await alerts.NothingMoreAsync(AlertKind.AuditNotSigned);

        Assert.True(house.Core.Get<VerificationRuns>().Start(CoreHouse.Admin, out var ended));
        await ended;
        await alerts.OneAsync(AlertKind.AuditNotSigned, AlertOccasion.Cleared);
    }

    [Fact]
    public async Task Syslog_server_that_is_away_for_long_is_told_and_the_rows_that_follow_clear_it()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var settings = new AuditForwardSettings { SyslogHost = "127.0.0.1", SyslogPort = ((IPEndPoint)listener.LocalEndpoint).Port };
        listener.Stop();
        await using var alerts = await AlertHouse.StartWithMailAsync(services => services.AddSingleton<IAlertSource>(
            provider => ActivatorUtilities.CreateInstance<ForwardingAlerts>(provider, AuditTarget.Of(settings))));
        var house = alerts.House;
        var forwarder = house.Core.Get<AuditForwarder>();
        using var target = AuditTarget.ToSyslog(settings.SyslogHost, settings.SyslogPort, settings.SyslogProtocol);
        await SealAsync(house);

        // Rows that are old when forwarding begins are none that stand still.
        house.Core.Clock.Pass(TimeSpan.FromHours(5));
        await alerts.NothingMoreAsync(AlertKind.AuditNotForwarded);
        await Assert.ThrowsAnyAsync<Exception>(() => forwarder.ForwardAsync(target, CancellationToken.None));
        house.Core.Clock.Pass(TimeSpan.FromMinutes(16));
        await Assert.ThrowsAnyAsync<Exception>(() => forwarder.ForwardAsync(target, CancellationToken.None));
        await alerts.OneAsync(AlertKind.AuditNotForwarded, AlertOccasion.Raised);
        await alerts.NothingMoreAsync(AlertKind.AuditNotForwarded);

        // A process that has just begun does not take it for over.
        await using (var next = house.Core.SecondProcess())
        {
            var before = alerts.Receiver.Messages.Count;
            await AlertHouse.LookAsync(next);
            Assert.DoesNotContain(alerts.Receiver.Messages.Skip(before), m => m.Kind == AlertKind.AuditNotForwarded);
        }

        // Nor another one that has seen rows move, and looks before it has watched them stand still for long enough.
        await using (var other = house.Core.SecondProcess())
        {
            var sources = other.GetServices<IAlertSource>().OfType<ForwardingAlerts>().Single();
            Assert.NotEmpty(await sources.ListAsync(CancellationToken.None));
            await house.Core.ChangeAsync(db => db.AuditForwardings.Single().Events = 1);
            await sources.ListAsync(CancellationToken.None);
            await house.Core.ChangeAsync(db => db.AuditForwardings.Single().Events = 0);
            Assert.Empty(await sources.ListAsync(CancellationToken.None));
            await house.Core.ChangeAsync(db => db.Alerts.Single(a => a.Kind == AlertKind.AuditNotForwarded).RaisedAt = house.Core.Clock.GetUtcNow().AddMinutes(1));
            house.Core.Clock.Pass(TimeSpan.FromMinutes(2));
            Assert.NotEmpty(await sources.ListAsync(CancellationToken.None));
        }

        using var again = new TcpListener(IPAddress.Loopback, settings.SyslogPort);
        again.Start();
        Assert.True(await forwarder.ForwardAsync(target, CancellationToken.None) > 0);
        await alerts.OneAsync(AlertKind.AuditNotForwarded, AlertOccasion.Cleared);
    }

    private static Task<int> SealAsync(SpendingHouse house) => house.Core.Get<AuditSealer>().SealAsync(CancellationToken.None);

    private static Task HappenAsync(SpendingHouse house) => house.Core.ChangeAsync(db => db.Audit(CoreHouse.Admin, house.Core.Clock.GetUtcNow(), "sync.requested", default));

    private sealed class RefusingKeys : IKeyWrapper
    {
        public bool Refusing { get; set; }

        public byte[] Wrap(byte[] dataKey) => Refusing ? throw new CryptographicException("No key is left.") : (byte[])dataKey.Clone();

        public byte[] Unwrap(byte[] wrapped) => (byte[])wrapped.Clone();
    }
}
