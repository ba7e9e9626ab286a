using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Activities;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.Core.Reports;
using VppBooks.Core.Security;
using VppBooks.Core.Verification;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Reports;

/// <summary>Compares every report with <see cref="SchoolYearTruth"/>: this part the ledger itself, the use of licenses and titles across tokens.</summary>
internal sealed partial class SchoolYearReports(SchoolYear year, SchoolYearTruth truth)
{
    private static readonly LicenseState[] OnTheirWay = [LicenseState.Reserved, LicenseState.Submitting, LicenseState.Submitted, LicenseState.Unknown];

    private static Actor Admin => CoreHouse.Admin;

    private static CancellationToken Stop => CancellationToken.None;

    /// <summary>Every report of now.</summary>
    public async Task CompareAsync()
    {
        await CompareLedgerAsync();
        await CompareUsageAsync();
        await CompareTitlesAsync();
        await CompareUnservedAsync();
        await CompareUnreadyAsync();
        await CompareForecastsAsync();
        await CompareTroubledCopiesAsync();
        await ComparePeopleAsync();
        await CompareBooksAsync();
        await CompareAssignmentsAsync();
        await CompareOverviewAsync();
        await CompareLocationsAsync();
        await CompareGroupsAsync();
        await ComparePersonBooksAsync();
        await CompareWaitingListsAsync();
        await CompareBookStatesAsync();
    }

    /// <summary>Apple is read once more by the product's own check, which finds nothing that it cannot explain.</summary>
    public async Task VerifyAsync()
    {
        var result = await Get<LedgerVerifier>().VerifyAsync(null, Stop);
        Assert.Equal(0, result.Unexplained);
        Assert.All(result.Differences, d => Assert.Equal(DifferenceKind.TitleTwice, d.Kind));
        Assert.Equal(year.UIds.Count, result.Locations.Count(l => l.Checked));
    }

    /// <summary>The activity of the whole year tells of every copy that our people have at its end; of one that others gave there is nothing to tell but that it is there.</summary>
    public async Task CompareActivityAsync()
    {
        var given = new HashSet<(Guid, Guid)>();
        await foreach (var entry in Get<ActivityReader>().StreamAsync(new ActivityQuery { Kinds = ActivityKinds.Licenses }, Admin, Stop))
        {
            if (entry.To == LicenseState.Assigned)
            {
                given.Add((entry.Book!.Id, entry.Person!.Id));
            }
        }

        var asked = truth.Books.SelectMany(b => truth.Rows(b).Where(r => r.State == LicenseState.Assigned && r.Source != LicenseSource.FoundAtApple).Select(r => (b.Row.PublicId, truth.PublicId(r.Person))));
        Assert.Equal(Sorted(asked), Sorted(given));
        year.Saw("Activity", given.Count);
    }

    private T Get<T>()
        where T : notnull => year.House.Core.Get<T>();

    /// <summary>Rows of the ledger are the copies at Apple one by one, and their sum is what Apple counts.</summary>
    private async Task CompareLedgerAsync()
    {
        await using var db = await year.House.Core.OpenAsync();
        var foreign = (await db.ForeignHoldings.Join(db.VppUsers, h => h.VppUserId, u => u.Id, (h, u) => new { h.BookId, u.ClientUserId }).ToListAsync()).ToLookup(h => h.BookId, h => h.ClientUserId);
        foreach (var book in truth.Books)
        {
            Assert.Equal(book.Ours.Order(), truth.Rows(book).Where(r => r.State == LicenseState.Assigned).Select(r => r.Person).Order());
            Assert.Equal(book.Copies.Where(c => c.Person is null).Select(c => c.ClientUserId).Order(StringComparer.Ordinal), foreign[book.Row.Id].Order(StringComparer.Ordinal));
            Assert.Equal(book.Counts.Assigned, book.Copies.Count);
            Assert.Equal((book.Unlimited, (long)book.Counts.Assigned, (long)book.Counts.Retired), (book.Row.Unlimited, book.Row.AssignedCount, book.Row.RetiredCount));
        }
    }

    private async Task CompareUsageAsync()
    {
        var reader = Get<UsageReader>();
        var byBook = truth.Books.Select(b => Use(b)).ToList();
        await CompareRowsAsync(UsageBy.Book, byBook);
        await CompareRowsAsync(UsageBy.Location, truth.Books.GroupBy(b => (b.LocationId, b.TokenName)).Select(g => Together(g.Select(b => Use(b))) with { Id = g.Key.LocationId, Name = g.Key.TokenName }));
        await CompareRowsAsync(UsageBy.Genre, truth.Books.GroupBy(b => b.Genre).Select(g => Together(g.Select(b => Use(b))) with { Name = g.Key.Length > 0 ? g.Key : null }));
        await CompareRowsAsync(UsageBy.Group, year.Wishes.GroupBy(w => w.Group).Select(g => Use(g)));
        foreach (var by in (UsageBy[])[UsageBy.Book, UsageBy.Location, UsageBy.Genre])
        {
            Assert.Equal(Together(byBook), UsageReader.Sum(await reader.ListAsync(by, Admin, Stop)));
        }

        async Task CompareRowsAsync(UsageBy by, IEnumerable<UsageRow> expected)
        {
            var rows = await reader.ListAsync(by, Admin, Stop);
            Assert.Equal(expected.OrderBy(r => (r.Id, r.Name)), rows.OrderBy(r => (r.Id, r.Name)));
            var sum = UsageReader.Sum(rows);
            (string, long)[] numbers =
            [
                ("rows", rows.Count), ("books", sum.Books), ("assigned", sum.Assigned), ("unlimited", sum.AssignedUnlimited), ("on their way", sum.OnTheirWay), ("waiting", sum.Waiting),
                ("leavers", sum.Leavers), ("used", sum.Used), ("not used", sum.Assigned - sum.Used), ("on a device", sum.WithDevice),
            ];
            See($"Use by {by}", by == UsageBy.Group ? [.. numbers.Where(n => n.Item1 != "leavers")] : [.. numbers, ("bought", sum.Bought!.Value), ("available", sum.Available!.Value)]);
        }
    }

    private UsageRow Use(TrueBook book)
    {
        var rows = truth.Rows(book).ToList();
        return Together(book.Copies, rows, book.Unlimited) with
        {
            Id = book.Row.PublicId,
            Name = book.Title,
            AdamId = book.Row.AdamId,
            Quality = book.Row.PricingParam,
            TokenName = book.TokenName,
            Books = 1,
            Bought = book.Unlimited ? null : book.Counts.Total,
            Available = book.Unlimited ? null : book.Counts.Available,
        };
    }

    private UsageRow Use(IGrouping<Guid?, (Guid Book, Guid? Group, Intent Intent)> wishes)
    {
        var members = truth.Members(wishes.Key);
        var given = wishes.Select(w => truth.Book(w.Book)).Select(b =>
        {
            var copies = b.Copies.Where(c => c.Person is { } person && members.Contains(person)).ToList();
            return Together(copies, [.. truth.Rows(b).Where(r => members.Contains(r.Person))], b.Unlimited);
        });
        return Together(given) with
        {
            Books = wishes.Count(),
            Id = wishes.Key,
            Name = wishes.Key is { } group ? year.Directory.Groups[group].DisplayName : null,
        };
    }

    private UsageRow Together(IReadOnlyCollection<TrueCopy> copies, IReadOnlyCollection<LedgerRow> rows, bool unlimited) => new()
    {
        Assigned = copies.Count,
        AssignedUnlimited = unlimited ? copies.Count : 0,
        OnTheirWay = rows.Count(r => OnTheirWay.Contains(r.State)),
        Waiting = rows.Count(r => r.State == LicenseState.Waiting),
        Leavers = copies.Count(c => c.Left),
        Used = copies.Count(c => c.Accepted),
        WithDevice = copies.Count(c => c.Person is { } person && year.WithDevice.ContainsKey(person)),
    };

    private static UsageRow Together(IEnumerable<UsageRow> rows) => rows.Aggregate(new UsageRow(), (sum, row) => new UsageRow
    {
        Books = sum.Books + row.Books,
        Bought = Plus(sum.Bought, row.Bought),
        Assigned = sum.Assigned + row.Assigned,
        AssignedUnlimited = sum.AssignedUnlimited + row.AssignedUnlimited,
        Available = Plus(sum.Available, row.Available),
        OnTheirWay = sum.OnTheirWay + row.OnTheirWay,
        Waiting = sum.Waiting + row.Waiting,
        Leavers = sum.Leavers + row.Leavers,
        Used = sum.Used + row.Used,
        WithDevice = sum.WithDevice + row.WithDevice,
    });

    private static long? Plus(long? one, long? other) => one is null ? other : one + (other ?? 0);

    private async Task CompareTitlesAsync()
    {
        var reader = Get<TitleReports>();
        var shared = await reader.SharedAsync(Admin, Stop);
        var held = truth.Books.SelectMany(b => b.Ours.Select(p => (Book: b, Person: p))).ToLookup(h => (h.Book.Row.AdamId, h.Person));
        var twice = held.Where(h => h.Count() > 1).ToList();
        Assert.Equal(
            truth.Books.GroupBy(b => b.Row.AdamId).Where(g => g.DistinctBy(b => b.UId).Count() > 1).OrderBy(g => g.Key).Select(g =>
            {
                var limited = g.Where(b => !b.Unlimited).ToList();
                return (
                    g.Key,
                    string.Join(", ", g.Select(b => b.TokenName).Distinct().Order(StringComparer.Ordinal)),
                    (long?)limited.Sum(b => (long)b.Counts.Total),
                    g.Sum(b => (long)b.Copies.Count),
                    (long?)limited.Sum(b => (long)b.Counts.Available),
                    held.Count(h => h.Key.AdamId == g.Key),
                    twice.Count(h => h.Key.AdamId == g.Key));
            }),
            shared.Titles.OrderBy(t => t.AdamId).Select(t => (t.AdamId, string.Join(", ", t.Tokens.Order(StringComparer.Ordinal)), t.Bought, t.Assigned, t.Available, t.Holders, t.HeldTwice)));
        Assert.Equal((twice.DistinctBy(h => h.Key.Person).Count(), twice.Sum(h => h.Count() - 1)), (shared.PeopleTwice, shared.CopiesTwice));

        foreach (var adamId in truth.Books.Select(b => (long?)b.Row.AdamId).Distinct().Append(null))
        {
            foreach (var only in (bool[])[false, true])
            {
                var copies = await reader.CopiesAsync(adamId, only, 0, 999, Admin, Stop);
                var expected = held.Where(h => (adamId is null || h.Key.AdamId == adamId) && (!only || h.Count() > 1))
                    .SelectMany(h => h.Select(c => (truth.PublicId(c.Person), c.Book.Row.PublicId, c.Book.TokenName, c.Book.Row.PricingParam, h.Count()))).ToList();
                Assert.Equal(expected.Order(), copies.Rows.Select(c => (c.PersonId, c.BookId, c.TokenName, c.Quality, c.Copies)).Order());
                Assert.Equal(expected.Count, copies.Total);
                year.Saw(only ? "Copies of titles held twice" : "Copies of titles", copies.Total);
            }
        }

        See(
            "Shared titles",
            ("titles", shared.Titles.Count),
            ("bought", shared.Titles.Sum(t => t.Bought ?? 0)),
            ("assigned", shared.Titles.Sum(t => t.Assigned)),
            ("available", shared.Titles.Sum(t => t.Available ?? 0)),
            ("holders", shared.Titles.Sum(t => t.Holders)),
            ("held twice", shared.Titles.Sum(t => t.HeldTwice)),
            ("people", shared.PeopleTwice),
            ("copies", shared.CopiesTwice));
    }

    private IEnumerable<(Guid, Guid)> Copies(IEnumerable<TrueBook> books, Func<TrueCopy, bool>? which = null) =>
        books.SelectMany(b => b.Copies.Where(c => c.Person is not null && which?.Invoke(c) != false).Select(c => (b.Row.PublicId, truth.PublicId(c.Person!.Value))));

    private static List<(Guid, Guid)> Sorted(IEnumerable<(Guid, Guid)> pairs) => [.. pairs.Order()];

    private void See(string report, params IEnumerable<(string What, long Value)> numbers)
    {
        foreach (var (what, value) in numbers)
        {
            year.Saw($"{report}: {what}", value);
        }
    }
}
