using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;
using VppBooks.Core.Activities;
using VppBooks.Core.Alerts;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Devices;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Mail;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Verification;
using VppBooks.Tests.Api;
using VppBooks.Tests.Locations;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Exports;

/// <summary>The lists of one plan, book, group or person, and those of the monitor, leave by the link on their page.</summary>
public sealed partial class DetailExportTests(ApiHouse house) : IClassFixture<ApiHouse>
{
    private static readonly Actor _admin = CoreHouse.Admin;

    [Fact]
    public async Task Every_page_about_one_thing_links_the_file_of_its_rows()
    {
        var (book, group, holder) = await GiveAsync();
        var plan = (await Get<PlanViews>().FindLatestCommittedAsync(book, _admin, CancellationToken.None))!;
        var auditor = ("Cookie", await house.SignInAsync("auditor"));
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);

        var lines = await Get<PlanViews>().ListLinesAsync(plan.Id, null, 0, 999, _admin, CancellationToken.None);
        Assert.True(lines.Count > 6, $"{lines.Count} people.");
        foreach (var outcome in lines.Select(l => l.Outcome).Distinct())
        {
            var some = await LinkedAsync($"/apps/ebooks/{book}/plan/{plan.Id}?show={outcome}", "plan-people");
            Assert.Equal(lines.Where(l => l.Outcome == outcome).Select(l => (l.PersonId.ToString(), l.DisplayName, l.Outcome.ToString(), l.Reason.ToString())), Tuples(some, "Person id", "Name", "Outcome", "Reason"));
        }

        Assert.Equal(lines.Select(l => l.PersonId.ToString()), (await CsvAsync($"plan-people?plan={plan.Id}")).Column("Person id"));
        Assert.Equal(lines.Skip(3).Take(3), await Get<PlanViews>().ListLinesBehindAsync(plan.Id, null, new PersonPlace(lines[2].DisplayName, lines[2].PersonId), 3, _admin, CancellationToken.None));

        var holders = (await Get<TimeMachine>().HoldersAsync(book, today, TimeZoneInfo.Utc, 0, 999, _admin, CancellationToken.None)).Rows;
        Assert.NotEmpty(holders);
        var past = await LinkedAsync($"/apps/ebooks/{book}?tab=then&day={today:yyyy-MM-dd}", "past-holders");
        Assert.Equal(holders.Select(h => (today.ToString("yyyy-MM-dd", null), h.PersonId.ToString(), h.DisplayName, h.StillHeld ? "true" : "false")), Tuples(past, "Day", "Person id", "Name", "Still held"));
        Assert.Empty((await CsvAsync($"past-holders?book={book}&day={today.AddDays(-400):yyyy-MM-dd}")).Rows);

        var assignment = Assert.Single(await Get<PlanViews>().ListAssignmentsAsync(book, _admin, CancellationToken.None));
        var given = await LinkedAsync($"/apps/ebooks/{book}?tab=groups", "book-groups");
        Assert.Equal([(assignment.Id.ToString(), group.ToString(), "Class 4A", "Required")], Tuples(given, "Assignment id", "Group id", "Group", "Given as"));

        var titles = (await Get<GroupCatalog>().FindAsync(group, _admin, CancellationToken.None))!.Books;
        var gets = await LinkedAsync($"/groups/{group}", "group-books");
        Assert.Equal(titles.Select(b => (b.BookPublicId.ToString(), Safe(b.Title), b.Intent.ToString(), Number(b.Held))), Tuples(gets, "Book id", "Title", "Given as", "Held"));

        Assert.Contains("'=Title", gets.Column("Title"));

        var person = (await Get<PeopleCatalog>().FindAsync(holder, _admin, CancellationToken.None))!;
        var page = $"/people/{holder}";
        Assert.Equal(person.Books.Select(b => (b.BookPublicId.ToString(), Safe(b.Title), b.State.ToString(), b.Source.ToString())), Tuples(await LinkedAsync(page, "person-books"), "Book id", "Title", "State", "Brought by"));
        Assert.Equal(
            person.Entitled.Select(e => (e.BookPublicId.ToString(), e.Intent.ToString(), "Class 4A", e.License.ToString()!)),
            Tuples(await LinkedAsync(page, "person-entitlements"), "Book id", "Given as", "Through", "License"));
        Assert.Equal(
            person.Registrations.Select(r => (r.LocationPublicId.ToString(), "Business", r.State.ToString(), r.InvitationPending ? "true" : "false")),
            Tuples(await LinkedAsync(page, "person-registrations"), "Token id", "Token", "Registration", "Invitation pending"));
        var mails = await Get<Invitations>().ListAsync(holder, _admin, CancellationToken.None);
        var devices = (await Get<DeviceReader>().ReadAsync(holder, _admin, CancellationToken.None))!;
        Assert.Equal(
            devices.Devices.Select(d => (d.Name, d.Platform, d.UserAffinity ? "true" : "false", d.BooksApp.ToString())),
            Tuples(await CsvAsync($"person-devices?person={holder}"), "Device", "Platform", "Enrolled for the person", "Books app"));
        Assert.Equal(mails.Select(m => (m.Kind.ToString(), m.State.ToString(), m.Failure.ToString(), "Business")), Tuples(await LinkedAsync(page, "person-mails"), "Mail", "State", "Failure", "Token"));

        async Task<Csv> LinkedAsync(string address, string list)
        {
            using var answer = await house.SendAsync(HttpMethod.Get, address, role: null, headers: auditor);
            var html = await answer.Content.ReadAsStringAsync();
            var links = Link.Matches(html).Select(m => WebUtility.HtmlDecode(m.Groups["to"].Value)).Where(l => l.Split('?')[0] == list).ToList();
            Assert.True(links.Count == 1, $"{address} has {links.Count} links to {list}: {(int)answer.StatusCode}");
            var file = await CsvAsync(links[0], Roles.Auditor);
            Assert.True(file.Rows.Count > 0, links[0]);
            return file;
        }
    }

    [Fact]
    public async Task Alerts_and_differences_leave_as_their_pages_have_them()
    {
        var (book, _, _) = await GiveAsync();
        var auditor = ("Cookie", await house.SignInAsync("auditor"));
        var id = Guid.NewGuid();
        await using (var db = await OpenAsync())
        {
            db.Alerts.Add(new Alert { PublicId = id, Key = $"StockShort:{id}", Kind = AlertKind.StockShort, Severity = AlertSeverity.Critical, Subject = "=Title", Count = 7, BookId = await db.Books.Where(b => b.PublicId == book).Select(b => b.Id).SingleAsync(), RaisedAt = DateTimeOffset.UnixEpoch });
            await db.SaveChangesAsync();
        }

        Assert.Contains("\"/exports/alerts\"", await PageAsync("/monitor/alerts"), StringComparison.Ordinal);
        var alert = Assert.Single(Tuples(await CsvAsync("alerts"), "Alert id", "Kind", "Subject", "Book id"), a => a.Item1 == id.ToString());
        Assert.Equal((id.ToString(), "StockShort", "'=Title", book.ToString()), alert);
        using var lines = await house.SendAsync(HttpMethod.Get, "/exports/alerts?format=jsonl");
        var told = (await lines.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).Single(l => l.GetProperty("alertId").GetGuid() == id);
        Assert.Equal(("=Title", 7, DateTimeOffset.UnixEpoch), (told.GetProperty("subject").GetString(), told.GetProperty("count").GetInt32(), told.GetProperty("since").GetDateTimeOffset()));

        Assert.Empty((await CsvAsync("verification-differences")).Rows);
        await using (var db = await OpenAsync())
        {
            // A copy that Apple knows nothing of.
            var now = TimeProvider.System.GetUtcNow();
            var given = await db.Books.AsNoTracking().SingleAsync(b => b.PublicId == book);
            var without = await db.People.Where(p => !db.Licenses.Any(l => l.PersonId == p.Id)).OrderBy(p => p.Id).Select(p => p.Id).FirstAsync();
            db.Licenses.Add(new License { BookId = given.Id, AdamId = given.AdamId, PersonId = without, State = LicenseState.Assigned, CreatedAt = now, WantedAt = now, ChangedAt = now });
            await db.SaveChangesAsync();
        }

        Assert.True(Get<VerificationRuns>().Start(_admin, out var ended));
        await ended;
        var found = Get<VerificationRuns>().Read(_admin).Last!.Differences;
        Assert.Contains(found, d => d.Kind == DifferenceKind.NotAtApple && d.Book!.PublicId == book);
        Assert.Contains("\"/exports/verification-differences\"", await PageAsync("/monitor/verify"), StringComparison.Ordinal);
        var differences = await CsvAsync("verification-differences", Roles.Auditor);
        Assert.Equal(
            found.Select(d => (d.Kind.ToString(), d.Cause.ToString(), Number(d.Count), string.Join("; ", d.Ids))),
            Tuples(differences, "Difference", "Cause", "Count", "Ids"));
        Assert.Contains("'=Title", differences.Column("Title"));

        async Task<string> PageAsync(string address)
        {
            using var answer = await house.SendAsync(HttpMethod.Get, address, role: null, headers: auditor);
            return await answer.Content.ReadAsStringAsync();
        }
    }

    [Fact]
    public async Task Devices_categories_plans_that_wait_and_notifications_leave_by_their_links()
    {
        var (book, _, holder) = await GiveAsync();
        var auditor = ("Cookie", await house.SignInAsync("auditor"));
        var plan = Guid.NewGuid();
        await using (var db = await OpenAsync())
        {
            var person = await db.People.Where(p => p.PublicId == holder).Select(p => p.Id).SingleAsync();
            var read = TimeProvider.System.GetUtcNow();
            await db.DeviceReadings.ExecuteDeleteAsync();
            await db.ManagedDevices.ExecuteDeleteAsync();
            db.DeviceReadings.Add(new DeviceReading { PersonId = person, Outcome = DeviceReadOutcome.Read, TriedAt = read, ReadAt = read });
            db.ManagedDevices.Add(new ManagedDevice { PersonId = person, Name = "=iPad", Platform = "iPadOS", OsVersion = "26.1", UserAffinity = true, BooksApp = BooksApp.Absent });
            db.Plans.Add(new Plan { PublicId = plan, BookId = await db.Books.Where(b => b.PublicId == book).Select(b => b.Id).SingleAsync(), Wish = "[]", Hash = "", State = PlanState.AwaitingApproval, GetNow = 7, CreatedById = "1", CreatedByName = "A. Admin", CommittedByName = "A. Admin" });
            await db.SaveChangesAsync();
        }

        Assert.IsType<CategoryResult.Done>(await Get<BookCategories>().CreateAsync("=Biology", _admin, CancellationToken.None));
        try
        {
            Assert.Equal([("'=iPad", "iPadOS", "true", "Absent")], Tuples(await LinkedAsync($"/people/{holder}/books/{book}", "person-devices"), "Device", "Platform", "Enrolled for the person", "Books app"));
            Assert.Equal(["'=Biology"], (await LinkedAsync($"/apps/ebooks/{book}", "categories")).Column("Name"));
            Assert.Equal([(plan.ToString(), book.ToString(), "7", "A. Admin")], Tuples(await LinkedAsync("/", "plans-awaiting-approval"), "Plan id", "Book id", "Licenses", "Committed by"));
            var told = await LinkedAsync("/settings?part=notifications", "notifications");
            var tokens = await Get<LocationDirectory>().ListAsync(_admin, CancellationToken.None);
            Assert.Equal(tokens.Select(t => (t.PublicId.ToString(), "Business", t.Notifications.State.ToString())), told.Column("Token id").Zip(told.Column("Token"), told.Column("State")));
        }
        finally
        {
            await using var db = await OpenAsync();
            await db.Plans.Where(p => p.PublicId == plan).ExecuteDeleteAsync();
            await db.ManagedDevices.ExecuteDeleteAsync();
            await db.DeviceReadings.ExecuteDeleteAsync();
        }

        async Task<Csv> LinkedAsync(string address, string list)
        {
            using var answer = await house.SendAsync(HttpMethod.Get, address, role: null, headers: auditor);
            var links = Link.Matches(await answer.Content.ReadAsStringAsync()).Select(m => WebUtility.HtmlDecode(m.Groups["to"].Value)).Where(l => l.Split('?')[0] == list).Distinct().ToList();
            Assert.True(links.Count == 1, $"{address} has {links.Count} links to {list}: {(int)answer.StatusCode}");
            return await CsvAsync(links[0], Roles.Auditor);
        }
    }

    [Theory]
    [InlineData("plan-people")]
    [InlineData("past-holders?day=2026-09-01")]
    [InlineData("past-holders?book=6f9619ff-8b86-4011-b42d-00cf4fc964ff")]
    [InlineData("past-holders?book=6f9619ff-8b86-4011-b42d-00cf4fc964ff&day=9999-12-31")]
    [InlineData("book-groups")]
    [InlineData("group-books")]
    [InlineData("person-books")]
    [InlineData("person-entitlements?person=x")]
    [InlineData("person-registrations")]
    [InlineData("person-mails")]
    [InlineData("person-devices")]
    public async Task A_file_of_nothing_in_particular_is_refused(string address)
    {
        using var answer = await house.SendAsync(HttpMethod.Get, "/exports/" + address);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("plan-people?plan=")]
    [InlineData("past-holders?day=2026-09-01&book=")]
    [InlineData("book-groups?book=")]
    [InlineData("group-books?group=")]
    [InlineData("person-books?person=")]
    [InlineData("person-mails?person=")]
    [InlineData("person-devices?person=")]
    public async Task A_file_of_what_is_not_there_has_a_heading_and_no_rows(string address)
    {
        var file = await CsvAsync(address + "6f9619ff-8b86-4011-b42d-00cf4fc964ff");

        Assert.True(file.Columns.Count > 4);
        Assert.Empty(file.Rows);
    }

    /// <summary>A book with a dangerous title that a class was given: some hold it, one of them is registered and was mailed.</summary>
    private async Task<(Guid Book, Guid Group, Guid Holder)> GiveAsync()
    {
        var group = house.GroupId("Class 4A");
        await using var db = await OpenAsync();
        if (!await db.Locations.AnyAsync(l => l.DeletedAt == null))
        {
            await house.UploadAsync(ApiHouse.Business, "Business");
            await house.QuietAsync();
            var free = (await Get<BookCatalog>().ListAsync(new BookQuery { Take = 999 }, _admin, CancellationToken.None)).Rows.First(b => !b.Unlimited && b.Free is > 0 and < 60);
            await Get<AssignmentDesk>().AssignAsync(new PlanRequest(free.PublicId, [new WishedAssignment(group, Intent.Required)]), _admin, CancellationToken.None);
            // Between two looks at Apple nobody is at work, and not everything is known.
            await ApiHouse.UntilAsync(
                async () => await db.Operations.CountAsync(o => o.State == OperationState.Intended || o.State == OperationState.Submitted || o.State == OperationState.Unknown)
                    + await db.VppUsers.CountAsync(u => u.PersonId != null && u.Status == VppUserStatus.Unknown && u.ErrorNumber == null)
                    + await db.Licenses.CountAsync(l => l.State == LicenseState.Submitting || l.State == LicenseState.Submitted || l.State == LicenseState.Unknown
                        || (l.State == LicenseState.Reserved && db.VppUsers.Any(u => u.PersonId == l.PersonId && !u.Retired && u.Status == VppUserStatus.Associated)))
                    + (await db.VppUsers.AnyAsync(u => u.PersonId != null) ? 0 : 1),
                open => open == 0);
            await house.QuietAsync();
            await db.Titles.Where(t => db.Books.Any(b => b.PublicId == free.PublicId && b.TitleId == t.Id)).ExecuteUpdateAsync(set => set.SetProperty(t => t.Name, "=Title"));
        }

        var given = await (from assignment in db.GroupAssignments join one in db.Books on assignment.BookId equals one.Id select one).SingleAsync();
        var copies = await db.Licenses.Where(l => l.BookId == given.Id).OrderBy(l => l.Id).Select(l => l.Id).Take(3).ToListAsync();
        await db.Licenses.Where(l => copies.Contains(l.Id)).ExecuteUpdateAsync(set => set.SetProperty(l => l.State, LicenseState.Assigned));
        var holder = await (from copy in db.Licenses where copy.Id == copies[0] join person in db.People on copy.PersonId equals person.Id select person).SingleAsync();
        if (!await db.OutboxMails.AnyAsync(m => m.PersonId == holder.Id))
        {
            db.OutboxMails.Add(new OutboxMail { Reason = "invitation:test", Kind = default, PersonId = holder.Id, LocationId = given.LocationId, VppUserId = 1, State = MailState.Sent, QueuedAt = DateTimeOffset.UnixEpoch, SentAt = DateTimeOffset.UnixEpoch });
        }

        if (!await db.VppUsers.AnyAsync(u => u.PersonId == holder.Id))
        {
            db.VppUsers.Add(new VppUser { PersonId = holder.Id, LocationId = given.LocationId, ClientUserId = Guid.NewGuid().ToString(), Retired = true, Status = VppUserStatus.Retired });
        }

        await db.SaveChangesAsync();
        return (given.PublicId, group, holder.PublicId);
    }

    private Task<VppBooksDbContext> OpenAsync() => Get<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();

    private T Get<T>()
        where T : notnull => house.Services.GetRequiredService<T>();

    private async Task<Csv> CsvAsync(string address, string role = Roles.Administrator)
    {
        using var answer = await house.SendAsync(HttpMethod.Get, "/exports/" + address, role: role);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{address}: {(int)answer.StatusCode} {text}");
        return Csv.Read(text);
    }

    private static IEnumerable<(string, string, string, string)> Tuples(Csv file, string first, string second, string third, string fourth) =>
        file.Column(first).Zip(file.Column(second), file.Column(third)).Zip(file.Column(fourth), (t, last) => (t.First, t.Second, t.Third, last));

    private static string Safe(string? title) => title is ['=', ..] ? "'" + title : title ?? "";

    private static string Number(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex("href=\"/exports/(?<to>[^\"]+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Link { get; }
}
