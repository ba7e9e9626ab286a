using VppBooks.Core.Catalog;
using VppBooks.Web.Components.Catalog;

namespace VppBooks.Tests.Catalog.Pages;

public sealed class BookListStateTests
{
    [Fact]
    public void Plain_list_has_a_plain_address() => Assert.Equal("/apps/ebooks", new BookListState().Href);

    [Fact]
    public void Address_carries_everything_and_nothing_else()
    {
        var token = Guid.Parse("22222222-2222-4222-8222-222222222222");
        var category = Guid.Parse("33333333-3333-4333-8333-333333333333");
        var state = new BookListState { Search = "a & b", Token = token, Category = category, State = BookFilter.RunningShort, Sort = BookSort.Used, Descending = true, Page = 3 };

        Assert.Equal($"/apps/ebooks?q=a%20%26%20b&token={token}&category={category}&state=runningshort&sort=-used&page=3", state.Href);
        Assert.Equal(state, BookListState.Parse("a & b", token, null, category, null, "runningshort", "-used", 3));
        Assert.Equal((100, 50), (state.Query.Skip, state.Query.Take));
    }

    [Theory]
    [InlineData("nonsense", "nonsense", -5)]
    [InlineData("7", "-3", 0)]
    [InlineData("", "", null)]
    public void What_makes_no_sense_is_left_out(string state, string sort, int? page)
    {
        var parsed = BookListState.Parse("  ", null, " ", null, null, state, sort, page);

        Assert.Equal((BookFilter.All, BookSort.Title, 1, null, null), (parsed.State, parsed.Sort, parsed.Page, parsed.Search, parsed.Genre));
    }
}
