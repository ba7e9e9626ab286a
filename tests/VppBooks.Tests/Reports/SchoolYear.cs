using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Devices;
using VppBooks.Core.Directory;
using VppBooks.Core.Library;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Security;
using VppBooks.Core.Sync;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Reports;

/// <summary>
/// Two connected locations in virtual time, and what somebody outside remembers of them: whom Apple's ids stand for, what was assigned, who took what, whose devices
/// were looked at. Nothing of that is read back from what is tested.
/// </summary>
internal sealed class SchoolYear : IAsyncDisposable
{
    public const string Education = SpendingHouse.UId;
    public const string Business = DemoOrganization.BusinessUId;

    private readonly Dictionary<(string UId, string ClientUserId), Guid> _people = [];
    private readonly Dictionary<string, int> _locations = [];
    private readonly HashSet<(string UId, string AdamId, string PricingParam)> _unlisted = [];

    private SchoolYear(SpendingHouse house) => House = house;

    public SpendingHouse House { get; }

    public IReadOnlyCollection<string> UIds => _locations.Keys;

    public SimulatedDirectory Directory => House.Core.Cloud.Directory;

    /// <summary>What groups were given; a null group is all users.</summary>
    public List<(Guid Book, Guid? Group, Intent Intent)> Wishes { get; } = [];

    /// <summary>What readers took, and when.</summary>
    public List<(Guid Book, DateTimeOffset At)> Takings { get; } = [];

    /// <summary>People with a device of their own when their devices were looked at.</summary>
    public Dictionary<Guid, int> WithDevice { get; } = [];

    /// <summary>The largest value that each number of each report ever had: one that was 0 all year proves nothing.</summary>
    public SortedDictionary<string, long> Largest { get; } = new(StringComparer.Ordinal);

    public static async Task<SchoolYear> StartAsync()
    {
        // Leavers are retired before the next month begins.
        var year = new SchoolYear(await SpendingHouse.StartAsync(configure: services => services.Configure<PeopleOptions>(o => o.RetireAfter = TimeSpan.FromDays(20))));
        year._locations[Education] = year.House.LocationId;
        var created = await year.House.Core.Enrollment.CreateAsync(
            new CreateLocation { Token = new TokenUpload.File(year.House.Apple.IssueToken(Business)), Name = "Business", AppleAccount = "books@noordrand.example", ConsentGranted = true },
            CoreHouse.Admin,
            TestContext.Current.CancellationToken);
        Assert.IsType<CreateLocationResult.Created>(created);
        year._locations[Business] = (await year.House.Core.RowAsync(Business)).Id;
        foreach (var person in year.Directory.People.Keys)
        {
            year.Know(person);
        }

        await year.WorkAsync();
        return year;
    }

    /// <summary>Whom a record at Apple stands for; null for a record that others made.</summary>
    public Guid? FindPerson(string uId, string clientUserId) => _people.TryGetValue((uId, clientUserId), out var person) ? person : null;

    public void Saw(string what, long value) => Largest[what] = Math.Max(value, Largest.GetValueOrDefault(what));

    /// <summary>Work at all locations until nothing is due soon.</summary>
    public async Task WorkAsync()
    {
        var limit = House.Core.Clock.GetUtcNow() + TimeSpan.FromMinutes(2);
        for (var round = 0; round < 400; round++)
        {
            DateTimeOffset? next = null;
            foreach (var id in _locations.Values)
            {
                next = await House.StepAsync(id) is { } due && (next is null || due < next) ? due : next;
            }

            if (next is not { } at || at > limit)
            {
                return;
            }

            var wait = at - House.Core.Clock.GetUtcNow();
            if (wait > TimeSpan.Zero)
            {
                House.Core.Clock.Pass(wait + TimeSpan.FromMilliseconds(5));
            }
        }

        Assert.Fail("The work never came to rest.");
    }

    public async Task SyncAsync()
    {
        await House.Core.ChangeAsync(db =>
        {
            foreach (var location in db.Locations.ToList())
            {
                location.SyncWanted = SyncReason.Manual;
            }
        });
        await WorkAsync();
        foreach (var uId in UIds)
        {
            Assert.Equal(SyncStatus.Completed, (await House.Core.RowAsync(uId)).SyncStatus);
        }
    }

    /// <summary>A limited book in standard quality with at least so many free copies that was not given to anybody.</summary>
    public async Task<Book> PickAsync(string uId, int free)
    {
        await using var db = await House.Core.OpenAsync();
        var books = await db.Books.AsNoTracking().Where(b => b.LocationId == _locations[uId] && !b.Unlimited && b.PricingParam == PricingParam.STDQ && b.AvailableCount >= free)
            .OrderBy(b => b.AvailableCount).ThenBy(b => b.AdamId).ToListAsync();
        return books.First(b => Wishes.All(w => w.Book != b.PublicId));
    }

    /// <summary>The book of a location whose title the other location has too.</summary>
    public async Task<Book> PickSharedAsync(string uId)
    {
        await using var db = await House.Core.OpenAsync();
        var id = _locations[uId];
        return await db.Books.AsNoTracking().Where(b => b.LocationId == id && !b.Unlimited && db.Books.Any(o => o.AdamId == b.AdamId && o.LocationId != id)).FirstAsync();
    }

    /// <summary>The free title without a stock.</summary>
    public async Task<Book> PickUnlimitedAsync()
    {
        await using var db = await House.Core.OpenAsync();
        return await db.Books.AsNoTracking().Where(b => b.Unlimited).FirstAsync();
    }

    /// <summary>Gives a group a book, at once or after a time in which it can be called back.</summary>
    public async Task AssignAsync(Book book, Guid? group, Intent intent, TimeSpan? undoWindow = null)
    {
        var desk = House.Core.Get<AssignmentDesk>();
        var planned = Assert.IsType<PlanResult.Planned>(await desk.PlanAsync(new PlanRequest(book.PublicId, [new WishedAssignment(group, intent)]), CoreHouse.Admin, CancellationToken.None));
        var options = new CommitOptions(undoWindow, planned.Plan.NumberToType);
        Assert.IsType<CommitResult.Committed>(await desk.CommitAsync(planned.Plan.Id, options, CoreHouse.Admin, CancellationToken.None));
        Wishes.Add((book.PublicId, group, intent));
    }

    /// <summary>A reader takes a book; no matter whether there is anything to take.</summary>
    public async Task TakeAsync(Book book, Guid reader)
    {
        var actor = new Actor(ActorKind.Person, reader.ToString("D"), "R. Reader", Permissions.None);
        if (await House.Core.Get<BookTaking>().TakeAsync(book.PublicId, actor, CancellationToken.None) is TakeResult.Taken or TakeResult.Waits)
        {
            Takings.Add((book.PublicId, House.Core.Clock.GetUtcNow()));
        }
    }

    /// <summary>Gives a copy as another program would that holds the same token.</summary>
    public async Task GiveByOthersAsync(AssetKey asset, Guid person)
    {
        var apple = House.Core.Get<LocationConnections>().Connect(await House.Core.RowAsync(Education));
        var clientUserId = ClientUserIds.For(Education, person);
        Assert.IsType<ChangeOutcome.Accepted>(await House.Core.Get<AppleClient>().AssociateAsync(apple, [asset], [clientUserId], CancellationToken.None));
        House.Apple.FinishEvents();
        Assert.Contains(clientUserId, House.Apple.Holders(Education, asset.AdamId, asset.PricingParam.ToString()));
    }

    /// <summary>Apple stops listing a book, of which some people have copies.</summary>
    public void Unlist(AssetKey asset)
    {
        Assert.NotEmpty(House.Apple.Holders(Education, asset.AdamId, asset.PricingParam.ToString()));
        House.Apple.Unlist(Education, asset.AdamId, asset.PricingParam.ToString());
        _unlisted.Add((Education, asset.AdamId, asset.PricingParam.ToString()));
    }

    public bool IsListed(string uId, string adamId, string pricingParam) => !_unlisted.Contains((uId, adamId, pricingParam));

    /// <summary>Opens the pages of people, which is what reads their devices.</summary>
    public async Task LookAtDevicesAsync(IEnumerable<Guid> people)
    {
        foreach (var person in people)
        {
            await using var db = await House.Core.OpenAsync();
            var publicId = await db.People.Where(p => p.DirectoryId == person).Select(p => p.PublicId).SingleAsync();
            Assert.Equal(DeviceReadOutcome.Read, (await House.Core.Get<DeviceReader>().ReadAsync(publicId, CoreHouse.Admin, CancellationToken.None))!.Outcome);
            WithDevice.Remove(person);
            if (Directory.Devices.Values.Count(d => d.UserId == person) is > 0 and var devices)
            {
                WithDevice.Add(person, devices);
            }
        }
    }

    /// <summary>Somebody new comes to the school and into a class.</summary>
    public void Arrive(string givenName, string surname, SimulatedGroup group)
    {
        var person = House.Core.Cloud.Graph.AddPerson(givenName, surname, $"{givenName}.{surname}".ToLowerInvariant());
        Know(person.Id);
        House.Core.Cloud.Graph.AddMember(group.Id, person.Id);
    }

    /// <summary>Everybody who was invited at a location accepts.</summary>
    public void AcceptInvitations(string uId)
    {
        foreach (var user in House.Apple.Users(uId).Where(u => u.InviteCode is not null && FindPerson(uId, u.ClientUserId) is not null))
        {
            Assert.Null(House.Apple.AcceptInvitation(user.InviteCode!, user.ClientUserId + "@home.example"));
        }
    }

    public async Task RenewAsync(string uId)
    {
        var row = await House.Core.RowAsync(uId);
        var renewed = await House.Core.Enrollment.RenewAsync(row.PublicId, new TokenUpload.File(House.Apple.IssueToken(uId)), CoreHouse.Admin, CancellationToken.None);
        Assert.IsType<ChangeLocationResult.Changed>(renewed);
    }

    public SimulatedGroup Group(string name) => Directory.Groups.Values.Single(g => g.DisplayName == name);

    /// <summary>Members who can be given books without doing anything themselves.</summary>
    public List<Guid> Ready(SimulatedGroup group) =>
        [.. group.People.Where(p => Directory.People.TryGetValue(p, out var person) && person is { AccountEnabled: true, ManagedAppleAccount: not null })];

    public Task ReadDirectoryAsync() => House.Core.Get<DirectoryWatch>().ReadDueAsync(CancellationToken.None);

    public ValueTask DisposeAsync() => House.DisposeAsync();

    private void Know(Guid person)
    {
        foreach (var uId in UIds)
        {
            _people[(uId, ClientUserIds.For(uId, person))] = person;
        }
    }
}
