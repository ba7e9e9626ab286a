using AngleSharp.Dom;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.FluentUI.AspNetCore.Components;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Tests.Elements;

public sealed class ConfirmDialogTests : ElementContext
{
    private static readonly ConfirmQuestion _question = new("Delete this token?", "Its books disappear from VppBooks.", "Delete token")
    {
        Warning = "Licenses that were given stay given.",
    };

    [Fact]
    public void Names_the_question_the_loss_and_the_deed()
    {
        var providers = Render<FluentProviders>();

        _ = AskAsync(_question);

        providers.WaitForAssertion(() => Assert.Contains("Its books disappear", providers.Markup, StringComparison.Ordinal));
        var words = Words(providers.Markup);
        Assert.Contains("Delete this token?", words, StringComparison.Ordinal);
        Assert.Contains("Licenses that were given stay given.", words, StringComparison.Ordinal);
        Assert.Equal(["Cancel", "Delete token"], Buttons(providers).Select(b => b.TextContent.Trim()).Order());
    }

    [Fact]
    public async Task Deed_is_done_only_after_the_number_is_typed()
    {
        var providers = Render<FluentProviders>();
        var answer = AskAsync(_question with { TypeToConfirm = "47" });
        providers.WaitForElement("input");

        await Button(providers, "Delete token").ClickAsync(new());
        Assert.False(answer.IsCompleted);
        Assert.Contains("This is not 47.", providers.Markup, StringComparison.Ordinal);

        await providers.Find("input").InputAsync("47");
        await Button(providers, "Delete token").ClickAsync(new());

        Assert.True(await answer.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Cancel_is_no()
    {
        var providers = Render<FluentProviders>();
        var answer = AskAsync(_question);
        providers.WaitForAssertion(() => Assert.NotEmpty(Buttons(providers)));

        await Button(providers, "Cancel").ClickAsync(new());

        Assert.False(await answer.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    private Task<bool> AskAsync(ConfirmQuestion question) => ConfirmDialog.AskAsync(Services.GetRequiredService<IDialogService>(), question);

    private static IElement Button(IRenderedComponent<FluentProviders> providers, string word) => Buttons(providers).Single(b => b.TextContent.Trim() == word);

    private static IEnumerable<IElement> Buttons(IRenderedComponent<FluentProviders> providers) =>
        providers.FindAll("fluent-button").Where(b => b.TextContent.Trim().Length > 0);
}
