using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Mail;
using VppBooks.Core.People;
using VppBooks.Core.Why;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;
using VppBooks.Tests.Mail;

namespace VppBooks.Tests.Why;

/// <summary>A connected location that several tests share: each makes people, groups and a book of its own.</summary>
public sealed class WhyHouse : IAsyncLifetime
{
    private const int Books = 80;
    private const long FirstBook = 7_700_000_000;
    private readonly HashSet<int> _used = [];
    private int _number;

    internal RequestTap Tap { get; } = new();

    /// <summary>The mail server.</summary>
    internal MailSink Sink { get; } = new();

    internal MailOptions Mail => Core.Get<IOptions<MailOptions>>().Value;

    internal InvitationOptions Invitations => Core.Get<IOptions<InvitationOptions>>().Value;

    internal SpendingHouse House { get; private set; } = null!;

    internal CoreHouse Core => House.Core;

    public async ValueTask InitializeAsync()
    {
        House = await SpendingHouse.StartAsync(configure: Configure, options: o => (o.ApprovalThreshold, o.GrowthPeople, o.GrowthLimit) = (5, 1, 1));
        for (var i = 0; i < Books; i++)
        {
            House.Apple.Buy(SpendingHouse.UId, (FirstBook + i).ToString(System.Globalization.CultureInfo.InvariantCulture), "STDQ", 40);
        }

        await House.SyncAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await House.DisposeAsync();
        await Sink.DisposeAsync();
    }

    private void Configure(IServiceCollection services)
    {
        Tap.Attach(services);
        services.Configure<MailOptions>(o => (o.Host, o.Port, o.Security, o.From) = ("127.0.0.1", Sink.Port, MailSecurity.None, "Books <books@noordrand.example>"));
        services.Configure<InvitationOptions>(o => (o.TimeZone, o.RemindFrom, o.RemindUntil, o.RemindOn, o.RemindEvery) =
            ("UTC", TimeOnly.MinValue, TimeOnly.MaxValue, string.Join(',', Enum.GetValues<DayOfWeek>()), TimeSpan.FromDays(1)));
    }

    /// <summary>Queues and sends what is due, once.</summary>
    internal async Task MailAsync()
    {
        await Core.Get<InvitationMails>().QueueDueAsync(CancellationToken.None);
        await Core.Get<Outbox>().SendDueAsync(CancellationToken.None);
    }

    /// <summary>Somebody whom Apple has registered for a book, and whom nothing was mailed yet.</summary>
    internal async Task<(SimulatedPerson Person, Book Book)> NewInvitedAsync(Action<SimulatedPerson>? change = null)
    {
        var (person, book) = (NewPerson(change ?? (p => p.ManagedAppleAccount = null)), await NewBookAsync());
        await AssignAsync(book, NewGroup(person));
        await House.WorkAsync();
        return (person, book);
    }

    internal async Task<Guid> IdAsync(SimulatedPerson person)
    {
        await using var db = await Core.OpenAsync();
        return await db.People.Where(p => p.DirectoryId == person.Id).Select(p => p.PublicId).SingleAsync();
    }

    /// <summary>Somebody new in the directory.</summary>
    internal SimulatedPerson NewPerson(Action<SimulatedPerson>? change = null)
    {
        var person = Core.Cloud.Graph.AddPerson("Robin", "Number " + ++_number, "robin." + _number);
        lock (Core.Cloud.Directory.Gate)
        {
            change?.Invoke(person);
        }

        return person;
    }

    internal SimulatedGroup NewGroup(params IEnumerable<SimulatedPerson> people) => Core.Cloud.Graph.AddGroup("Group " + ++_number, people.Select(p => p.Id));

    /// <summary>A limited book in standard quality that no test has used, with at least so many free copies.</summary>
    internal async Task<Book> NewBookAsync(int free = 30)
    {
        await using var db = await Core.OpenAsync();
        var book = (await db.Books.AsNoTracking()
                .Where(b => b.LocationId == House.LocationId && b.AdamId >= FirstBook && b.PricingParam == PricingParam.STDQ && !b.NoLongerReported && b.AvailableCount >= free && !db.GroupAssignments.Any(a => a.BookId == b.Id))
                .OrderBy(b => b.AvailableCount).ThenBy(b => b.AdamId).ToListAsync())
            .First(b => _used.Add(b.Id));
        return book;
    }

    internal Task<CommitResult> AssignAsync(Book book, SimulatedGroup group, Intent intent = Intent.Required) => House.AssignAsync(book, new WishedAssignment(group.Id, intent));

    internal async Task ReadAsync(params IEnumerable<SimulatedGroup> groups) =>
        await Core.Groups.EnsureMembersAsync([.. groups.Select(g => g.Id)], TimeSpan.Zero, CancellationToken.None);

    /// <summary>The explanation, as the helpdesk reads it.</summary>
    internal async Task<WhyAnswer> AskAsync(SimulatedPerson person, Book book)
    {
        var answer = await Core.Get<WhyReader>().ReadAsync(await IdAsync(person), book.PublicId, CoreHouse.Helpdesk, CancellationToken.None);
        Assert.NotNull(answer);
        return answer;
    }

    /// <summary>Asks, and expects the first obstacle.</summary>
    internal async Task<WhyStep> ExpectAsync(SimulatedPerson person, Book book, WhyStage stage, WhyState state, WhyReason reason)
    {
        var answer = await AskAsync(person, book);
        var obstacle = answer.Obstacle;
        Assert.NotNull(obstacle);
        Assert.Equal((stage, state, reason), (obstacle.Stage, obstacle.State, obstacle.Reason));
        Assert.Equal(Enum.GetValues<WhyStage>(), answer.Steps.Select(s => s.Stage));
        Assert.All(answer.Steps.Where(s => s.Stage < stage), s => Assert.Equal(WhyState.Passed, s.State));
        Assert.All(answer.Steps.Where(s => s.Stage > stage), s => Assert.Equal(WhyState.NotReached, s.State));
        return obstacle;
    }

    internal async Task<string> ClientUserIdAsync(SimulatedPerson person)
    {
        await using var db = await Core.OpenAsync();
        return await db.VppUsers.Where(u => u.LocationId == House.LocationId && !u.Retired && db.People.Any(p => p.Id == u.PersonId && p.DirectoryId == person.Id)).Select(u => u.ClientUserId).SingleAsync();
    }

    internal async Task<LicenseState?> StateAsync(SimulatedPerson person, Book book)
    {
        await using var db = await Core.OpenAsync();
        return await db.Licenses.Where(l => l.BookId == book.Id && db.People.Any(p => p.Id == l.PersonId && p.DirectoryId == person.Id)).Select(l => (LicenseState?)l.State).SingleOrDefaultAsync();
    }

    /// <summary>Somebody who is associated at Apple, through another book.</summary>
    internal async Task<SimulatedPerson> NewReaderAsync()
    {
        var person = NewPerson();
        await AssignAsync(await NewBookAsync(), NewGroup(person));
        await House.WorkAsync();
        return person;
    }
}
