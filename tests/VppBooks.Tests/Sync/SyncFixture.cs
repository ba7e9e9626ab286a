using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;
using VppBooks.Core;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;
using VppBooks.Core.Sync;
using VppBooks.SimulatedCloud;
using VppBooks.SimulatedCloud.Apple;
using Location = VppBooks.Core.Locations.Location;

namespace VppBooks.Tests.Sync;

/// <summary>A claimed location at the stand-in, reached over HTTP, and a database file of its own.</summary>
internal sealed class SyncFixture : IAsyncDisposable
{
    public const string UId = "3104477120051234";

    private readonly ServiceProvider _services;
    private readonly string _folder;
    private readonly LocationState _remote;
    private readonly Network _network;

    private SyncFixture(SimulatedCloudHost cloud, ServiceProvider services, string folder, LocationState remote, Network network)
    {
        _network = network;
        Cloud = cloud;
        _services = services;
        _folder = folder;
        _remote = remote;
    }

    public SimulatedCloudHost Cloud { get; }

    public AppleSimulator Apple => Cloud.Apple;

    /// <summary>Runs before each request leaves; for changes at Apple, or in the database, in the middle of a reading.</summary>
    public Func<Uri, Task>? BeforeRequest
    {
        set => _network.Before = value;
    }

    /// <summary>Makes another body of an answer's.</summary>
    public Func<Uri, string, string>? Rewrite
    {
        set => _network.Rewrite = value;
    }

    public Lease Lease { get; private set; } = null!;

    public int LocationId => Lease.LocationId;

    public static async Task<SyncFixture> StartAsync(int pageSize = 1000, TimeProvider? clock = null, bool claim = true, string? sqlServer = null)
    {
        clock ??= TimeProvider.System;
        var cloud = await SimulatedCloudHost.StartAsync(
            new SimulatedCloudOptions { Port = 0, EntraPort = 0, PageSize = pageSize, MaxRequestsPerSecond = 5_000 }, clock, CancellationToken.None);
        LocationState remote;
        lock (cloud.Apple.Gate)
        {
            remote = cloud.Apple.AddLocation(UId, "Riverside Central", "NL", "enterprisestore");
        }

        var folder = System.IO.Directory.CreateTempSubdirectory("vppbooks-").FullName;
        var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(clock)
            .AddVppBooksDatabase(
                sqlServer is null ? DatabaseProvider.Sqlite : DatabaseProvider.SqlServer,
                sqlServer is null ? $"Data Source={Path.Combine(folder, "test.db")}" : $"{sqlServer};Initial Catalog=vppbooks-test-{Guid.NewGuid():N}")
            .Configure<AppleOptions>(o =>
            {
                (o.BaseUrl, o.StoreLookupUrl) = (cloud.AppleBaseUrl, cloud.StoreLookupUrl);
                o.FirstBackoff = TimeSpan.FromMilliseconds(20);
            })
            .AddSingleton<IKeyWrapper, PlainKeyWrapper>()
            .AddVppBooksCore();
        var network = new Network();
        services.AddHttpClient(AppleServices.ClientName).AddHttpMessageHandler(() => new Tap(network));
        services.AddHttpClient(AppleServices.StoreClientName).AddHttpMessageHandler(() => new Tap(network));
        var fixture = new SyncFixture(cloud, services.BuildServiceProvider(), folder, remote, network);
        await fixture.ConnectAsync(claim);
        return fixture;
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public VppBooksDbContext Open() => Get<IDbContextFactory<VppBooksDbContext>>().CreateDbContext();

    public Task<SyncRun> SyncAsync(SyncReason reason = SyncReason.Manual, CancellationToken cancellationToken = default) =>
        Get<LocationSync>().RunAsync(Lease, reason, "A. Admin", cancellationToken);

    public async Task<AppleLocation> ConnectAsync()
    {
        await using var db = Open();
        return Get<LocationConnections>().Connect(await db.Locations.SingleAsync(l => l.Id == LocationId), new RequestMeter());
    }

    public async Task<Location> LocationAsync()
    {
        await using var db = Open();
        return await db.Locations.AsNoTracking().SingleAsync(l => l.Id == LocationId);
    }

    /// <summary>Adds a book at Apple, with a title in the store.</summary>
    public string AddBook(int number, int total = 100, string pricing = "STDQ", bool inStore = true)
    {
        var adamId = AdamId(number);
        lock (Apple.Gate)
        {
            _remote.AddAsset(adamId, pricing, isBook: true, total, ["iOS"]);
            if (inStore)
            {
                Apple.Store.Add(new global::VppBooks.SimulatedCloud.Organization.StoreTitle(adamId, $"Title {number}", $"Author {number}", "en", 2020, "Fiction", IsBook: true, ["NL"]));
            }
        }

        return adamId;
    }

    public string AddApp(int number)
    {
        lock (Apple.Gate)
        {
            _remote.AddAsset(AdamId(number), "STDQ", isBook: false, 100, ["iOS"]);
        }

        return AdamId(number);
    }

    /// <summary>Another manager's user, or ours when the id is one of ours.</summary>
    public void AddUser(string clientUserId, bool associated = true)
    {
        lock (Apple.Gate)
        {
            var user = Apple.People.Register(_remote, clientUserId, null);
            if (associated)
            {
                Apple.People.Associate(_remote, user, clientUserId + "@id.example");
            }
        }
    }

    public void Retire(string clientUserId)
    {
        lock (Apple.Gate)
        {
            Apple.People.Retire(_remote, _remote.FindActive(clientUserId)!, null);
        }
    }

    /// <summary>Gives a license at Apple, as another manager would.</summary>
    public void Give(string adamId, string clientUserId, string pricing = "STDQ")
    {
        lock (Apple.Gate)
        {
            var asset = AppleSimulator.FindAsset(_remote, adamId, pricing);
            _remote.Assign(asset, _remote.NewestUsers[clientUserId].Index);
        }
    }

    /// <summary>Takes a license away at Apple, as a refund would.</summary>
    public void Take(string adamId, string clientUserId, string pricing = "STDQ")
    {
        lock (Apple.Gate)
        {
            var asset = AppleSimulator.FindAsset(_remote, adamId, pricing);
            _remote.Unassign(asset, _remote.NewestUsers[clientUserId].Index);
        }
    }

    /// <summary>A person of ours with a registration of ours at the location, at Apple too unless told otherwise.</summary>
    public async Task<(int PersonId, string ClientUserId)> AddPersonAsync(string name, bool atApple = true, VppUserStatus status = VppUserStatus.Associated)
    {
        var clientUserId = Guid.NewGuid().ToString("D");
        if (atApple)
        {
            AddUser(clientUserId);
        }

        await using var db = Open();
        var person = new Person { PublicId = Guid.NewGuid(), DirectoryId = Guid.NewGuid(), DisplayName = name, UserPrincipalName = name + "@school.example" };
        db.People.Add(person);
        await db.SaveChangesAsync();
        db.VppUsers.Add(new VppUser { LocationId = LocationId, PersonId = person.Id, ClientUserId = clientUserId, Status = status });
        await db.SaveChangesAsync();
        return (person.Id, clientUserId);
    }

    public async Task<Book> BookAsync(string adamId, string pricing = "STDQ")
    {
        var (id, param) = (long.Parse(adamId, CultureInfo.InvariantCulture), Enum.Parse<PricingParam>(pricing));
        await using var db = Open();
        return await db.Books.AsNoTracking().SingleAsync(b => b.LocationId == LocationId && b.AdamId == id && b.PricingParam == param);
    }

    public async Task<License> AddLicenseAsync(int personId, Book book, LicenseState state)
    {
        await using var db = Open();
        var license = new License { PersonId = personId, BookId = book.Id, AdamId = book.AdamId, State = state };
        db.Licenses.Add(license);
        await db.SaveChangesAsync();
        return license;
    }

    public async Task<IReadOnlyList<License>> LicensesAsync()
    {
        await using var db = Open();
        return await db.Licenses.AsNoTracking().OrderBy(l => l.PersonId).ThenBy(l => l.AdamId).ThenBy(l => l.Ordinal).ToListAsync();
    }

    /// <summary>All data tables as text: equal before and after means that nothing was written.</summary>
    public async Task<string> DumpAsync()
    {
        await using var db = Open();
        await db.Database.OpenConnectionAsync();
        var connection = db.Database.GetDbConnection();
        var result = new System.Text.StringBuilder();
        foreach (var table in (string[])["Books", "Titles", "Covers", "VppUsers", "Licenses", "ForeignHoldings", "People", "AuditEvents"])
        {
            await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // A fixed list of names.
            command.CommandText = $"SELECT * FROM \"{table}\" ORDER BY 1, 2";
#pragma warning restore CA2100
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                var values = new object[reader.FieldCount];
                reader.GetValues(values);
                result.Append(table).Append(": ").AppendJoin('|', values.Select(v => v is byte[] bytes ? Convert.ToHexString(bytes) : Convert.ToString(v, CultureInfo.InvariantCulture))).AppendLine();
            }
        }

        return result.ToString();
    }

    public async Task<(int Books, int Users, int Assignments, int Licenses)> StagedAsync()
    {
        await using var db = Open();
        return (await db.StagedBooks.CountAsync(), await db.StagedUsers.CountAsync(), await db.StagedAssignments.CountAsync(), await db.StagedLicenses.CountAsync());
    }

    public async ValueTask DisposeAsync()
    {
        await using (var db = Open())
        {
            await db.Database.EnsureDeletedAsync();
        }

        await _services.DisposeAsync();
        await Cloud.DisposeAsync();
        SqliteConnection.ClearAllPools();
        System.IO.Directory.Delete(_folder, recursive: true);
    }

    public static string AdamId(int number) => (6_500_000_000L + number).ToString(CultureInfo.InvariantCulture);

    private async Task ConnectAsync(bool claim)
    {
        var uploaded = await ContentToken.ReadAsync(new MemoryStream(Apple.IssueToken(UId)), Get<TimeProvider>().GetUtcNow(), CancellationToken.None);
        var token = ((ContentTokenReading.Accepted)uploaded).Token;
        await using var db = Open();
        await db.Database.MigrateAsync();
        var location = new Location
        {
            PublicId = Guid.NewGuid(),
            UId = UId,
            Name = "Central",
            OrganizationName = "Riverside",
            LocationName = "?",
            AppleAccount = "books@riverside.example",
            CountryOrRegion = "NL",
            TokenSecret = Get<SecretSealer>().Seal(token.ExposeSecret(), LocationConnections.Purpose(UId)),
            TokenFingerprint = token.Fingerprint,
            TokenExpires = token.Expires,
            State = TokenState.Valid,
            ClaimId = Guid.NewGuid(),
            ClaimConfirmed = claim,
            ConsentGranted = true,
            MustReadFirst = true,
        };
        db.Locations.Add(location);
        await db.SaveChangesAsync();
        if (claim)
        {
            await Get<AppleClient>().SetClientConfigAsync(
                new AppleLocation(UId, token), new ClientConfigChange(new MdmInfo(location.ClaimId.ToString("D"), "VppBooks", "books.riverside.example")), CancellationToken.None);
        }

        Lease = (await Get<LocationLeases>().TryAcquireAsync(location.Id, CancellationToken.None))!;
        Apple.ClearRequests();
    }

    /// <summary>Does something once, just before the first request whose address contains <paramref name="part"/>.</summary>
    public void Once(string part, Func<Task> action)
    {
        var left = 1;
        BeforeRequest = address => address.PathAndQuery.Contains(part, StringComparison.Ordinal) && Interlocked.Exchange(ref left, 0) == 1 ? action() : Task.CompletedTask;
    }

    private sealed class Network
    {
        public Func<Uri, Task>? Before { get; set; }

        public Func<Uri, string, string>? Rewrite { get; set; }
    }

    private sealed class Tap(Network network) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (network.Before is { } before)
            {
                await before(request.RequestUri!);
            }

            var response = await base.SendAsync(request, cancellationToken);
            if (network.Rewrite is { } rewrite)
            {
                response.Content = new StringContent(rewrite(request.RequestUri!, await response.Content.ReadAsStringAsync(cancellationToken)), System.Text.Encoding.UTF8, "application/json");
            }

            return response;
        }
    }

    private sealed class PlainKeyWrapper : IKeyWrapper
    {
        public byte[] Wrap(byte[] dataKey) => dataKey;

        public byte[] Unwrap(byte[] wrapped) => wrapped;
    }
}
