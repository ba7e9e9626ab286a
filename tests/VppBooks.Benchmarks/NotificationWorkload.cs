using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Notifications;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.Web;
using Location = VppBooks.Core.Locations.Location;

namespace VppBooks.Benchmarks;

/// <summary>Apple's notifications at the real program: P8, and P7 with notifications. Program, stand-in and sender share one process.</summary>
internal static class NotificationWorkload
{
    private const string UId = "3104477120056218";
    private const string Secret = "secret-of-the-benchmark";
    private const int Elements = 100;

    private static readonly Actor Admin = new(ActorKind.Person, "bench", "Bench", Actor.ForRoles([AppRoles.Administrator]));

    public static async Task RunAsync(CancellationToken cancellationToken)
    {
        Console.WriteLine($"{Environment.ProcessorCount} CPUs, {System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription}, SQLite, program, stand-in and sender in one process");
        await using var house = await House.StartAsync(cancellationToken);
        await PromptAsync(house, cancellationToken);
        await SettleAsync(house, cancellationToken);
        await house.TakeSecretAsync(cancellationToken);
        for (var run = 1; run <= 3; run++)
        {
            var floor = Floor(house.Folder);
            Console.WriteLine(Invariant($"P8 run {run}: floor (parse + one durable insert) {floor:F0}/s"));
            await FloodAsync(house, senders: 32, TimeSpan.FromSeconds(10), floor, cancellationToken);
            await SteadyAsync(house, perSecond: 500, TimeSpan.FromSeconds(10), cancellationToken);
        }
    }

    /// <summary>P7: from the task done at Apple to the row that says so.</summary>
    private static async Task PromptAsync(House house, CancellationToken cancellationToken)
    {
        await using var db = await house.OpenAsync(cancellationToken);
        var group = house.GroupId("Class 4A");
        var books = await db.Books.AsNoTracking().Where(b => b.LocationId == house.LocationId && !b.Unlimited && b.AvailableCount >= 40).OrderBy(b => b.Id).Take(12).ToListAsync(cancellationToken);
        // People are registered with the first one; it does not count.
        var waits = new List<TimeSpan>();
        for (var i = 0; i < books.Count; i++)
        {
            var book = books[i];
            await house.Get<AssignmentDesk>().AssignAsync(new PlanRequest(book.PublicId, [new WishedAssignment(group, Intent.Required)]), Admin, cancellationToken);
            var seen = new Dictionary<long, DateTimeOffset>();
            var began = TimeProvider.System.GetTimestamp();
            while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(90))
            {
                var rows = await db.Licenses.AsNoTracking().Where(l => l.BookId == book.Id).Select(l => new { l.Id, l.State }).ToListAsync(cancellationToken);
                var now = TimeProvider.System.GetUtcNow();
                foreach (var row in rows.Where(r => r.State == LicenseState.Assigned))
                {
                    seen.TryAdd(row.Id, now);
                }

                if (rows.Count > 0 && rows.All(r => r.State is LicenseState.Assigned or LicenseState.Failed or LicenseState.Reserved) && seen.Count > 0 && !await db.Operations.AnyAsync(o => o.NextCheckAt != null, cancellationToken))
                {
                    break;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(10), cancellationToken);
            }

            if (i == 0)
            {
                continue;
            }

            var people = await db.Licenses.AsNoTracking().Where(l => l.BookId == book.Id)
                .Join(db.VppUsers.Where(u => u.LocationId == house.LocationId), l => l.PersonId, u => u.PersonId, (l, u) => new { l.Id, u.ClientUserId }).ToDictionaryAsync(l => l.ClientUserId, l => l.Id, cancellationToken);
            waits.AddRange(house.Apple.Ledger
                .Where(e => e.Location == UId && e.AdamId == book.AdamId.ToString(CultureInfo.InvariantCulture) && e.Result == SpendResult.Spent && people.TryGetValue(e.Target, out var id) && seen.ContainsKey(id))
                .Select(e => seen[people[e.Target]] - e.Time));
        }

        waits.Sort();
        Console.WriteLine(Invariant($"P7 with notifications: {waits.Count} licenses of {books.Count - 1} books; done to Assigned p50 {At(waits, 0.5).TotalSeconds:F2} s, p95 {At(waits, 0.95).TotalSeconds:F2} s, worst {waits[^1].TotalSeconds:F2} s"));
    }

    /// <summary>Pairs that one turn settles when Apple is done with all of them.</summary>
    private static async Task SettleAsync(House house, CancellationToken cancellationToken)
    {
        const int People = 5_000;
        const int Books = 10;
        var switches = house.Apple.Switches;
        (switches.EventDelay, switches.EventTimePerTask, switches.NotificationLoss) = (TimeSpan.Zero, TimeSpan.Zero, 1);
        await using var db = await house.OpenAsync(cancellationToken);
        var location = await db.Locations.AsNoTracking().SingleAsync(l => l.Id == house.LocationId, cancellationToken);
        var session = house.Get<LocationConnections>().Connect(location);

        // People known to Apple and to us.
        var people = Enumerable.Range(0, People).Select(i => (Person: new Person { PublicId = Guid.NewGuid(), DirectoryId = Guid.NewGuid(), DisplayName = "Bench " + i, UserPrincipalName = $"bench{i}@bench.example", AccountEnabled = true }, Client: Guid.NewGuid().ToString("D"))).ToList();
        db.People.AddRange(people.Select(p => p.Person));
        await db.SaveChangesAsync(cancellationToken);
        foreach (var chunk in people.Chunk(100))
        {
            await house.Get<AppleClient>().CreateUsersAsync(session, [.. chunk.Select(p => new VppUserChange(p.Client, "bench@bench.example"))], cancellationToken);
        }

        db.VppUsers.AddRange(people.Select(p => new VppUser { LocationId = house.LocationId, PersonId = p.Person.Id, ClientUserId = p.Client, Status = VppUserStatus.Registered }));
        var all = await db.Books.AsNoTracking().Where(b => b.LocationId == house.LocationId && !b.Unlimited).OrderByDescending(b => b.Id).ToListAsync(cancellationToken);
        List<Book> books = [.. all.DistinctBy(b => b.AdamId).Take(Books)];
        foreach (var book in books)
        {
            house.Apple.Buy(UId, book.Key.AdamId, book.PricingParam.ToString(), People);
        }

        await db.SaveChangesAsync(cancellationToken);
        foreach (var chunk in people.Chunk(1_000))
        {
            var outcome = await house.Get<AppleClient>().AssociateAsync(session, [.. books.Select(b => b.Key)], [.. chunk.Select(p => p.Client)], cancellationToken);
            var operation = new Operation { PublicId = Guid.NewGuid(), LocationId = house.LocationId, Kind = OperationKind.Associate, State = OperationState.Submitted, Tasks = chunk.Length * Books, EventId = ((ChangeOutcome.Accepted)outcome).EventId, CreatedAt = TimeProvider.System.GetUtcNow(), NextCheckAt = TimeProvider.System.GetUtcNow().AddHours(1) };
            db.Operations.Add(operation);
            await db.SaveChangesAsync(cancellationToken);
            db.Licenses.AddRange(chunk.SelectMany(p => books.Select(b => new License { BookId = b.Id, PersonId = p.Person.Id, AdamId = b.AdamId, State = LicenseState.Submitted, OperationId = operation.Id, ChangedAt = operation.CreatedAt, Source = LicenseSource.Taken })));
            await db.SaveChangesAsync(cancellationToken);
            db.ChangeTracker.Clear();
        }

        house.Apple.FinishEvents();
        var bookIds = books.Select(b => b.Id).ToList();
        var began = TimeProvider.System.GetTimestamp();
        db.InboxNotifications.Add(new InboxNotification { LocationId = house.LocationId, NotificationId = Guid.NewGuid().ToString(), Type = NotificationTypes.AssetManagement, ReceivedAt = TimeProvider.System.GetUtcNow() });
        await db.SaveChangesAsync(cancellationToken);
        house.Get<WorkSignal>().Wake(house.LocationId);
        var settled = 0;
        while (settled < People * Books && TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromMinutes(2))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
            settled = await db.Licenses.CountAsync(l => bookIds.Contains(l.BookId) && l.State == LicenseState.Assigned && l.Source == LicenseSource.Taken, cancellationToken);
        }

        var took = TimeProvider.System.GetElapsedTime(began);
        Console.WriteLine(Invariant($"P8 settling: {settled} pairs in {took.TotalSeconds:F2} s = {settled / took.TotalSeconds:F0}/s, read from Apple's stand-in in pages of {switches.PageSize}"));
        switches.NotificationLoss = 0;
    }

    /// <summary>As many as go: each sender sends the next as soon as the last was acknowledged.</summary>
    private static async Task FloodAsync(House house, int senders, TimeSpan duration, double floor, CancellationToken cancellationToken)
    {
        var (waits, began) = (new ConcurrentBag<TimeSpan>(), TimeProvider.System.GetTimestamp());
        var before = await house.StoredAsync(cancellationToken);
        await Task.WhenAll(Enumerable.Range(0, senders).Select(_ => Task.Run(
            async () =>
            {
                while (TimeProvider.System.GetElapsedTime(began) < duration)
                {
                    waits.Add(await house.SendAsync(cancellationToken));
                }
            },
            cancellationToken)));
        var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        var stored = await house.StoredAsync(cancellationToken) - before;
        List<TimeSpan> sorted = [.. waits.Order()];
        Console.WriteLine(Invariant($"    flood, {senders} senders: {stored / seconds:F0}/s stored = {stored / seconds / floor:F2} of the floor; ack p50 {At(sorted, 0.5).TotalMilliseconds:F0} ms, p99 {At(sorted, 0.99).TotalMilliseconds:F0} ms"));
    }

    /// <summary>At a steady rate, whatever the acknowledgments take.</summary>
    private static async Task SteadyAsync(House house, int perSecond, TimeSpan duration, CancellationToken cancellationToken)
    {
        var waits = new ConcurrentBag<TimeSpan>();
        var (began, sent, under) = (TimeProvider.System.GetTimestamp(), 0, new List<Task>());
        var before = await house.StoredAsync(cancellationToken);
        while (TimeProvider.System.GetElapsedTime(began) is var elapsed && elapsed < duration)
        {
            for (; sent < elapsed.TotalSeconds * perSecond; sent++)
            {
                under.Add(Task.Run(async () => waits.Add(await house.SendAsync(cancellationToken)), cancellationToken));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(2), cancellationToken);
        }

        await Task.WhenAll(under);
        var stored = await house.StoredAsync(cancellationToken) - before;
        List<TimeSpan> sorted = [.. waits.Order()];
        Console.WriteLine(Invariant($"    steady {perSecond}/s: {stored} of {sent} stored; ack p50 {At(sorted, 0.5).TotalMilliseconds:F0} ms, p99 {At(sorted, 0.99).TotalMilliseconds:F0} ms, worst {sorted[^1].TotalMilliseconds:F0} ms"));
    }

    /// <summary>The floor: one after the other, the same bytes parsed and the same row inserted and committed by itself, same schema and settings.</summary>
    private static double Floor(string folder)
    {
        var file = Path.Combine(folder, $"floor-{Guid.NewGuid():N}.db");
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using (var schema = connection.CreateCommand())
        {
            schema.CommandText = """
                PRAGMA journal_mode = WAL;
                CREATE TABLE "InboxNotifications" ("Id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, "LocationId" INTEGER NOT NULL, "NotificationId" TEXT NOT NULL, "Type" TEXT NOT NULL, "EventId" TEXT, "Assets" TEXT, "ErrorNumber" INTEGER, "ReceivedAt" INTEGER NOT NULL, "FoldedAt" INTEGER);
                CREATE UNIQUE INDEX "U" ON "InboxNotifications" ("LocationId", "NotificationId");
                CREATE INDEX "F" ON "InboxNotifications" ("LocationId", "FoldedAt");
                """;
            schema.ExecuteNonQuery();
        }

        using var insert = connection.CreateCommand();
        insert.CommandText = """INSERT INTO "InboxNotifications" ("LocationId", "NotificationId", "Type", "EventId", "Assets", "ReceivedAt") VALUES (1, $id, $type, $event, $assets, 0)""";
        var (id, type, eventId, assets) = (insert.Parameters.Add("$id", SqliteType.Text), insert.Parameters.Add("$type", SqliteType.Text), insert.Parameters.Add("$event", SqliteType.Text), insert.Parameters.Add("$assets", SqliteType.Text));
        var (rows, began) = (0, TimeProvider.System.GetTimestamp());
        while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(5))
        {
            using var json = JsonDocument.Parse(Body());
            var root = json.RootElement;
            var content = root.GetProperty("notification");
            (id.Value, type.Value, eventId.Value) = (root.GetProperty("notificationId").GetString(), root.GetProperty("notificationType").GetString(), content.GetProperty("eventId").GetString());
            assets.Value = string.Join(',', content.GetProperty("assignments").EnumerateArray().Select(a => a.GetProperty("adamId").GetString() + ":" + a.GetProperty("pricingParam").GetString()).Distinct());
            insert.ExecuteNonQuery();
            rows++;
        }

        return rows / TimeProvider.System.GetElapsedTime(began).TotalSeconds;
    }

    private static byte[] Body()
    {
        var text = new StringBuilder(12_000).Append("""{"notification":{"assignments":[""");
        for (var i = 0; i < Elements; i++)
        {
            text.Append(i == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $$"""{"adamId":"6478120000","clientUserId":"7d7b62e8-0f57-4a43-9f57-3a5b1c9d{{i:x4}}","pricingParam":"STDQ"}""");
        }

        return Encoding.UTF8.GetBytes(text.Append(CultureInfo.InvariantCulture, $$"""],"eventId":"1a4210fa-4720-4e23-bc96-92800d26e337","result":"SUCCESS","type":"ASSOCIATE"},"notificationId":"{{Guid.NewGuid()}}","notificationType":"ASSET_MANAGEMENT","uId":"{{UId}}"}""").ToString());
    }

    private static TimeSpan At(List<TimeSpan> sorted, double share) => sorted[Math.Min(sorted.Count - 1, (int)(sorted.Count * share))];

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    /// <summary>The program with one connected location.</summary>
    private sealed class House : IAsyncDisposable
    {
        private readonly VppBooksApp _app;
        private readonly HttpClient _client;
        private Uri _address = null!;

        private House(string folder, VppBooksApp app)
        {
            Folder = folder;
            _app = app;
            _client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 64 });
        }

        public string Folder { get; }

        public AppleSimulator Apple => _app.Cloud!.Apple;

        public int LocationId { get; private set; }

        public static async Task<House> StartAsync(CancellationToken cancellationToken)
        {
            var folder = Directory.CreateTempSubdirectory("vppbooks-bench-").FullName;
            var app = await VppBooksApp.CreateAsync(
                [
                    "--environment=Development", "--urls=http://127.0.0.1:0", "--SimulatedCloud:Enabled=true", "--SimulatedCloud:Port=0", "--SimulatedCloud:EntraPort=0", "--SimulatedCloud:StateFile=", "--Scheduler:Store=Memory",
                    $"--ConnectionStrings:VppBooks=Data Source={Path.Combine(folder, "vppbooks.db")};Default Timeout=30", "--Serilog:MinimumLevel:Default=Fatal", "--Serilog:MinimumLevel:Override:Microsoft=Fatal", "--Serilog:MinimumLevel:Override:Microsoft.IdentityModel=Fatal", "--Serilog:MinimumLevel:Override:Microsoft.Hosting.Lifetime=Fatal",
                ],
                cancellationToken);
            await app.Web.StartAsync(cancellationToken);
            var house = new House(folder, app);
            house.Apple.Switches.MaxRequestsPerSecond = 10_000;
            var created = (CreateLocationResult.Created)await house.Get<LocationEnrollment>().CreateAsync(
                new CreateLocation { Token = new TokenUpload.File(house.Apple.IssueToken(UId)), Name = "Education", AppleAccount = "bench@bench.example", ConsentGranted = true }, Admin, cancellationToken);
            house._address = new Uri($"{app.Address}{NotificationOptions.Path}/{created.PublicId:D}");
            while (true)
            {
                await using var db = await house.OpenAsync(cancellationToken);
                if (await db.Locations.AsNoTracking().SingleAsync(cancellationToken) is { NotificationState: NotificationState.Registered } location && !await db.LocationLeases.AnyAsync(l => l.Owner != "", cancellationToken))
                {
                    house.LocationId = location.Id;
                    return house;
                }

                await Task.Delay(100, cancellationToken);
            }
        }

        public T Get<T>()
            where T : notnull => _app.Web.Services.GetRequiredService<T>();

        public Task<VppBooksDbContext> OpenAsync(CancellationToken cancellationToken) => Get<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync(cancellationToken);

        public Guid GroupId(string name)
        {
            lock (_app.Cloud!.Directory.Gate)
            {
                return _app.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == name).Id;
            }
        }

        /// <summary>Puts the benchmark's secret in the place of Apple's.</summary>
        public async Task TakeSecretAsync(CancellationToken cancellationToken)
        {
            var hash = SHA256.HashData(Encoding.UTF8.GetBytes(Secret));
            await using var db = await OpenAsync(cancellationToken);
            await db.Locations.ExecuteUpdateAsync(set => set.SetProperty(l => l.NotificationSecretHash, hash), cancellationToken);
            await SendAsync(cancellationToken);
        }

        public async Task<TimeSpan> SendAsync(CancellationToken cancellationToken)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _address) { Content = new ByteArrayContent(Body()) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Secret);
            var began = TimeProvider.System.GetTimestamp();
            using var answer = await _client.SendAsync(request, cancellationToken);
            return answer.StatusCode == HttpStatusCode.OK ? TimeProvider.System.GetElapsedTime(began) : throw new InvalidOperationException($"Answered with {(int)answer.StatusCode}.");
        }

        public async Task<int> StoredAsync(CancellationToken cancellationToken)
        {
            await using var db = await OpenAsync(cancellationToken);
            return await db.InboxNotifications.CountAsync(cancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            _client.Dispose();
            await _app.Web.StopAsync();
            await _app.DisposeAsync();
            SqliteConnection.ClearAllPools();
            Directory.Delete(Folder, recursive: true);
        }
    }
}
