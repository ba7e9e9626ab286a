using AngleSharp.Dom;
using Bunit;
using Microsoft.AspNetCore.Components.Forms;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.FluentUI.AspNetCore.Components;
using VppBooks.Core.Locations;
using VppBooks.Web.Components.Locations;

namespace VppBooks.Tests.Locations.Pages;

public sealed class TokenPanelTests : ScreenContext
{
    [Fact]
    public void File_is_shown_at_once_with_what_it_is_good_for()
    {
        Desk.Inspect = () => new InspectTokenResult.Accepted(AToken.Preview());
        var (panel, _) = Open();

        Upload(panel, "token");

        panel.WaitForElement(".preview");
        Assert.Equal("Noordrand Schools Location Noordrand Education Expires 27 August 2027 (360 days left) Managed by nobody", Words(panel.Find(".preview").InnerHtml));
        Assert.Equal("Noordrand Education", panel.Find("#token-name").GetAttribute("value"));
        Assert.DoesNotContain("Take control", panel.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_created_without_a_file_a_name_and_consent()
    {
        Desk.Inspect = () => new InspectTokenResult.Accepted(AToken.Preview());
        var (panel, created) = Open();

        await Click(panel, "Create");
        Assert.Contains("Choose a token file first.", panel.Markup, StringComparison.Ordinal);

        Upload(panel, "token");
        panel.WaitForElement(".preview");
        await panel.Find("#token-name").ChangeAsync(" ");
        await Click(panel, "Create");

        Assert.Contains("Give the token a name.", panel.Markup, StringComparison.Ordinal);
        Assert.Contains("Without your agreement the token cannot be used.", panel.Markup, StringComparison.Ordinal);
        Assert.False(created.IsCompleted);
        Assert.Equal(["inspect 5"], Desk.Asked);
    }

    [Fact]
    public async Task Creates_with_what_was_typed_and_answers_with_the_new_token()
    {
        Desk.Inspect = () => new InspectTokenResult.Accepted(AToken.Preview());
        Desk.Create = _ => new CreateLocationResult.Created(AToken.Id);
        var (panel, created) = Open();

        Upload(panel, "token");
        panel.WaitForElement(".preview");
        await panel.Find("#token-name").ChangeAsync("  Schools ");
        await panel.Find("input[type=checkbox]").ChangeAsync(true);
        await Click(panel, "Create");

        Assert.Equal(AToken.Id, await created.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal("create Schools NL take:False unclaimed:False consent:True", Desk.Asked[^1]);
    }

    [Theory]
    [InlineData(false, "goes on managing the location until you take control", "take:False unclaimed:True")]
    [InlineData(true, "loses this location", "take:True unclaimed:False")]
    public async Task Location_claimed_elsewhere_asks_what_to_do_and_says_what_it_means(bool takeControl, string meaning, string asked)
    {
        Desk.Inspect = () => new InspectTokenResult.Accepted(AToken.Preview(new TokenManager.Other("OtherMDM", "mdm.other.example")));
        Desk.Create = _ => new CreateLocationResult.Created(AToken.Id);
        var (panel, created) = Open();

        Upload(panel, "token");
        panel.WaitForElement(".preview");
        await panel.FindAll("input[type=checkbox]")[0].ChangeAsync(takeControl);
        Assert.Contains(meaning, panel.Find("#take-control-help").TextContent, StringComparison.Ordinal);
        await panel.FindAll("input[type=checkbox]")[1].ChangeAsync(true);
        await Click(panel, "Create");

        await created.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Contains(asked, Desk.Asked[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Two_files_at_once_are_refused_without_reading_them()
    {
        var (panel, _) = Open();

        panel.FindComponent<InputFile>().UploadFiles(InputFileContent.CreateFromText("a", "a.vpptoken"), InputFileContent.CreateFromText("b", "b.vpptoken"));

        Assert.Contains("Several files were chosen.", panel.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Empty(Desk.Asked);
    }

    [Fact]
    public void Large_file_is_read_only_as_far_as_it_takes_to_refuse_it()
    {
        Desk.Inspect = () => new InspectTokenResult.Rejected(new LocationRefusal("TokenFileTooLarge", 413, "Too large."));
        var (panel, _) = Open();

        Upload(panel, new string('A', 1_000_000));

        panel.WaitForAssertion(() => Assert.Contains("This file is larger than 64 KB.", panel.Find("[role=alert]").TextContent, StringComparison.Ordinal));
        var read = int.Parse(Desk.Asked[0].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(read, (64 * 1024) + 1, 80 * 1024);
    }

    [Fact]
    public async Task Token_of_a_location_that_is_here_offers_to_renew_that_one()
    {
        Desk.Inspect = () => new InspectTokenResult.Accepted(AToken.Preview() with { AlreadyHere = new KnownLocation(AToken.Id, "Education") });
        Desk.Find = () => AToken.Detail();
        Desk.Change = () => new ChangeLocationResult.Changed(AToken.Id, 5);
        var (panel, done) = Open();

        Upload(panel, "token");
        panel.WaitForElement("[role=alert]");
        Assert.Contains("is here already, as “Education”", panel.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        await panel.FindAll("button").Single(b => b.TextContent == "Renew “Education” with this file").ClickAsync(new());

        Assert.Equal("Expires now 26 February 2027 178 days left After renewal 27 August 2027 360 days left", Words(panel.Find(".before-after").InnerHtml));
        await Click(panel, "Renew");
        await done.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal("renew ticket-1", Desk.Asked[^1]);
    }

    [Fact]
    public void Renewal_refuses_the_token_of_another_location()
    {
        Desk.Inspect = () => new InspectTokenResult.Accepted(AToken.Preview() with { UId = "999" });
        var (panel, _) = Open(AToken.Detail());

        Upload(panel, "token");

        panel.WaitForAssertion(() => Assert.Contains("This token belongs to another location.", panel.Find("[role=alert]").TextContent, StringComparison.Ordinal));
        Assert.Empty(panel.FindAll(".before-after"));
    }

    [Fact]
    public void Failure_while_asking_leaves_the_panel_open_with_a_reference()
    {
        Desk.Inspect = () => throw new InvalidOperationException("secret");
        var (panel, _) = Open();

        Upload(panel, "token");

        panel.WaitForAssertion(() => Assert.Contains("This did not work. Reference", panel.Find("[role=alert]").TextContent, StringComparison.Ordinal));
        Assert.DoesNotContain("secret", panel.Markup, StringComparison.Ordinal);
    }

    private (IRenderedComponent<FluentProviders> Panel, Task<object?> Closed) Open(LocationDetail? renewing = null)
    {
        var providers = Render<FluentProviders>();
        var closed = OpenAsync(renewing);
        providers.WaitForElement("#token-file");
        return (providers, closed);
    }

    private async Task<object?> OpenAsync(LocationDetail? renewing)
    {
        var result = await Services.GetRequiredService<IDialogService>().ShowDrawerAsync<TokenPanel>(options => options.Parameters.Add(nameof(TokenPanel.Renewing), renewing));
        return result.Value;
    }

    private static void Upload(IRenderedComponent<FluentProviders> panel, string content) =>
        panel.FindComponent<InputFile>().UploadFiles(InputFileContent.CreateFromText(content, "sToken.vpptoken"));

    private static Task Click(IRenderedComponent<FluentProviders> panel, string word) =>
        panel.FindAll("fluent-button").Single(b => b.TextContent.Trim() == word).ClickAsync(new());
}
