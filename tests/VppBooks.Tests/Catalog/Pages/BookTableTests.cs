using Bunit;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Tests.Elements;
using VppBooks.Web.Components.Catalog;

namespace VppBooks.Tests.Catalog.Pages;

public sealed class BookTableTests : ElementContext
{
    [Fact]
    public void Row_says_what_is_used_free_and_assigned()
    {
        var words = Words(Table(ABook.Row with
        {
            Assignments = 4,
            RequiredAssignments = 2,
            Groups = [new(Guid.NewGuid(), "4A", Intent.Required), new(Guid.NewGuid(), "4B", Intent.Required), new(null, null, Intent.Available)],
        }).Markup);

        Assert.Contains("412 / 500", words, StringComparison.Ordinal);
        Assert.Contains("88 free", words, StringComparison.Ordinal);
        Assert.Contains("4 groups (2 Required)", words, StringComparison.Ordinal);
        Assert.Contains("4A, 4B, All users, …", words, StringComparison.Ordinal);
    }

    [Fact]
    public void Book_without_store_data_goes_by_its_number() =>
        Assert.Equal("Book 6500000011", Table(ABook.Row with { Title = null, Author = null }).Find("th[scope=row] a").TextContent);

    [Fact]
    public void Unlimited_book_is_never_short()
    {
        var words = Words(Table(ABook.Row with { Unlimited = true, Used = 56, Total = 0, Free = 0 }).Markup);

        Assert.Contains("Free · 56 used", words, StringComparison.Ordinal);
        Assert.Contains("Unlimited", words, StringComparison.Ordinal);
        Assert.DoesNotContain("None free", words, StringComparison.Ordinal);
    }

    [Fact]
    public void People_waiting_come_before_everything_but_a_lost_book()
    {
        Assert.Contains("38 waiting", Words(Table(ABook.Row with { Waiting = 38, Free = 0, Used = 500 }).Markup), StringComparison.Ordinal);
        Assert.Contains("Not in store", Words(Table(ABook.Row with { Waiting = 38, NoLongerReported = true }).Markup), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_from_outside_are_text_only()
    {
        var table = Table(ABook.Row with { Title = "<script>alert(1)</script>", Author = "<b>x</b>", TokenName = "<i>t</i>" });

        Assert.Empty(table.FindAll("script, td b, td i, th b"));
        Assert.Equal("<script>alert(1)</script>", table.Find("th[scope=row] a").TextContent);
    }

    [Fact]
    public void Menu_offers_only_what_the_role_allows()
    {
        Assert.Equal(["People"], Items(Table(ABook.Row)));
        Assert.Equal(["Assign groups", "Sync now", "People"], Items(Table(ABook.Row, mayAssign: true, maySync: true)));

        static string[] Items(IRenderedComponent<BookTable> table) => [.. table.FindAll(".row-menu-item").Select(i => i.TextContent.Trim())];
    }

    [Fact]
    public void Hidden_column_is_gone()
    {
        var table = Table(ABook.Row, hidden: [BookColumn.Token]);

        Assert.DoesNotContain(table.FindAll("thead th"), h => h.TextContent.Trim() == "Token");
    }

    private IRenderedComponent<BookTable> Table(BookRow row, bool mayAssign = false, bool maySync = false, HashSet<BookColumn>? hidden = null) => Render<BookTable>(p => p
        .Add(t => t.Books, [row])
        .Add(t => t.State, new BookListState())
        .Add(t => t.Hidden, hidden ?? [])
        .Add(t => t.MayAssign, mayAssign)
        .Add(t => t.MaySync, maySync));
}
