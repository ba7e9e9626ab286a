using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;

namespace VppBooks.Tests.Reports;

/// <content>Lists of one group, one person and one book.</content>
internal sealed partial class SchoolYearReports
{
    /// <summary>Groups as their list has them, and the books on the page of each.</summary>
    private async Task CompareGroupsAsync()
    {
        var listed = (await Get<GroupCatalog>().ListAsync(new GroupsQuery { Take = 999 }, Admin, Stop)).Rows.ToDictionary(g => g.DirectoryId);
        foreach (var wishes in year.Wishes.Where(w => w.Group is not null).GroupBy(w => w.Group!.Value))
        {
            var members = truth.Members(wishes.Key);
            var entitled = members.Count(m => year.Directory.People[m] is { AccountEnabled: true, UserType: "Member" });
            var expected = wishes.Select(w =>
            {
                var book = truth.Book(w.Book);
                return (w.Book, w.Intent, Entitled: entitled, Held: book.Ours.Count(members.Contains), Expected: truth.Rows(book).Count(r => Expected.Contains(r.State) && members.Contains(r.Person)));
            }).OrderBy(b => b.Book).ToList();

            var told = (await Get<GroupCatalog>().FindAsync(wishes.Key, Admin, Stop))!;
            Assert.Equal(expected, told.Books.Select(b => (b.BookPublicId, b.Intent, b.Entitled, b.Held, b.Expected)).OrderBy(b => b.BookPublicId));
            var sums = (members.Count, expected.Count, expected.Sum(b => b.Entitled), expected.Sum(b => b.Held), expected.Sum(b => b.Expected));
            foreach (var summary in (GroupSummary[])[told.Summary, listed[wishes.Key]])
            {
                Assert.Equal(sums, (summary.Members, summary.Assignments, summary.CopiesEntitled, summary.CopiesHeld, summary.CopiesExpected));
            }

            See("Groups", ("entitled", told.Summary.CopiesEntitled), ("held", told.Summary.CopiesHeld), ("expected", told.Summary.CopiesExpected));
        }
    }

    /// <summary>The pages of people whose rows are of different kinds, and of those who have the most: all of them would take longer than the year.</summary>
    private async Task ComparePersonBooksAsync()
    {
        var byPerson = truth.Ledger.Where(r => r.State != LicenseState.Canceled).ToLookup(r => r.Person);
        var books = truth.Books.ToDictionary(b => b.Row.Id);
        var some = byPerson.OrderByDescending(p => p.Count()).ThenBy(p => p.Key).Take(3).Select(p => p.Key)
            .Concat(byPerson.SelectMany(p => p).GroupBy(r => (r.State, r.Source)).Select(g => g.MaxBy(r => r.ChangedAt)!.Person)).Distinct();
        foreach (var person in some)
        {
            var told = (await Get<PeopleCatalog>().FindAsync(truth.PublicId(person), Admin, Stop))!.Books;
            Assert.Equal(
                byPerson[person].Select(r => (books[r.BookId].Row.PublicId, books[r.BookId].TokenName, r.State, r.Source, r.ChangedAt)).Order(),
                told.Select(b => (b.BookPublicId, b.LocationName, b.State, b.Source, b.Since)).Order());
            Assert.Equal(
                truth.Books.SelectMany(b => b.Ours.Where(p => p == person).Select(_ => b.Row.PublicId)).Order(),
                told.Where(b => b.State == LicenseState.Assigned).Select(b => b.BookPublicId).Order());
            See("A person's books", ("held", told.Count(b => b.State == LicenseState.Assigned)), ("expected", told.Count(b => Expected.Contains(b.State))), ("refused", told.Count(b => b.State == LicenseState.Failed)));
        }
    }

    private async Task CompareWaitingListsAsync()
    {
        foreach (var book in truth.Books.Where(b => year.Wishes.Any(w => w.Book == b.Row.PublicId)))
        {
            var waiting = truth.Rows(book).Where(r => r.State == LicenseState.Waiting).Select(r => truth.PublicId(r.Person)).ToList();
            var told = (await Get<WaitingLists>().FindAsync(book.Row.PublicId, 0, 999, Admin, Stop))!;
            Assert.Equal((waiting.Count, WaitingOrder.FirstCome), (told.Total, told.Order));
            Assert.Equal(waiting.Order(), told.Rows.Select(r => r.PersonId).Order());
            Assert.Equal(Enumerable.Range(1, waiting.Count), told.Rows.Select(r => r.Place));
            Assert.Equal(told.Rows.Select(r => r.WantedAt).Order(), told.Rows.Select(r => r.WantedAt));
            Assert.Equal(year.Wishes.Count(w => w.Book == book.Row.PublicId && w.Intent == Intent.Required), told.Groups.Count);
            See("Waiting list", ("people", told.Total), ("groups", told.Groups.Count));
        }
    }

    /// <summary>The install summary of every book: each person once, with the devices that were read.</summary>
    private async Task CompareBookStatesAsync()
    {
        LicenseState[] nothing = [LicenseState.Canceled, LicenseState.Declined, LicenseState.Vanished];
        var told = await Get<BookStates>().CountAsync([.. truth.Books.Select(b => b.Row.PublicId)], Admin, Stop);
        Assert.Equal(truth.Books.Count, told.Count);
        foreach (var book in truth.Books)
        {
            var people = truth.Rows(book).Where(r => !nothing.Contains(r.State)).GroupBy(r => r.Person).Select(g => g.MinBy(r => r.Ordinal)!).ToLookup(r => r.State switch
            {
                LicenseState.Assigned => HoldingState.Assigned,
                LicenseState.Failed => HoldingState.Failed,
                _ => HoldingState.Underway,
            }, r => r.Person);
            var counts = told[book.Row.PublicId];
            foreach (var state in Enum.GetValues<HoldingState>())
            {
                Assert.Equal((people[state].Count(), people[state].Sum(p => year.WithDevice.GetValueOrDefault(p))), (counts.People[state], counts.Devices[state]));
                See("Install summary", ($"people {state}", counts.People[state]));
            }

            See("Install summary", ("devices", counts.Devices.Values.Sum()));
        }
    }
}
