using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Notifications;
using VppBooks.Core.Persistence;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Locations;
using VppBooks.Tests.Shell;

namespace VppBooks.Tests.Notifications;

/// <summary>The real program with a connected location, told by the simulated Apple over HTTP.</summary>
public sealed class NotifiedConsole : IAsyncLifetime
{
    public const string UId = DemoOrganization.EducationUId;

    private readonly RunningConsole _console;
    private readonly Action<AppleSwitches> _switches;

    public NotifiedConsole()
        : this(_ => { })
    {
    }

    internal NotifiedConsole(Action<AppleSwitches> switches, params string[] more)
    {
        _console = new RunningConsole(more);
        _switches = switches;
    }

    public AppleSimulator Apple => _console.Cloud.Apple;

    public HttpClient Client => _console.Client;

    public int LocationId { get; private set; }

    public Guid LocationPublicId { get; private set; }

    /// <summary>What Apple sends as bearer.</summary>
    public string Secret => Apple.Find(UId).NotificationToken!;

    public T Get<T>()
        where T : notnull => _console.Services.GetRequiredService<T>();

    public async ValueTask InitializeAsync()
    {
        await _console.InitializeAsync();
        Apple.Switches.MaxRequestsPerSecond = 2000;
        _switches(Apple.Switches);
        var created = Assert.IsType<CreateLocationResult.Created>(await Get<LocationEnrollment>().CreateAsync(
            new CreateLocation { Token = new TokenUpload.File(Apple.IssueToken(UId)), Name = "Education", AppleAccount = "books@noordrand.example", ConsentGranted = true },
            CoreHouse.Admin,
            CancellationToken.None));
        LocationPublicId = created.PublicId;
        LocationId = (await RowAsync()).Id;
        await UntilAsync(async () => (await RowAsync()) is { SyncStatus: SyncStatus.Completed, NotificationState: not NotificationState.Polling }, TimeSpan.FromSeconds(120));
        await QuietAsync();
    }

    public ValueTask DisposeAsync() => _console.DisposeAsync();

    internal static async Task<NotifiedConsole> StartAsync(Action<AppleSwitches>? switches = null)
    {
        var house = new NotifiedConsole(switches ?? (_ => { }));
        await house.InitializeAsync();
        return house;
    }

    public async Task<VppBooksDbContext> OpenAsync() => await Get<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();

    public async Task<Location> RowAsync()
    {
        await using var db = await OpenAsync();
        return await db.Locations.AsNoTracking().SingleAsync(l => l.UId == UId);
    }

    public async Task<List<InboxNotification>> InboxAsync()
    {
        await using var db = await OpenAsync();
        return await db.InboxNotifications.AsNoTracking().OrderBy(n => n.Id).ToListAsync();
    }

    public async Task<Book> BookAsync(int free)
    {
        await using var db = await OpenAsync();
        return await db.Books.AsNoTracking().Where(b => b.LocationId == LocationId && !b.Unlimited && b.AvailableCount >= free).OrderBy(b => b.AvailableCount).FirstAsync();
    }

    public async Task<Book> ReadAsync(Book book)
    {
        await using var db = await OpenAsync();
        return await db.Books.AsNoTracking().SingleAsync(b => b.Id == book.Id);
    }

    public async Task<List<License>> LicensesAsync(Book book)
    {
        await using var db = await OpenAsync();
        return await db.Licenses.AsNoTracking().Where(l => l.BookId == book.Id).ToListAsync();
    }

    public async Task AssignAsync(Book book, string group)
    {
        Guid id;
        lock (_console.Cloud.Directory.Gate)
        {
            id = _console.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == group).Id;
        }

        Assert.IsType<CommitResult.Committed>(await Get<AssignmentDesk>().AssignAsync(new PlanRequest(book.PublicId, [new WishedAssignment(id, Intent.Required)]), CoreHouse.Admin, CancellationToken.None));
    }

    /// <summary>A notification as Apple would send it, or as somebody else would.</summary>
    public async Task<HttpResponseMessage> PostAsync(string body, string? authorization = null, Guid? locationId = null, string contentType = "application/json")
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/apple/notifications/{locationId ?? LocationPublicId:D}") { Content = new StringContent(body, Encoding.UTF8) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        request.Headers.TryAddWithoutValidation("Authorization", authorization ?? "Bearer " + Secret);
        return await Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async Task<HttpStatusCode> StatusOfAsync(string body, string? authorization = null, Guid? locationId = null)
    {
        using var answer = await PostAsync(body, authorization, locationId);
        return answer.StatusCode;
    }

    public static string Envelope(string type, object content, string? id = null, string uId = UId) => JsonSerializer.Serialize(
        new { notification = content, notificationId = id ?? Guid.NewGuid().ToString(), notificationType = type, uId });

    public static string CountOf(Book book, int delta, string? id = null) =>
        Envelope(NotificationTypes.AssetCount, new { adamId = book.Key.AdamId, countDelta = delta, pricingParam = book.PricingParam.ToString() }, id);

    /// <summary>Every delivery that came from Apple to this program, tests of the address left out.</summary>
    public IReadOnlyList<NotificationEntry> Deliveries => [.. Apple.Deliveries.Where(d => d.Location == UId && d.Type != NotificationTypes.Test)];

    public static async Task UntilAsync(Func<Task<bool>> wished, TimeSpan patience)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        stop.CancelAfter(patience);
        while (!await wished())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), stop.Token);
        }
    }

    /// <summary>Waits until every stored notification is folded and nobody works for the location.</summary>
    public Task QuietAsync() => UntilAsync(
        async () =>
        {
            await using var db = await OpenAsync();
            return !await db.InboxNotifications.AnyAsync(n => n.FoldedAt == null) && !await db.LocationLeases.AnyAsync(l => l.Owner != "") && !await db.Locations.AnyAsync(l => l.SyncWanted != null);
        },
        TimeSpan.FromSeconds(120));

    /// <summary>Ledger and ground truth agree (I1–I3).</summary>
    public async Task AssertLedgerIsTrueAsync(Book book)
    {
        await using var db = await OpenAsync();
        var ours = await db.VppUsers.AsNoTracking().Where(u => u.LocationId == LocationId && u.PersonId != null).ToDictionaryAsync(u => u.ClientUserId, u => u.PersonId!.Value);
        var key = book.Key;
        var held = Apple.Holders(UId, key.AdamId, key.PricingParam.ToString()).Where(ours.ContainsKey).Select(h => ours[h]).Order().ToList();
        var assigned = await db.Licenses.Where(l => l.BookId == book.Id && l.State == LicenseState.Assigned).Select(l => l.PersonId).OrderBy(p => p).ToListAsync();
        Assert.Equal(held, assigned);
        Assert.Equal(assigned.Count, assigned.Distinct().Count());
        var counts = Apple.Counts(UId, key.AdamId, key.PricingParam.ToString());
        var now = await db.Books.AsNoTracking().SingleAsync(b => b.Id == book.Id);
        Assert.Equal((counts.Assigned, counts.Available), (now.AssignedCount, now.AvailableCount));
        var spent = Apple.Ledger.Where(e => e.Location == UId && e.AdamId == key.AdamId && e.Result == SpendResult.Spent && ours.ContainsKey(e.Target)).ToList();
        Assert.Equal(spent.Count, spent.Select(s => s.Target).Distinct().Count());
    }
}
