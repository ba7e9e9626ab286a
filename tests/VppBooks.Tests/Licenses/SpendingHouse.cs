using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Sync;
using VppBooks.SimulatedCloud.Apple;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Licenses;

/// <summary>A connected and synced education location, and the work of its worker done step by step.</summary>
internal sealed class SpendingHouse : IAsyncDisposable
{
    public const string UId = "3104477120056218";

    private SpendingHouse(CoreHouse core) => Core = core;

    public CoreHouse Core { get; }

    public AppleSimulator Apple => Core.Cloud.Apple;

    public int LocationId { get; private set; }

    public static async Task<SpendingHouse> StartAsync(
        Action<AppleSwitches>? switches = null, Action<IServiceCollection>? configure = null, Action<LicenseOptions>? options = null)
    {
        var house = new SpendingHouse(await CoreHouse.StartAsync(services =>
        {
            services.Configure<PeopleOptions>(o => o.ManagedAppleAccount = "extensionAttribute1");
            var licenses = new LicenseOptions();
            options?.Invoke(licenses);
            services.Replace(ServiceDescriptor.Singleton(licenses));
            configure?.Invoke(services);
        }));
        house.Apple.Switches.MaxRequestsPerSecond = 2000;
        switches?.Invoke(house.Apple.Switches);
        var created = await house.Core.Enrollment.CreateAsync(
            new CreateLocation { Token = new TokenUpload.File(house.Apple.IssueToken(UId)), Name = "Education", AppleAccount = "books@noordrand.example", ConsentGranted = true },
            CoreHouse.Admin,
            TestContext.Current.CancellationToken);
        Assert.IsType<CreateLocationResult.Created>(created);
        house.LocationId = (await house.Core.RowAsync(UId)).Id;
        await house.WorkAsync();
        Assert.Equal(SyncStatus.Completed, (await house.Core.RowAsync(UId)).SyncStatus);
        return house;
    }

    /// <summary>Does what the worker would do until nothing is due within <paramref name="patience"/>, moving the clock instead of waiting.</summary>
    public async Task WorkAsync(TimeSpan? patience = null)
    {
        var limit = Core.Clock.GetUtcNow() + (patience ?? TimeSpan.FromMinutes(2));
        for (var round = 0; round < 200; round++)
        {
            if (await StepAsync() is not { } next || next > limit)
            {
                return;
            }

            var wait = next - Core.Clock.GetUtcNow();
            if (wait > TimeSpan.Zero)
            {
                Core.Clock.Pass(wait + TimeSpan.FromMilliseconds(5));
            }
        }

        Assert.Fail("The work never came to rest.");
    }

    /// <summary>One turn of the worker, at the location of the house unless another one is named.</summary>
    /// <returns>When it wants to come back.</returns>
    public async Task<DateTimeOffset?> StepAsync(int? locationId = null)
    {
        var leases = Core.Get<LocationLeases>();
        var lease = await leases.TryAcquireAsync(locationId ?? LocationId, CancellationToken.None);
        Assert.NotNull(lease);
        var next = await Core.Get<LocationTurn>().RunAsync(lease, CancellationToken.None);
        await leases.ReleaseAsync(lease, CancellationToken.None);
        return next;
    }

    /// <summary>Works, moving the clock, until something has come true.</summary>
    public async Task WorkUntilAsync(Func<Task<bool>> reached)
    {
        for (var round = 0; round < 200; round++)
        {
            var next = await StepAsync();
            if (await reached())
            {
                return;
            }

            Assert.NotNull(next);
            var wait = next.Value - Core.Clock.GetUtcNow();
            if (wait > TimeSpan.Zero)
            {
                Core.Clock.Pass(wait + TimeSpan.FromMilliseconds(5));
            }
        }

        Assert.Fail("It never came true.");
    }

    /// <summary>Works until that many requests to give licenses have reached Apple.</summary>
    public Task WorkUntilPostsAsync(int posts) => WorkUntilAsync(() => Task.FromResult(Apple.CountAssociatePosts(UId) >= posts));

    /// <summary>Gives a group another book first, so that its people are registered and associated.</summary>
    /// <returns>A second book that nobody of ours holds.</returns>
    public async Task<Book> RegisterAsync(Guid group, int free = 60)
    {
        await AssignAsync(await BookAsync(free), new WishedAssignment(group, Intent.Required));
        await WorkAsync();
        await using var db = await Core.OpenAsync();
        var second = await db.Books.Where(b => b.LocationId == LocationId && !b.Unlimited && b.PricingParam == PricingParam.STDQ && b.AvailableCount >= free && !db.Licenses.Any(l => l.BookId == b.Id))
            .OrderBy(b => b.AvailableCount).ThenBy(b => b.AdamId).FirstAsync();
        Apple.ClearRequests();
        return second;
    }

    /// <summary>Client user ids of people who hold a book and are ours.</summary>
    public async Task<List<string>> HoldersAsync(LicenseState state, Book book)
    {
        await using var db = await Core.OpenAsync();
        return await db.Licenses.Where(l => l.BookId == book.Id && l.State == state).OrderBy(l => l.Id)
            .Join(db.VppUsers.Where(u => u.LocationId == LocationId && !u.Retired), l => l.PersonId, u => u.PersonId, (l, u) => u.ClientUserId).ToListAsync();
    }

    /// <summary>Audit rows of one action, oldest first.</summary>
    public async Task<List<VppBooks.Core.Audit.AuditEvent>> AuditAsync(string action)
    {
        await using var db = await Core.OpenAsync();
        return await db.AuditEvents.AsNoTracking().Where(a => a.Action == action).OrderBy(a => a.Id).ToListAsync();
    }

    public async Task<VppBooks.Core.Locations.LocationSummary> SummaryAsync() =>
        (await Core.Locations.ListAsync(CoreHouse.Admin, CancellationToken.None)).Single(l => l.Id == LocationId);

    public async Task SyncAsync()
    {
        await Core.ChangeAsync(db => db.Locations.Single(l => l.Id == LocationId).SyncWanted = SyncReason.Manual);
        await WorkAsync();
    }

    /// <summary>A limited book in standard quality that nobody of ours holds, with at least so many free copies.</summary>
    public async Task<Book> BookAsync(int free)
    {
        await using var db = await Core.OpenAsync();
        return await db.Books.Where(b => b.LocationId == LocationId && !b.Unlimited && b.PricingParam == PricingParam.STDQ && b.AvailableCount >= free).OrderBy(b => b.AvailableCount).ThenBy(b => b.AdamId).FirstAsync();
    }

    public async Task<Guid> GroupAsync(string name)
    {
        var groups = Core.Cloud.Directory.Groups.Values.Where(g => g.DisplayName == name).ToList();
        return await Task.FromResult(Assert.Single(groups).Id);
    }

    public Task<CommitResult> AssignAsync(Book book, params WishedAssignment[] wishes) =>
        Core.Get<AssignmentDesk>().AssignAsync(new PlanRequest(book.PublicId, wishes), CoreHouse.Admin, CancellationToken.None);

    public async Task<List<License>> LicensesAsync(Book book)
    {
        await using var db = await Core.OpenAsync();
        return await db.Licenses.AsNoTracking().Where(l => l.BookId == book.Id).ToListAsync();
    }

    public async Task<List<Operation>> OperationsAsync(OperationKind kind)
    {
        await using var db = await Core.OpenAsync();
        return await db.Operations.AsNoTracking().Where(o => o.Kind == kind).OrderBy(o => o.Id).ToListAsync();
    }

    public async Task<Book> ReadAsync(Book book)
    {
        await using var db = await Core.OpenAsync();
        return await db.Books.AsNoTracking().SingleAsync(b => b.Id == book.Id);
    }

    /// <summary>
    /// The invariants that hold whatever happened: ledger and ground truth agree row by row (I2), counts agree (I3), and nobody was given a title twice (I1).
    /// </summary>
    public async Task AssertLedgerIsTrueAsync(Book book)
    {
        await using var db = await Core.OpenAsync();
        // A person who returned has two records under one id.
        var ours = await db.VppUsers.AsNoTracking().Where(u => u.LocationId == LocationId && u.PersonId != null)
            .Select(u => new { u.ClientUserId, PersonId = u.PersonId!.Value }).Distinct().ToDictionaryAsync(u => u.ClientUserId, u => u.PersonId);
        var key = book.Key;
        var held = Apple.Holders(UId, key.AdamId, key.PricingParam.ToString());
        var heldByOurs = held.Where(ours.ContainsKey).Select(h => ours[h]).Order().ToList();
        var assigned = await db.Licenses.Where(l => l.BookId == book.Id && l.State == LicenseState.Assigned).Select(l => l.PersonId).OrderBy(p => p).ToListAsync();
        Assert.Equal(heldByOurs, assigned);
        Assert.Equal(assigned.Count, assigned.Distinct().Count());

        var foreign = await db.ForeignHoldings.CountAsync(h => h.BookId == book.Id);
        var counts = Apple.Counts(UId, key.AdamId, key.PricingParam.ToString());
        var now = await db.Books.AsNoTracking().SingleAsync(b => b.Id == book.Id);
        Assert.Equal(counts.Assigned, assigned.Count + foreign);
        Assert.Equal(counts.Assigned, now.AssignedCount);
        Assert.Equal(counts.Available, now.AvailableCount);
        var spent = Apple.Ledger.Where(e => e.Location == UId && e.AdamId == key.AdamId && e.Result == SpendResult.Spent && ours.ContainsKey(e.Target)).ToList();
        Assert.Equal(spent.Count, spent.Select(s => s.Target).Distinct().Count());
    }

    public ValueTask DisposeAsync() => Core.DisposeAsync();
}
