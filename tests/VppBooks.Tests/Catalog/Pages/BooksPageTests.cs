using System.Security.Claims;
using Bunit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core;
using VppBooks.Core.Persistence;
using VppBooks.Tests.Elements;
using VppBooks.Web.Components.Catalog;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Catalog.Pages;

public sealed class BooksPageTests : ElementContext
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"vppbooks-page-{Guid.NewGuid():N}.db");

    public BooksPageTests()
    {
        Services.AddLogging();
        Services.AddVppBooksDatabase(DatabaseProvider.Sqlite, $"Data Source={_file};Pooling=False");
        Services.AddVppBooksCore();
        Services.AddSingleton<ICurrentActor>(new SomebodyWith(Roles.Administrator));
    }

    [Fact]
    public async Task Without_a_token_the_page_leads_to_the_upload()
    {
        await MigrateAsync();

        var page = Render<BooksPage>();

        page.WaitForAssertion(() => Assert.Contains("Upload a token first", page.Markup, StringComparison.Ordinal));
        Assert.Equal("/tenant/connectors/apple-vpp-tokens?panel=create", page.Find(".empty a").GetAttribute("href"));
    }

    [Fact]
    public void Failed_read_shows_a_reference_and_a_way_to_try_again()
    {
        Services.AddSingleton<IDbContextFactory<VppBooksDbContext>>(new Broken());

        var page = Render<BooksPage>();

        page.WaitForAssertion(() => Assert.Contains("The list of books could not be read.", page.Markup, StringComparison.Ordinal));
        Assert.Contains("Try again", page.Find(".empty button").TextContent, StringComparison.Ordinal);
        Assert.DoesNotContain("secret cause", page.Markup, StringComparison.Ordinal);
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        File.Delete(_file);
    }

    private async Task MigrateAsync()
    {
        await using var db = await Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        await db.Database.MigrateAsync();
    }

    private sealed class SomebodyWith(string role) : ICurrentActor
    {
        public Task<ClaimsPrincipal> FindAsync() =>
            Task.FromResult(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Role, role), new Claim("name", "A. Admin")], "test")));
    }

    private sealed class Broken : IDbContextFactory<VppBooksDbContext>
    {
        public VppBooksDbContext CreateDbContext() => throw new InvalidOperationException("secret cause");
    }
}
