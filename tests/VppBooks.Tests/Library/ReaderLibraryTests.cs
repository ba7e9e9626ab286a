using VppBooks.Core.Assignments;
using VppBooks.Core.Directory;
using VppBooks.Core.Library;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.Core.Security;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Library;

public sealed class ReaderLibraryTests
{
    [Fact]
    public async Task A_book_goes_from_offered_to_held_and_is_spent_once_although_Get_is_pressed_again()
    {
        await using var house = await SpendingHouse.StartAsync();
        var (book, reader, _) = await OfferedAsync(house);
        var library = house.Core.Get<ReaderLibrary>();

        var before = await library.FindAsync(reader, null, CancellationToken.None);
        Assert.Equal((book.PublicId, LibraryBookState.CanGet), Assert.Single(before.Offered.Select(b => (b.Id, b.State))));
        Assert.Empty(before.Books);

        var taking = house.Core.Get<BookTaking>();
        Assert.IsType<TakeResult.Taken>(await taking.TakeAsync(book.PublicId, reader, CancellationToken.None));
        Assert.IsType<TakeResult.AlreadyThere>(await taking.TakeAsync(book.PublicId, reader, CancellationToken.None));
        Assert.Equal(LibraryBookState.OnItsWay, Assert.Single((await library.FindAsync(reader, null, CancellationToken.None)).Books).State);
        await house.WorkAsync();

        var after = await library.FindAsync(reader, null, CancellationToken.None);
        Assert.Equal(LibraryBookState.Have, Assert.Single(after.Books).State);
        Assert.Empty(after.Offered);
        Assert.IsType<TakeResult.AlreadyThere>(await taking.TakeAsync(book.PublicId, reader, CancellationToken.None));
        var title = after.Books[0].Title!;
        Assert.Equal(book.PublicId, Assert.Single((await library.FindAsync(reader, title[1..^1].ToUpperInvariant(), CancellationToken.None)).Books).Id);
        Assert.Equal(book.PublicId, Assert.Single((await library.FindAsync(reader, $" {after.Books[0].Author} ", CancellationToken.None)).Books).Id);
        Assert.Empty((await library.FindAsync(reader, "no such words", CancellationToken.None)).Books);
        await house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task A_reader_sees_nothing_of_others_and_cannot_tell_their_books_from_unknown_ones()
    {
        await using var house = await SpendingHouse.StartAsync();
        var (book, _, _) = await OfferedAsync(house);
        var stranger = Reader(house.Core.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == "Class 5A").People.First());
        var library = house.Core.Get<ReaderLibrary>();
        var taking = house.Core.Get<BookTaking>();

        var view = await library.FindAsync(stranger, null, CancellationToken.None);

        Assert.Empty(view.Books);
        Assert.Empty(view.Offered);
        Assert.Equal(await taking.TakeAsync(Guid.NewGuid(), stranger, CancellationToken.None), await taking.TakeAsync(book.PublicId, stranger, CancellationToken.None));
        Assert.IsType<InvitationLinkResult.NotAvailable>(await library.InvitationAsync(Guid.NewGuid(), stranger, CancellationToken.None));
        Assert.Empty((await library.FindAsync(CoreHouse.Nobody, null, CancellationToken.None)).Offered);
        Assert.Empty(await house.LicensesAsync(book));
    }

    [Fact]
    public async Task F42_Nothing_is_taken_while_the_directory_could_not_be_read_for_a_day()
    {
        await using var house = await SpendingHouse.StartAsync();
        var (book, reader, _) = await OfferedAsync(house);
        await house.Core.Get<DirectoryHealth>().FailedAsync(DirectoryKind.People, new DirectoryConsentMissingException("test", null), CancellationToken.None);
        house.Core.Clock.Pass(TimeSpan.FromHours(25));

        Assert.IsType<TakeResult.NotNow>(await house.Core.Get<BookTaking>().TakeAsync(book.PublicId, reader, CancellationToken.None));
        Assert.Empty(await house.LicensesAsync(book));
    }

    [Fact]
    public async Task Who_comes_when_the_stock_is_gone_sees_the_place_on_the_waiting_list()
    {
        await using var house = await SpendingHouse.StartAsync();
        var (book, first, second) = await OfferedAsync(house);
        await house.Core.ChangeAsync(db => db.Books.Single(b => b.Id == book.Id).AvailableCount = 0);
        var (taking, library) = (house.Core.Get<BookTaking>(), house.Core.Get<ReaderLibrary>());

        Assert.IsType<TakeResult.Waits>(await taking.TakeAsync(book.PublicId, first, CancellationToken.None));
        house.Core.Clock.Pass(TimeSpan.FromSeconds(1));
        Assert.IsType<TakeResult.Waits>(await taking.TakeAsync(book.PublicId, second, CancellationToken.None));

        Assert.Equal((LibraryBookState.Waiting, (int?)1), Assert.Single((await library.FindAsync(first, null, CancellationToken.None)).Books.Select(b => (b.State, b.Place))));
        Assert.Equal((LibraryBookState.Waiting, (int?)2), Assert.Single((await library.FindAsync(second, null, CancellationToken.None)).Books.Select(b => (b.State, b.Place))));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reader_whom_Apple_refuses_is_told_so_and_the_copy_set_aside_is_free_again(bool taken)
    {
        await using var house = await SpendingHouse.StartAsync();
        var book = await house.BookAsync(free: 60);
        var group = house.Core.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == "Class 4A");
        var person = house.Core.Cloud.Directory.People[group.People.First(p => house.Core.Cloud.Directory.People[p] is { AccountEnabled: true, ManagedAppleAccount: not null })];
        house.Core.Cloud.Graph.Edit(() =>
        {
            group.People.Clear();
            group.People.Add(person.Id);
            person.Mail = null;
        });
        house.Apple.People.OfAnotherOrganization.Add(person.ManagedAppleAccount!);
        house.Apple.Switches.KeepRecordWhenAssociationFails = false;
        var (library, reader) = (house.Core.Get<ReaderLibrary>(), Reader(person.Id));
        await house.AssignAsync(book, new WishedAssignment(group.Id, taken ? Intent.Available : Intent.Required));
        if (taken)
        {
            Assert.IsType<TakeResult.Taken>(await house.Core.Get<BookTaking>().TakeAsync(book.PublicId, reader, CancellationToken.None));
        }

        Assert.Equal(LicenseState.Reserved, Assert.Single(await house.LicensesAsync(book)).State);
        await house.WorkAsync(TimeSpan.FromMinutes(30));
        // The refusal asks for the book to be looked at, which the next turn does.
        await house.WorkAsync();

        Assert.Equal(LicenseState.Canceled, Assert.Single(await house.LicensesAsync(book)).State);
        var view = await library.FindAsync(reader, null, CancellationToken.None);
        Assert.Equal((book.PublicId, LibraryBookState.Refused), Assert.Single((taken ? view.Offered : view.Books).Select(b => (b.Id, b.State))));
        Assert.Empty(taken ? view.Books : view.Offered);
        Assert.IsNotType<TakeResult.Taken>(await house.Core.Get<BookTaking>().TakeAsync(book.PublicId, reader, CancellationToken.None));
    }

    private static Actor Reader(Guid directoryId) => new(ActorKind.Person, directoryId.ToString("D"), "R. Reader", Permissions.None);

    private static async Task<(VppBooks.Core.Catalog.Book Book, Actor First, Actor Second)> OfferedAsync(SpendingHouse house)
    {
        var book = await house.BookAsync(free: 60);
        var group = house.Core.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == "Class 4A");
        await house.AssignAsync(book, new WishedAssignment(group.Id, Intent.Available));
        var readers = group.People.Where(p => house.Core.Cloud.Directory.People[p] is { AccountEnabled: true, ManagedAppleAccount: not null }).Take(2).Select(Reader).ToList();
        return (book, readers[0], readers[1]);
    }
}
