using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Activities;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Exports;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Reports;
using VppBooks.Core.Security;
using VppBooks.Core.Sync;
using VppBooks.Tests.Api;
using VppBooks.Tests.Audit;
using VppBooks.Tests.Locations;
using VppBooks.Web.Components.Exports;

namespace VppBooks.Tests.Exports;

public sealed class CsvTextTests
{
    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+31 6", "'+31 6")]
    [InlineData("-5", "'-5")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\tx", "'\tx")]
    [InlineData("\rx", "\"'\rx\"")]
    [InlineData("\0x", "'\0x")]
    [InlineData("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"")]
    [InlineData("a=b", "a=b")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("a\nb", "\"a\nb\"")]
    [InlineData("say \"hi\"", "\"say \"\"hi\"\"\"")]
    [InlineData(" a", "\" a\"")]
    [InlineData("", "")]
    [InlineData("x;=1+1", "x;'=1+1")]
    [InlineData("x;-5;+6;@y", "x;'-5;'+6;'@y")]
    [InlineData("x;=HYPERLINK(\"http://x\",\"y\")", "\"x;'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"")]
    [InlineData("x;\"=1", "\"x;'\"\"=1\"")]
    [InlineData("x\t=1", "x\t'=1")]
    [InlineData("x\n=1", "\"x\n'=1\"")]
    [InlineData("x\r\n@y", "\"x\r\n'@y\"")]
    [InlineData("=1;=2", "'=1;'=2")]
    [InlineData("Tides; a novel (=1)", "Tides; a novel (=1)")]
    [InlineData("a;b\tc", "a;b\tc")]
    [InlineData("x; - y", "x; - y")]
    public void A_text_becomes_one_field_and_never_a_formula(string text, string field) => Assert.Equal(field, CsvText.Field(text));

    [Fact]
    public void No_cell_begins_as_a_formula_wherever_a_spreadsheet_splits_a_line()
    {
        foreach (var text in Texts("=;\"\na", 5))
        {
            var line = CsvText.Line([1, text, 2]);

            foreach (var separator in ",;\t")
            {
                Assert.All(Cells(line, separator), cell => Assert.False(cell.StartsWith('='), $"{line} at {separator}"));
            }

            Assert.Equal(["1", text, "2"], Cells(line, ',').Select(c => c.Replace("'", "", StringComparison.Ordinal)));
        }

        static IEnumerable<string> Texts(string letters, int most) => most == 0 ? [""] : Texts(letters, most - 1).SelectMany(t => letters.Select(l => t + l)).Append("").Distinct();
    }

    [Fact]
    public void Values_read_the_same_everywhere()
    {
        System.Globalization.CultureInfo.CurrentCulture = System.Globalization.CultureInfo.GetCultureInfo("nl");

        Assert.Equal("2026-09-01T08:00:00Z,12345,true,Assigned,,2.5", CsvText.Line([new DateTimeOffset(2026, 9, 1, 10, 0, 0, TimeSpan.FromHours(2)), 12345L, true, LicenseState.Assigned, null, 2.5]));
    }

    // As a spreadsheet reads: a quotation mark counts where a cell begins, and what follows the closing one is added to the cell.
    private static List<string> Cells(string text, char separator)
    {
        var (cells, cell, begins, quoted) = (new List<string>(), new StringBuilder(), true, false);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quoted ? c == '"' && i + 1 < text.Length && text[i + 1] == '"' : c != '"' || !begins)
            {
                var ends = !quoted && (c == separator || c == '\n');
                if (ends)
                {
                    cells.Add(cell.ToString());
                    cell.Clear();
                }
                else
                {
                    cell.Append(c);
                    i += quoted ? 1 : 0;
                }

                begins = ends;
            }
            else if (quoted && c != '"')
            {
                cell.Append(c);
            }
            else
            {
                (quoted, begins) = (!quoted, false);
            }
        }

        cells.Add(cell.ToString());
        return cells;
    }
}

/// <summary>Every list leaves as the page shows it.</summary>
public sealed class ExportTests : IClassFixture<ApiHouse>
{
    private readonly ApiHouse _house;

    public ExportTests(ApiHouse house) => _house = house;

    [Fact]
    public async Task Every_list_is_the_pages_rows()
    {
        var token = await _house.UploadAsync(ApiHouse.Business, "=Business, \"B\"");
        var admin = CoreHouse.Admin;
        var books = (await Get<BookCatalog>().ListAsync(new BookQuery { Take = 999 }, CoreHouse.Admin, CancellationToken.None)).Rows;
        var book = books.First(b => !b.Unlimited && b.Free is > 0 and < 60);
        var everybody = _house.GroupId("Class 4A");
        await Get<AssignmentDesk>().AssignAsync(new PlanRequest(book.PublicId, [new WishedAssignment(everybody, Intent.Required)]), admin, CancellationToken.None);
        await _house.QuietAsync();

        var tokens = await CsvAsync("tokens");
        Assert.Equal((await Get<LocationDirectory>().ListAsync(admin, CancellationToken.None)).Select(t => "'" + t.Name), tokens.Column("Name"));
        Assert.Equal("'=Business, \"B\"", tokens.Rows[0][1]);

        var listed = await CsvAsync("books");
        Assert.Equal(books.Select(b => b.PublicId.ToString()), listed.Column("Id"));
        Assert.Equal(books.Select(b => b.Title ?? ""), listed.Column("Title").Select(Plain));
        Assert.Equal(books.Select(b => b.Unlimited ? "" : b.Total.ToString(System.Globalization.CultureInfo.InvariantCulture)), listed.Column("Total"));
        var short_ = (await Get<BookCatalog>().ListAsync(new BookQuery { State = BookFilter.RunningShort, Sort = BookSort.Used, Descending = true, Take = 999 }, CoreHouse.Admin, CancellationToken.None)).Rows;
        Assert.Equal(short_.Select(b => b.PublicId.ToString()), (await CsvAsync("books?state=runningshort&sort=-used&page=7")).Column("Id"));

        var holders = (await Get<BookPeople>().ListAsync(book.PublicId, new BookPeopleQuery { Take = 999 }, CoreHouse.Admin, CancellationToken.None))!.Rows;
        Assert.NotEmpty(holders);
        var people = await CsvAsync($"book-people?book={book.PublicId}");
        Assert.Equal(holders.Select(p => (p.DisplayName, p.State.ToString(), p.PersonId.ToString())), people.Column("Name").Zip(people.Column("State"), people.Column("Person id")));
        var waiting = (await Get<WaitingLists>().FindAsync(book.PublicId, 0, 999, admin, CancellationToken.None))!.Rows;
        Assert.Equal(waiting.Select(w => w.PersonId.ToString()), (await CsvAsync($"waiting-list?book={book.PublicId}")).Column("Person id"));

        Assert.Equal((await Get<GroupCatalog>().ListAsync(new GroupsQuery { Take = 999 }, admin, CancellationToken.None)).Rows.Select(g => g.DisplayName), (await CsvAsync("groups")).Column("Name"));
        Assert.Empty((await CsvAsync("groups?q=nosuchgroup")).Rows);
        Assert.Equal(
            (await Get<GroupCatalog>().ListMembersAsync(everybody, null, 0, 999, admin, CancellationToken.None)).Rows.Select(m => m.UserPrincipalName),
            (await CsvAsync($"group-members?group={everybody}")).Column("User principal name"));
        await using (var db = await Get<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync())
        {
            var holder = await db.Licenses.OrderBy(l => l.Id).Select(l => l.PersonId).FirstAsync();
            await db.Licenses.Where(l => l.PersonId == holder).ExecuteUpdateAsync(set => set.SetProperty(l => l.State, LicenseState.Assigned));
            await db.People.Where(p => p.Id == holder).ExecuteUpdateAsync(set => set.SetProperty(p => p.GoneSince, TimeProvider.System.GetUtcNow()));
        }

        var left = (await Get<TroubledCopies>().ListAsync(new CopiesQuery(CopyTrouble.WithLeavers) { Take = 999 }, admin, CancellationToken.None)).Rows;
        Assert.NotEmpty(left);
        var copies = await CsvAsync("copies-with-leavers");
        Assert.Equal(left.Select(c => (c.PersonId.ToString(), c.BookId.ToString())), copies.Column("Person id").Zip(copies.Column("Book id")));
        Assert.Equal(
            (await Get<PeopleCatalog>().ListAsync(new PeopleQuery { Search = "an", Take = 999 }, admin, CancellationToken.None)).Rows.Select(p => p.PublicId.ToString()),
            (await CsvAsync("people?q=an")).Column("Person id"));
        Assert.Equal(
            (await Get<SyncHistory>().ListAsync(Guid.Parse(token.Id!), 0, 999, CoreHouse.Admin, CancellationToken.None)).Rows.Select(r => r.PublicId.ToString()),
            (await CsvAsync($"sync-runs?token={token.Id}")).Column("Run id"));

        var before = await Get<ActivityReader>().ListAsync(new ActivityQuery { Actions = ["plan.committed"], Book = book.PublicId }, admin, CancellationToken.None);
        var activity = await CsvAsync($"activity?action=plan.committed&book={book.PublicId}");
        Assert.Equal([before.Rows.Single().Id.ToString(System.Globalization.CultureInfo.InvariantCulture)], [.. activity.Column("Action").Select(a => before.Rows.Single().Action == a ? before.Rows.Single().Id.ToString(System.Globalization.CultureInfo.InvariantCulture) : a)]);
        Assert.Contains("committed", activity.Rows.Single()[4], StringComparison.Ordinal);

        using var lines = await _house.SendAsync(HttpMethod.Get, $"/exports/activity?show=licenses&book={book.PublicId}&format=jsonl");
        var changes = (await lines.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.NotEmpty(changes);
        Assert.All(changes, c => Assert.Equal("license.changed", c.GetProperty("action").GetString()));
        // Found by whoever committed the plan, and telling of it.
        var committer = changes.Select(c => c.TryGetProperty("planCommittedBy", out var name) ? name.GetString() : null).OfType<string>().First();
        var theirs = await CsvAsync($"activity?show=licenses&book={book.PublicId}&actor={Uri.EscapeDataString(committer)}");
        Assert.Equal(changes.Count(c => c.TryGetProperty("planCommittedBy", out var name) && name.GetString() == committer), theirs.Rows.Count);
        Assert.All(theirs.Column("Plan"), id => Assert.True(Guid.TryParse(id, out _)));
        Assert.Contains(changes, c => c.GetProperty("cause").GetString() == "Committed" && !c.TryGetProperty("stateBefore", out _));
    }

    [Fact]
    public async Task A_file_has_a_fixed_name_says_what_it_is_and_leaves_its_row_in_the_audit_trail()
    {
        using var answer = await _house.SendAsync(HttpMethod.Get, "/exports/people?q=secret-name");
        var body = await answer.Content.ReadAsByteArrayAsync();

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("attachment; filename=\"vppbooks-people.csv\"", answer.Content.Headers.ContentDisposition?.ToString());
        Assert.Equal("text/csv; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal(Encoding.UTF8.GetPreamble(), body[..3]);
        await using var db = await Get<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        var row = await db.AuditEvents.Where(a => a.Action == "list.exported").OrderByDescending(a => a.Id).FirstAsync();
        Assert.DoesNotContain("secret-name", row.Details, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_report_leaves_as_a_table()
    {
        await _house.UploadAsync(ApiHouse.Education, "=Education");
        await _house.QuietAsync();
        var admin = CoreHouse.Admin;

        foreach (var by in Enum.GetValues<UsageBy>())
        {
            Assert.Equal((await Get<UsageReader>().ListAsync(by, admin, CancellationToken.None)).Select(r => r.Name ?? ""), (await CsvAsync($"license-use?by={by}")).Column("Name").Select(Plain));
        }

        Assert.Equal((await Get<TitleReports>().SharedAsync(admin, CancellationToken.None)).Titles.Select(t => t.AdamId.ToString(System.Globalization.CultureInfo.InvariantCulture)), (await CsvAsync("shared-titles")).Column("Store id"));
        Assert.Equal((await Get<ForecastReader>().ListAsync(new ForecastQuery(), admin, CancellationToken.None)).Select(f => f.BookId.ToString()), (await CsvAsync("forecast")).Column("Book id"));
        // Registrations that are still under way may end between two looks: compared is a file before and after which the list was the same.
        var (listed, exported) = await ApiHouse.UntilAsync(
            async () =>
            {
                var before = await UnreadyAsync();
                var file = await CsvAsync("unregistered-people");
                var rows = file.Column("Person id").Zip(file.Column("Token").Select(Plain)).ToList();
                return before.SequenceEqual(await UnreadyAsync()) ? (before, rows) : (null, null);
            },
            seen => seen.before is not null);
        Assert.Equal(listed, exported);
        Assert.Equal(TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), (await CsvAsync("license-history?days=2")).Column("Day").Last());
        foreach (var rest in (string[])["stuck-copies", "copies-with-leavers", "unserved-copies", "title-copies", "title-copies?title=1", "shopping-list?weeks=52"])
        {
            Assert.NotEmpty((await CsvAsync(rest)).Columns);
        }
    }

    [Theory]
    [InlineData("/exports/license-use", Web.SignIn.Roles.Auditor, HttpStatusCode.OK)]
    [InlineData("/exports/license-use", "", HttpStatusCode.Forbidden)]
    [InlineData("/exports/shopping-list", "", HttpStatusCode.Forbidden)]
    [InlineData("/exports/people", Web.SignIn.Roles.Auditor, HttpStatusCode.OK)]
    [InlineData("/exports/activity", Web.SignIn.Roles.Auditor, HttpStatusCode.OK)]
    [InlineData("/exports/activity", Web.SignIn.Roles.Assigner, HttpStatusCode.Forbidden)]
    [InlineData("/exports/people", "", HttpStatusCode.Forbidden)]
    [InlineData("/exports/stuck-copies", Web.SignIn.Roles.Helpdesk, HttpStatusCode.OK)]
    [InlineData("/exports/stuck-copies", "", HttpStatusCode.Forbidden)]
    [InlineData("/exports/copies-with-leavers", "", HttpStatusCode.Forbidden)]
    [InlineData("/exports/book-people", Web.SignIn.Roles.Administrator, HttpStatusCode.BadRequest)]
    public async Task Who_may_not_read_a_list_gets_no_file(string path, string role, HttpStatusCode status)
    {
        using var answer = await _house.SendAsync(HttpMethod.Get, path, token: role.Length == 0 ? _house.TokenOf() : null, role: role.Length == 0 ? null : role);

        Assert.Equal(status, answer.StatusCode);
    }

    private T Get<T>()
        where T : notnull => _house.Services.GetRequiredService<T>();

    private async Task<List<(string Person, string Token)>> UnreadyAsync() =>
    [
        .. (await Get<ServingReports>().UnreadyAsync(0, 999, CoreHouse.Admin, CancellationToken.None)).People.Rows
            .SelectMany(p => p.Tokens.Select(t => t.TokenName).DefaultIfEmpty(""), (p, token) => (p.PersonId.ToString(), token)),
    ];

    private async Task<Csv> CsvAsync(string address)
    {
        using var answer = await _house.SendAsync(HttpMethod.Get, "/exports/" + address);
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"{address}: {(int)answer.StatusCode} {text}");
        return Csv.Read(text);
    }

    private static string Plain(string text) => text is ['\'', '=' or '+' or '-' or '@', ..] ? text[1..] : text;
}

/// <summary>Rules of exports that need no program around them.</summary>
public sealed class ExportRunTests
{
    [Fact]
    public async Task A_hundred_thousand_rows_need_no_more_memory_than_a_few()
    {
        await using var house = await AuditHouse.StartAsync();
        await house.ExecuteAsync(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
            INSERT INTO "AuditEvents" ("At", "ActorKind", "ActorId", "ActorName", "Action", "Details") SELECT 638000000000000000 + i, 0, 'system', 'VppBooks', 'sync.requested', '{"number":' || i || '}' FROM n
            """);
        var (rows, most, start) = (0L, 0L, 0L);

        // The directory is not asked for this list.
        var server = house.Server(services => services.AddSingleton(new Microsoft.Graph.GraphServiceClient(new HttpClient())));
        var table = server.GetRequiredService<ListExports>().Activity(new ActivityQuery(), AuditHouse.Admin, CancellationToken.None);
        await ExportEndpoints.WriteAsync(
            table,
            lines: false,
            Stream.Null,
            () =>
            {
                if (++rows == 2000)
                {
                    start = GC.GetTotalMemory(forceFullCollection: true);
                }
                else if (rows % 20_000 == 0)
                {
                    most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true));
                }
            },
            CancellationToken.None);

        Assert.Equal(100_000, rows);
        // 100,000 of these rows are more than 100 MB as objects.
        Assert.InRange(most, 1, start + (24L << 20));
    }

    [Fact]
    public async Task One_person_exports_one_list_at_a_time()
    {
        await using var house = await AuditHouse.StartAsync();
        var runs = house.Get<ExportRuns>();
        using (var first = await runs.BeginAsync(AuditHouse.Admin, "books", filtered: false, CancellationToken.None))
        {
            Assert.NotNull(first);
            Assert.Null(await runs.BeginAsync(AuditHouse.Admin, "people", filtered: false, CancellationToken.None));
            using var other = await runs.BeginAsync(CoreHouse.Helpdesk, "people", filtered: false, CancellationToken.None);
            Assert.NotNull(other);
            first.Count();
            first.Complete();
        }

        Assert.Equal(new ExportProgress("books", 1, Ended: true, Complete: true), runs.Find(AuditHouse.Admin));
        using var next = await runs.BeginAsync(AuditHouse.Admin, "people", filtered: true, CancellationToken.None);
        Assert.NotNull(next);
        await Assert.ThrowsAsync<NotAllowedException>(() => runs.BeginAsync(CoreHouse.Nobody, "people", filtered: true, CancellationToken.None));
        await using var db = await house.OpenAsync();
        Assert.Equal(3, await db.AuditEvents.CountAsync(a => a.Action == "list.exported"));
    }
}

/// <summary>Reads comma-separated values by the letter of RFC 4180, without the code that writes them.</summary>
internal sealed record Csv(IReadOnlyList<string> Columns, IReadOnlyList<IReadOnlyList<string>> Rows)
{
    public static Csv Read(string text)
    {
        var (lines, line, field, quoted) = (new List<IReadOnlyList<string>>(), new List<string>(), new StringBuilder(), false);
        text = text.TrimStart('\uFEFF');
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (quoted)
            {
                if (c == '"' && i + 1 < text.Length && text[i + 1] == '"')
                {
                    field.Append('"');
                    i++;
                }
                else if (c == '"')
                {
                    quoted = false;
                }
                else
                {
                    field.Append(c);
                }
            }
            else if (c == '"')
            {
                Assert.Equal(0, field.Length);
                quoted = true;
            }
            else if (c == ',')
            {
                line.Add(field.ToString());
                field.Clear();
            }
            else if (c == '\r')
            {
                Assert.Equal('\n', text[++i]);
                line.Add(field.ToString());
                field.Clear();
                lines.Add(line);
                line = [];
            }
            else
            {
                field.Append(c);
            }
        }

        Assert.False(quoted);
        Assert.Empty(line);
        Assert.All(lines, l => Assert.Equal(lines[0].Count, l.Count));
        return new Csv(lines[0], lines[1..]);
    }

    public IEnumerable<string> Column(string name)
    {
        var index = Columns.ToList().IndexOf(name);
        Assert.True(index >= 0, name);
        return Rows.Select(r => r[index]);
    }
}
