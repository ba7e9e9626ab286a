using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Alerts;
using VppBooks.Core.Persistence.Sqlite;
using VppBooks.Tests.Locations;
using VppBooks.Tests.Persistence;
using VppBooks.Web.Hosting;
using VppBooks.Web.Settings;

namespace VppBooks.Tests.Alerts;

/// <content>What goes wrong on this machine: the disk, and the certificate of the key ring.</content>
public sealed partial class AlertCauseTests
{
    [Fact]
    public async Task Full_disk_is_told_although_it_cannot_be_written_down_and_room_clears_it()
    {
        var disk = new FullDisk();
        await using var alerts = await AlertHouse.StartWithMailAsync(services => services.ConfigureDbContext<SqliteVppBooksDbContext>(o => o.AddInterceptors(disk)));
        await alerts.LookAsync();
        await disk.FillAsync(alerts.House.Core.Services);

        var raised = await alerts.OneAsync(AlertKind.StorageFull, AlertOccasion.Raised);
        Assert.Equal(AlertSeverity.Critical, raised.Severity);
        await alerts.NothingMoreAsync(AlertKind.StorageFull);
        Assert.DoesNotContain(await alerts.Desk.ListAsync(CoreHouse.Admin, CancellationToken.None), a => a.Facts.Kind == AlertKind.StorageFull);

        disk.Full = false;
        var cleared = await alerts.OneAsync(AlertKind.StorageFull, AlertOccasion.Cleared);
        Assert.Equal(raised.AlertId, cleared.AlertId);
        await alerts.NothingMoreAsync(AlertKind.StorageFull);
        var row = Assert.Single(await alerts.Desk.ListAsync(CoreHouse.Admin, CancellationToken.None), a => a.Facts.Kind == AlertKind.StorageFull);
        Assert.Equal((raised.At, raised.AlertId), (row.RaisedAt, row.PublicId));
        Assert.NotNull(row.ClearedAt);
    }

    [Fact]
    public async Task Full_disk_is_told_again_to_a_receiver_that_did_not_take_it()
    {
        var disk = new FullDisk();
        await using var alerts = await AlertHouse.StartWithMailAsync(services => services.ConfigureDbContext<SqliteVppBooksDbContext>(o => o.AddInterceptors(disk)));
        await alerts.LookAsync();
        await disk.FillAsync(alerts.House.Core.Services);

        alerts.Receiver.Status = 503;
        var refused = await alerts.OneAsync(AlertKind.StorageFull, AlertOccasion.Raised);
        alerts.Receiver.Status = 204;

        Assert.Equal(refused, Assert.Single(await alerts.LookAsync(), m => m.Kind == AlertKind.StorageFull));
        await alerts.NothingMoreAsync(AlertKind.StorageFull);
    }

    [Fact]
    public async Task Certificate_of_the_key_ring_that_ends_or_is_gone_is_told_and_another_one_clears_it()
    {
        var path = Path.Combine(Path.GetTempPath(), $"vppbooks-{Guid.NewGuid():N}.pfx");
        await using var alerts = await AlertHouse.StartWithMailAsync(services =>
        {
            services.Configure<KeyRingSettings>(o => (o.CertificatePath, o.CertificatePassword) = (path, "test"));
            services.AddSingleton<IAlertSource, CertificateAlerts>();
        });
        var clock = alerts.House.Core.Clock;
        try
        {
            WriteCertificate(path, clock.GetUtcNow() + TimeSpan.FromDays(60) + TimeSpan.FromHours(1));
            Assert.DoesNotContain(await alerts.LookAsync(), m => m.Kind == AlertKind.CertificateExpiring);

            clock.Pass(TimeSpan.FromHours(2));
            Assert.Equal(AlertSeverity.Warning, (await alerts.OneAsync(AlertKind.CertificateExpiring, AlertOccasion.Raised)).Severity);
            await alerts.NothingMoreAsync(AlertKind.CertificateExpiring);
            clock.Pass(TimeSpan.FromDays(59.5));
            Assert.Equal(AlertSeverity.Critical, (await alerts.OneAsync(AlertKind.CertificateExpiring, AlertOccasion.Worse)).Severity);

            File.Delete(path);
            await alerts.OneAsync(AlertKind.CertificateExpiring, AlertOccasion.Worse);

            // Nothing changes while it is gone, so nothing is written.
            var seen = await VersionAsync();
            clock.Pass(TimeSpan.FromMinutes(1));
            await alerts.LookAsync();
            Assert.Equal(seen, await VersionAsync());

            WriteCertificate(path, clock.GetUtcNow() + TimeSpan.FromDays(365));
            await alerts.OneAsync(AlertKind.CertificateExpiring, AlertOccasion.Cleared);
        }
        finally
        {
            File.Delete(path);
        }

        async Task<int> VersionAsync()
        {
            await using var db = await alerts.House.Core.OpenAsync();
            return (await db.Alerts.SingleAsync(a => a.Kind == AlertKind.CertificateExpiring)).Version;
        }
    }

    private static void WriteCertificate(string path, DateTimeOffset end)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=VppBooks key ring", key, HashAlgorithmName.SHA256).CreateSelfSigned(end - TimeSpan.FromDays(366), end);
        File.WriteAllBytes(path, certificate.Export(X509ContentType.Pkcs12, "test"));
    }
}
