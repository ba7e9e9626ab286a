using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Overview;
using VppBooks.Core.People;
using VppBooks.Core.Reports;
using VppBooks.Core.Telemetry;

namespace VppBooks.Tests.Reports;

/// <content>Who was not served, people and their copies, and the figures that lists and the first page show.</content>
internal sealed partial class SchoolYearReports
{
    private static readonly LicenseState[] Expected =
        [LicenseState.Reserved, LicenseState.Submitting, LicenseState.Submitted, LicenseState.Unknown, LicenseState.Waiting, LicenseState.Held];

    private async Task CompareUnservedAsync()
    {
        var told = await Get<ServingReports>().UnservedAsync(Admin, Stop);
        var old = truth.Now - ServingReports.StuckAfter;
        var expected = truth.Books.Select(b =>
        {
            var rows = truth.Rows(b).Select(r => (r.State, Ready: truth.Records(b.UId, r.Person).Contains("Associated"), Old: r.ChangedAt < old)).ToList();
            return (
                b.Row.PublicId,
                b.TokenName,
                ForStock: rows.Count(r => r.State == LicenseState.Waiting),
                ForAcceptance: rows.Count(r => r is { State: LicenseState.Reserved, Ready: false }),
                ForApproval: rows.Count(r => r.State == LicenseState.Held),
                Failed: rows.Count(r => r.State == LicenseState.Failed),
                Stuck: rows.Count(r => r.Old && OnTheirWay.Contains(r.State) && (r.State != LicenseState.Reserved || r.Ready)));
        }).Where(b => b.ForStock + b.ForAcceptance + b.ForApproval + b.Failed + b.Stuck > 0);
        Assert.Equal(expected.OrderBy(b => b.PublicId), told.OrderBy(b => b.BookId).Select(b => (b.BookId, b.TokenName, b.ForStock, b.ForAcceptance, b.ForApproval, b.Failed, b.Stuck)));
        See(
            "Unserved",
            ("for stock", told.Sum(b => b.ForStock)),
            ("for acceptance", told.Sum(b => b.ForAcceptance)),
            ("for approval", told.Sum(b => b.ForApproval)),
            ("failed", told.Sum(b => b.Failed)),
            ("stuck", told.Sum(b => b.Stuck)));
    }

    private async Task CompareUnreadyAsync()
    {
        var reader = Get<ServingReports>();
        var standing = year.Directory.People.Values.Where(p => p is { AccountEnabled: true, UserType: "Member" }).ToDictionary(p => p.Id, p => Standing(p.Id));
        var told = await reader.UnreadyAsync(0, 500, Admin, Stop);
        var counts = standing.Values.CountBy(s => s).ToDictionary();
        var wanting = truth.Books.GroupBy(b => b.UId).SelectMany(books => books.SelectMany(Wanted).Distinct().Where(p => !truth.Records(books.Key, p).Contains("Associated")).Select(p => (Person: p, Token: books.First().TokenName)))
            .Where(w => standing.ContainsKey(w.Person)).ToLookup(w => w.Person, w => w.Token);
        var partly = standing.Where(s => s.Value == RegistrationState.Associated && wanting.Contains(s.Key)).Select(s => s.Key).ToHashSet();
        Assert.Equal(
            (
                counts.GetValueOrDefault(RegistrationState.Associated) - partly.Count, partly.Count, counts.GetValueOrDefault(RegistrationState.None), counts.GetValueOrDefault(RegistrationState.Invited),
                counts.GetValueOrDefault(RegistrationState.UnderWay), counts.GetValueOrDefault(RegistrationState.Refused), counts.GetValueOrDefault(RegistrationState.Retired)),
            (told.Ready, told.Partly, told.NotRegistered, told.Invited, told.UnderWay, told.Refused, told.Retired));

        var rows = told.People.Rows.ToList();
        while (rows.Count < told.People.Total)
        {
            var page = (await reader.UnreadyAsync(rows.Count, 500, Admin, Stop)).People.Rows;
            Assert.NotEmpty(page);
            rows.AddRange(page);
        }

        var awaited = truth.Ledger.Where(r => Expected.Contains(r.State)).CountBy(r => r.Person).ToDictionary();
        Assert.Equal(
            standing.Where(s => s.Value != RegistrationState.Associated).Select(s => (truth.PublicId(s.Key), s.Value, awaited.GetValueOrDefault(s.Key))).Order(),
            rows.Where(r => !partly.Select(truth.PublicId).Contains(r.PersonId)).Select(r => (r.PersonId, r.State, r.BooksExpected)).Order());
        Assert.Equal(
            standing.Where(s => s.Value != RegistrationState.Associated || partly.Contains(s.Key)).Select(s => (truth.PublicId(s.Key), string.Join(',', wanting[s.Key].Order(StringComparer.Ordinal)))).Order(),
            rows.Select(r => (r.PersonId, string.Join(',', r.Tokens.Select(t => t.TokenName).Order(StringComparer.Ordinal)))).Order());
        See("Unready", ("ready", told.Ready), ("not registered", told.NotRegistered), ("invited", told.Invited), ("under way", told.UnderWay), ("books", rows.Sum(r => r.BooksExpected)));
    }

    /// <summary>Who is to receive a copy: it is set aside or waits for them, or they are required to have the title and have nothing of it.</summary>
    private IEnumerable<Guid> Wanted(TrueBook book) => truth.Rows(book).Where(r => Expected.Contains(r.State)).Select(r => r.Person).Concat(
        year.Wishes.Where(w => w.Book == book.Row.PublicId && w.Intent == Intent.Required).SelectMany(w => truth.Members(w.Group)).Where(p => !truth.HasRow(p, book.Row.AdamId)));

    /// <summary>The best of somebody's records at all locations.</summary>
    private RegistrationState Standing(Guid person)
    {
        var records = year.UIds.SelectMany(u => truth.Records(u, person)).ToHashSet();
        return records.Contains("Associated") ? RegistrationState.Associated
            : records.Contains("Registered") ? RegistrationState.Invited
            : truth.Unconfirmed(person) is { Count: > 0 } numbers ? (numbers.Contains(null) ? RegistrationState.UnderWay : RegistrationState.Refused)
            : records.Count > 0 ? RegistrationState.Retired : RegistrationState.None;
    }

    private async Task CompareTroubledCopiesAsync()
    {
        foreach (var (trouble, which) in ((CopyTrouble, Func<TrueCopy, bool>)[])[(CopyTrouble.WithLeavers, c => c.Left), (CopyTrouble.Stuck, c => c is { Left: false, Accepted: false })])
        {
            var expected = Sorted(Copies(truth.Books, which));
            var told = await Get<TroubledCopies>().ListAsync(new CopiesQuery(trouble) { Take = 999 }, Admin, Stop);
            Assert.Equal(expected, Sorted(told.Rows.Select(c => (c.BookId, c.PersonId))));
            Assert.Equal(expected.Count, told.Total);
            var people = await Get<PeopleCatalog>().ListAsync(new PeopleQuery { Copies = trouble, Take = 999 }, Admin, Stop);
            Assert.Equal(expected.Select(c => c.Item2).Distinct().Order(), people.Rows.Select(p => p.PublicId).Order());
            See($"Copies {trouble}", ("copies", told.Total), ("people", people.Total));
        }
    }

    private async Task ComparePeopleAsync()
    {
        var (held, awaited) = (truth.Books.SelectMany(b => b.Ours).CountBy(p => p).ToDictionary(), truth.Ledger.Where(r => Expected.Contains(r.State)).CountBy(r => r.Person).ToDictionary());
        var rows = new List<PersonSummary>();
        int total;
        do
        {
            var page = await Get<PeopleCatalog>().ListAsync(new PeopleQuery { Skip = rows.Count, Take = 999 }, Admin, Stop);
            rows.AddRange(page.Rows);
            total = page.Total;
        }
        while (rows.Count < total);

        Assert.Equal(
            truth.Known.Select(p => (truth.PublicId(p), year.Directory.People.ContainsKey(p), Standing(p), held.GetValueOrDefault(p), awaited.GetValueOrDefault(p))).Order(),
            rows.Select(p => (p.PublicId, p.GoneSince is null, p.Registration, p.BooksHeld, p.BooksExpected)).Order());
        See("People", ("all", rows.Count), ("gone", rows.Count(p => p.GoneSince is not null)), ("retired", rows.Count(p => p.Registration == RegistrationState.Retired)), ("held", rows.Sum(p => p.BooksHeld)), ("expected", rows.Sum(p => p.BooksExpected)));
    }

    /// <summary>The list of books, and the page and the people of each book that was given to anybody.</summary>
    private async Task CompareBooksAsync()
    {
        var catalog = Get<BookCatalog>();
        var rows = (await catalog.ListAsync(new BookQuery { Take = BookQuery.MaxTake }, Admin, Stop)).Rows;
        Assert.Equal(truth.Books.Select(Row).OrderBy(b => b.PublicId), rows.Select(Told).OrderBy(b => b.PublicId));
        foreach (var book in truth.Books.Where(b => truth.Rows(b).Any()))
        {
            var (states, detail) = (truth.Rows(book).CountBy(r => r.State).ToDictionary(), (await catalog.FindAsync(book.Row.PublicId, Admin, Stop))!);
            var foreign = book.Copies.Count(c => c.Person is null);
            Assert.Equal(Row(book), Told(detail.Book));
            Assert.Equal(
                (book.Ours.Count(), foreign, book.Copies.Count(c => c.Left), states.GetValueOrDefault(LicenseState.Failed), states.GetValueOrDefault(LicenseState.Held)),
                (detail.Ours, detail.Foreign, detail.Leavers, detail.Failed, detail.Held));
            var people = (await Get<BookPeople>().ListAsync(book.Row.PublicId, new BookPeopleQuery { State = LicenseState.Assigned, Take = BookQuery.MaxTake }, Admin, Stop))!;
            Assert.Equal(book.Ours.Select(truth.PublicId).Order(), people.Rows.Select(p => p.PersonId).Order());
            Assert.Equal((book.Ours.Count(), foreign), (people.Total, people.Foreign));
            See("Books", ("ours", detail.Ours), ("foreign", detail.Foreign), ("leavers", detail.Leavers), ("failed", detail.Failed), ("held", detail.Held));
        }

        (Guid PublicId, long?, long, long?, int, int, int, int) Row(TrueBook b)
        {
            var wishes = year.Wishes.Where(w => w.Book == b.Row.PublicId).ToList();
            return (
                b.Row.PublicId,
                b.Unlimited ? null : b.Counts.Total,
                b.Copies.Count,
                b.Unlimited ? null : b.Counts.Available,
                truth.Rows(b).Count(r => OnTheirWay.Contains(r.State)),
                truth.Rows(b).Count(r => r.State == LicenseState.Waiting),
                wishes.Count,
                wishes.Count(w => w.Intent == Intent.Required));
        }

        static (Guid PublicId, long?, long, long?, int, int, int, int) Told(BookRow b) =>
            (b.PublicId, b.Unlimited ? null : b.Total, b.Used, b.Unlimited ? null : b.Free, b.Reserved, b.Waiting, b.Assignments, b.RequiredAssignments);
    }

    private async Task CompareAssignmentsAsync()
    {
        foreach (var wish in year.Wishes)
        {
            var (book, members) = (truth.Book(wish.Book), truth.Members(wish.Group));
            var holding = truth.Books.Where(b => b.Row.AdamId == book.Row.AdamId).SelectMany(b => b.Ours).Distinct().Count(members.Contains);
            var told = (await Get<PlanViews>().ListAssignmentsAsync(wish.Book, Admin, Stop)).Single(a => a.GroupId == wish.Group);
            Assert.Equal((members.Count, holding), (told.Members, told.MembersHolding));
            See("Assignments", ("members", told.Members), (wish.Group is null ? "all users holding" : "holding", told.MembersHolding));
        }
    }

    private async Task CompareOverviewAsync()
    {
        var told = await Get<OverviewReader>().ReadAsync(Admin, Stop);
        var (limited, free) = (truth.Books.Where(b => !b.Unlimited).ToList(), truth.Books.Where(b => b.Unlimited).ToList());
        var waiting = truth.Ledger.Where(r => r.State == LicenseState.Waiting).ToLookup(r => r.BookId);
        Assert.Equal(
            new LicenseTotals(
                truth.Books.Count,
                limited.Sum(b => (long)b.Counts.Total),
                limited.Sum(b => (long)b.Copies.Count),
                limited.Sum(b => (long)b.Counts.Available),
                truth.Ledger.Count(r => OnTheirWay.Contains(r.State)),
                waiting.Sum(w => w.Count()),
                free.Count,
                free.Sum(b => (long)b.Copies.Count),
                limited.Count(b => (b.Listed && b.Counts.Total > 1 && b.Counts.Available < b.Counts.Total && b.Counts.Available * 10L <= b.Counts.Total) || waiting[b.Row.Id].Any())),
            told.Licenses);
        var here = truth.Known.Where(year.Directory.People.ContainsKey).ToList();
        Assert.Equal(new PeopleTotals(here.Count(p => Recorded(p, "Associated")), here.Count(p => Recorded(p, "Registered")), here.Count(p => truth.Unconfirmed(p).Any(n => n is not null))), told.People);
        foreach (var item in told.Attention.OfType<AttentionItem.BookShort>())
        {
            var book = truth.Book(item.BookId);
            Assert.Equal((waiting[book.Row.Id].Count(), (long)book.Counts.Available), (item.Waiting, item.Free));
            year.Saw("Overview: book short", item.Waiting);
        }

        foreach (var item in told.Attention.OfType<AttentionItem.LicensesFailed>())
        {
            Assert.Equal(truth.Rows(truth.Book(item.BookId)).Count(r => r.State == LicenseState.Failed), item.Count);
            year.Saw("Overview: failed", item.Count);
        }

        See("Overview", ("short books", told.Licenses.ShortBooks), ("ready", told.People.Ready), ("must accept", told.People.MustAccept), ("unlimited", told.Licenses.UnlimitedUsed));
    }

    private bool Recorded(Guid person, string state) => year.UIds.Any(u => truth.Records(u, person).Contains(state));

    private async Task CompareLocationsAsync()
    {
        var locations = await Get<LocationDirectory>().ListAsync(Admin, Stop);
        var figures = await Get<TelemetryReader>().ReadAsync(Stop);
        Assert.Equal(year.UIds.Count, locations.Count);
        foreach (var books in truth.Books.GroupBy(b => (b.UId, b.LocationId)))
        {
            var limited = books.Where(b => !b.Unlimited).ToList();
            var counts = (limited.Sum(b => (long)b.Counts.Total), limited.Sum(b => (long)b.Copies.Count), limited.Sum(b => (long)b.Counts.Available));
            var summary = locations.Single(l => l.PublicId == books.Key.LocationId);
            Assert.Equal(
                (books.Count(), counts, books.Where(b => b.Unlimited).Sum(b => (long)b.Copies.Count)),
                (summary.Books, (summary.LicensesTotal, summary.LicensesUsed, summary.LicensesFree), summary.UnlimitedUsed));
            var figure = figures.Locations.Single(l => l.Location == books.Key.LocationId);
            Assert.Equal(counts, (figure.Total, figure.Used, figure.Free));
            Assert.Equal(
                books.SelectMany(truth.Rows).Where(r => r.State != LicenseState.Assigned).CountBy(r => r.State).Select(s => (s.Key, (long)s.Value)).Append((LicenseState.Assigned, books.Sum(b => (long)b.Copies.Count))).Order(),
                figures.Licenses.Where(l => l.Location == books.Key.LocationId).Select(l => (l.State, l.Count)).Order());
            var detail = (await Get<LocationDirectory>().FindAsync(books.Key.LocationId, Admin, Stop))!;
            Assert.Equal(
                (truth.ForeignRecords[books.Key.UId], year.Wishes.Count(w => books.Any(b => b.Row.PublicId == w.Book))),
                (detail.ForeignRecords, detail.Assignments));
            year.Saw("Books that Apple does not list", books.Where(b => !b.Listed).Sum(b => b.Copies.Count));
            See($"Location {summary.Name}", ("used", summary.LicensesUsed), ("foreign records", detail.ForeignRecords), ("assignments", detail.Assignments));
        }
    }
}
