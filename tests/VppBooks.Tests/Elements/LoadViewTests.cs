using Bunit;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Tests.Elements;

public sealed class LoadViewTests : ElementContext
{
    private int _retries;

    [Fact]
    public void Busy_read_says_so_to_a_screen_reader()
    {
        var view = Show(new Loadable<IReadOnlyList<string>>.Pending());

        Assert.Equal("Loading books", view.Find("[role=status]").TextContent.Trim());
    }

    [Fact]
    public void Failed_read_gives_a_reference_and_a_way_to_try_again()
    {
        var view = Show(new Loadable<IReadOnlyList<string>>.Failed("4F2A11C0"));

        Assert.Equal("The books could not be read. Reference 4F2A11C0 Try again", Words(view.Find("[role=alert]").InnerHtml));

        view.Find("button").Click();

        Assert.Equal(1, _retries);
        Assert.NotNull(view.Find("[role=status]"));
    }

    [Fact]
    public void Empty_read_shows_what_the_page_says_about_it()
    {
        var view = Show(new Loadable<IReadOnlyList<string>>.Empty());

        Assert.Equal("No books yet", Words(view.Markup));
    }

    [Fact]
    public void Ready_read_shows_the_rows()
    {
        var view = Show(new Loadable<IReadOnlyList<string>>.Ready(["Max Havelaar", "Biology 4"]));

        Assert.Equal(["Max Havelaar", "Biology 4"], view.FindAll("li").Select(li => li.TextContent));
    }

    private IRenderedComponent<LoadView<IReadOnlyList<string>>> Show(Loadable<IReadOnlyList<string>> source) =>
        Render<LoadView<IReadOnlyList<string>>>(p => p
            .Add(v => v.Source, source)
            .Add(v => v.Busy, "Loading books")
            .Add(v => v.Failed, "The books could not be read.")
            .Add(v => v.Empty, "<p>No books yet</p>")
            .Add(v => v.Ready, books => string.Concat(books.Select(b => $"<li>{b}</li>")))
            .Add(v => v.OnRetry, () => _retries++));
}
