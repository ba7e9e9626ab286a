using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Notifications;
using VppBooks.Core.Persistence;
using VppBooks.Core.Sync;
using VppBooks.SimulatedCloud;
using VppBooks.SimulatedCloud.Entra;

namespace VppBooks.EndToEnd.Tests.Kill;

/// <summary>The program dies while it changes its own house: database, keys, tokens; or was away for days.</summary>
[Collection("Kill")]
public sealed class HouseKillTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(300);

    [Theory]
    [InlineData(false, "migrate.mid:1")]
    [InlineData(false, "migrate.mid:2")]
    [InlineData(true, "migrate.mid:1")]
    public async Task F50_Killed_during_an_upgrade_the_next_start_finishes_it(bool existing, string point)
    {
        var folder = Directory.CreateTempSubdirectory("vppbooks-upgrade-").FullName;
        var file = Path.Combine(folder, "vppbooks.db");
        await using var services = new ServiceCollection().AddVppBooksDatabase(DatabaseProvider.Sqlite, $"Data Source={file};Pooling=False").BuildServiceProvider();
        var contexts = services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>();
        if (existing)
        {
            await using var old = await contexts.CreateDbContextAsync();
            await old.GetService<IMigrator>().MigrateAsync(old.Database.GetMigrations().First());
        }

        using (var dying = StartedProgram.Start(ConsoleFixture.Arguments(folder), point))
        {
            await KillHouse.AssertKilledAsync(dying);
        }

        Assert.Equal(existing ? 1 : 0, Directory.GetFiles(folder, "*.backup").Length);
        using (var next = StartedProgram.Start(ConsoleFixture.Arguments(folder)))
        {
            await next.AddressAsync().WaitAsync(Patience);
        }

        await using (var db = await contexts.CreateDbContextAsync())
        {
            Assert.Empty(await db.Database.GetPendingMigrationsAsync());
        }

        // Every start that finds something to lose copies it, but one upgrade is copied once.
        Assert.Equal(existing || point == "migrate.mid:2" ? 1 : 0, Directory.GetFiles(folder, "*.backup").Length);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task F51_Killed_while_the_key_ring_turns_tokens_open_with_old_and_new_keys_and_without_any_key_the_program_says_so_and_goes_on()
    {
        await using var house = await KillHouse.StartAsync();
        await using (var db = await house.OpenAsync())
        {
            // Its newest key runs out tomorrow: time for another one.
            var key = await db.RingKeys.AsNoTracking().SingleAsync();
            var soon = TimeProvider.System.GetUtcNow().AddDays(1).UtcDateTime.ToString("O", CultureInfo.InvariantCulture);
            var start = key.Xml.IndexOf("<expirationDate>", StringComparison.Ordinal) + "<expirationDate>".Length;
            var xml = key.Xml[..start] + soon + key.Xml[key.Xml.IndexOf("</expirationDate>", StringComparison.Ordinal)..];
            await db.RingKeys.ExecuteUpdateAsync(set => set.SetProperty(k => k.Xml, xml));
        }

        await house.KillAtAsync("key.rotate");
        Assert.Equal(1, await house.ReadAsync(db => db.RingKeys.CountAsync()));
        await house.WishSyncAsync();
        await house.RunUntilAsync(async db => await db.RingKeys.CountAsync() == 2 && !await db.Locations.AnyAsync(l => l.SyncWanted != null || l.SyncStatus != SyncStatus.Completed));
        Assert.Equal(TokenState.Valid, (await house.LocationAsync()).State);

        await using (var db = await house.OpenAsync())
        {
            await db.RingKeys.ExecuteDeleteAsync();
        }

        await house.WishSyncAsync();
        var address = $"http://127.0.0.1:{TwoProcessTests.FreePort()}";
        using var program = house.Start(null, $"--urls={address}");
        await house.WaitAsync(program, db => db.Locations.AnyAsync(l => l.State == TokenState.Invalid));
        Assert.Equal(LocationHealth.UnreadableHere, (await house.LocationAsync()).StateErrorNumber);
        Assert.Equal("TokenUnreadable", await house.ReadAsync(db => db.SyncRuns.OrderByDescending(r => r.Id).Select(r => r.ErrorCode).FirstAsync()));
        using var client = new HttpClient();
        using var ready = await client.GetAsync(new Uri(address + "/health/ready"));
        Assert.Equal(HttpStatusCode.OK, ready.StatusCode);
    }

    [Fact]
    public async Task Killed_while_a_token_is_replaced_the_old_one_stays_until_it_is_uploaded_again()
    {
        await using var house = await KillHouse.StartAsync();
        var before = await house.LocationAsync();
        var token = Encoding.ASCII.GetString(house.Apple.IssueToken(KillHouse.UId));

        using (var dying = await DemoAsync(house, "token.replace"))
        {
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => ChangeAsync(dying, before.PublicId, new { token }));
            await KillHouse.AssertKilledAsync(dying.Program);
        }

        var between = await house.LocationAsync();
        Assert.Equal((before.TokenFingerprint, TokenState.Valid, (SyncReason?)null), (between.TokenFingerprint, between.State, between.SyncWanted));

        using var next = await DemoAsync(house, null);
        await ChangeAsync(next, before.PublicId, new { token });
        await house.WaitAsync(next.Program, db => db.SyncRuns.AnyAsync(r => r.Result == SyncResult.Succeeded && r.Reason == SyncReason.Upload && r.Id > 1));
        Assert.NotEqual(before.TokenFingerprint, (await house.LocationAsync()).TokenFingerprint);
    }

    /// <summary>Apple believes in us from the claim on, and we do not know it: nothing is spent before everything was read.</summary>
    [Fact]
    public async Task Killed_while_control_is_taken_nothing_is_spent_before_the_location_was_read_and_then_once()
    {
        var (house, book, plan) = await KillHouse.StartWithPlanAsync();
        await using var disposing = house;
        house.Apple.ClaimByOtherMdm(KillHouse.UId);
        await house.RunUntilAsync(db => db.Locations.AnyAsync(l => l.State == TokenState.AssignedToExternalMdm));
        var id = (await house.LocationAsync()).PublicId;
        var control = new { claimTokenManagementFromExternalMdm = true };

        using (var dying = await DemoAsync(house, "control.after-claim"))
        {
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => ChangeAsync(dying, id, control));
            await KillHouse.AssertKilledAsync(dying.Program);
        }

        await AssertUnspentAsync();
        Assert.Equal(TokenState.AssignedToExternalMdm, (await house.LocationAsync()).State);
        await house.ForgetLeaseAsync();
        using (var dying = await DemoAsync(house, "sync.before-publish"))
        {
            await ChangeAsync(dying, id, control);
            await KillHouse.AssertKilledAsync(dying.Program);
        }

        await AssertUnspentAsync();
        Assert.True((await house.LocationAsync()).MustReadFirst);
        Assert.Equal((SyncReason.TakeOver, SyncResult.Running), await house.ReadAsync(async db =>
            await db.SyncRuns.OrderByDescending(r => r.Id).Select(r => new { r.Reason, r.Result }).FirstAsync() is var run ? (run.Reason, run.Result) : default));
        await house.ForgetLeaseAsync();
        await house.RunUntilSettledAsync(book);
        Assert.Equal(1, house.Apple.CountAssociatePosts());
        await house.AssertLedgerIsTrueAsync(book);
        Assert.Equal(plan.Takes, house.Spent(book).Count);

        async Task AssertUnspentAsync()
        {
            Assert.Equal(0, house.Apple.CountAssociatePosts());
            Assert.Equal(plan.Takes, (await house.CountAsync(book))[LicenseState.Reserved]);
        }
    }

    [Fact]
    public async Task Killed_while_a_notification_is_stored_Apple_gets_no_acknowledgment_and_its_next_try_has_one_effect()
    {
        const string Secret = "0123456789abcdef0123456789abcdef";
        // Nothing is registered by the program itself: the secret stays the one that this test knows.
        const string NoAddress = "--Notifications:PublicUrl=";
        await using var house = await KillHouse.StartAsync();
        var location = await house.LocationAsync();
        var book = await house.ReadAsync(db => db.Books.AsNoTracking().FirstAsync(b => b.LocationId == house.LocationId && !b.Unlimited));
        var total = book.TotalCount;
        await using (var db = await house.OpenAsync())
        {
            var hash = NotificationGate.HashOfSecret(Secret);
            await db.Locations.ExecuteUpdateAsync(set => set.SetProperty(l => l.NotificationSecretHash, hash));
        }

        house.Apple.Buy(KillHouse.UId, book.Key.AdamId, book.Key.PricingParam.ToString(), 17);
        var body = JsonSerializer.Serialize(new
        {
            notification = new { adamId = book.Key.AdamId, countDelta = 17, pricingParam = book.Key.PricingParam.ToString() },
            notificationId = "7d0c3a52-6f0e-4a6f-8a8e-0d7b5a0c1f11",
            notificationType = NotificationTypes.AssetCount,
            uId = KillHouse.UId,
        });
        foreach (var (point, stored) in ((string, int)[])[("inbox.before-commit", 0), ("inbox.after-commit-before-ack", 1)])
        {
            using var dying = house.StartDemo(point, NoAddress);
            var address = await dying.AddressAsync().WaitAsync(Patience);
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => NotifyAsync(address, location.PublicId, Secret, body));
            await KillHouse.AssertKilledAsync(dying);
            Assert.Equal(stored, await house.ReadAsync(db => db.InboxNotifications.CountAsync()));
        }

        using var next = house.StartDemo(null, NoAddress);
        Assert.Equal(HttpStatusCode.OK, await NotifyAsync(await next.AddressAsync().WaitAsync(Patience), location.PublicId, Secret, body));
        await house.WaitAsync(next, db => db.Books.AnyAsync(b => b.Id == book.Id && b.TotalCount != total));
        await house.WaitAsync(next, db => db.InboxNotifications.AllAsync(n => n.FoldedAt != null));

        Assert.Equal(1, await house.ReadAsync(db => db.InboxNotifications.CountAsync()));
        Assert.Equal(total + 17, await house.ReadAsync(db => db.Books.Where(b => b.Id == book.Id).Select(b => b.TotalCount).SingleAsync()));
    }

    [Fact]
    public async Task F49_Off_for_three_days_it_catches_up_with_one_sync()
    {
        await using var house = await KillHouse.StartAsync();
        string[] remembering = ["--Scheduler:Store=Database", "--Sync:Schedule=0 0 6,18 * * ?"];
        await house.RunUntilAsync(IsScheduledAsync, remembering);
        await using (var db = await house.OpenAsync())
        {
            var threeDaysAgo = TimeProvider.System.GetUtcNow().AddDays(-3).UtcTicks;
            await db.Database.ExecuteSqlAsync($"UPDATE QRTZ_TRIGGERS SET NEXT_FIRE_TIME = {threeDaysAgo}, PREV_FIRE_TIME = {threeDaysAgo - TimeSpan.TicksPerHour}");
        }

        using var program = house.Start(null, remembering);
        await house.WaitAsync(program, db => db.SyncRuns.AnyAsync(r => r.Reason == SyncReason.Schedule && r.Result == SyncResult.Succeeded));
        await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System);

        Assert.Equal(1, await house.ReadAsync(db => db.SyncRuns.CountAsync(r => r.Reason == SyncReason.Schedule)));
        Assert.Null((await house.LocationAsync()).SyncWanted);
    }

    private static async Task<bool> IsScheduledAsync(VppBooksDbContext db) =>
        await db.Database.SqlQuery<int>($"SELECT COUNT(*) AS \"Value\" FROM sqlite_master WHERE name = 'QRTZ_TRIGGERS'").SingleAsync() == 1
        && await db.Database.SqlQuery<int>($"SELECT COUNT(*) AS \"Value\" FROM QRTZ_TRIGGERS").SingleAsync() == 1;

    private static async Task<HttpStatusCode> NotifyAsync(string address, Guid location, string secret, string body)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(new Uri($"{address}/apple/notifications/{location:D}"), content);
        return answer.StatusCode;
    }

    private static async Task<Demo> DemoAsync(KillHouse house, string? crashPoint)
    {
        var entra = TwoProcessTests.FreePort();
        var program = house.StartDemo(crashPoint, $"--SimulatedCloud:EntraPort={entra}");
        return new Demo(program, await program.AddressAsync().WaitAsync(Patience), new Uri($"https://localhost:{entra}/{SimulatedCloudHost.TenantId}/oauth2/v2.0/token"));
    }

    private static async Task ChangeAsync(Demo demo, Guid location, object change)
    {
#pragma warning disable CA5359 // The started program makes the certificate in its own memory, where this test cannot look.
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } };
#pragma warning restore CA5359
        using var client = new HttpClient(handler);
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = EntraSimulator.AutomationClientId,
            ["client_secret"] = EntraSimulator.AutomationClientSecret,
            ["scope"] = EntraSimulator.ConsoleClientId + "/.default",
        });
        using var signedIn = await client.PostAsync(demo.SignIn, form);
        var access = (await signedIn.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("access_token").GetString();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", access);
        using var answer = await client.PatchAsJsonAsync(new Uri($"{demo.Address}/v1.0/deviceAppManagement/vppTokens/{location}"), change);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private sealed record Demo(StartedProgram Program, string Address, Uri SignIn) : IDisposable
    {
        public void Dispose() => Program.Dispose();
    }
}
