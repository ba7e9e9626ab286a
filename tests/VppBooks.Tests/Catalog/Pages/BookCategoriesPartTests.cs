using System.Security.Claims;
using Bunit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;
using VppBooks.Core;
using VppBooks.Core.Catalog;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;
using VppBooks.Tests.Elements;
using VppBooks.Web.Components.Catalog;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Catalog.Pages;

/// <summary>Categories on the page of a book.</summary>
public sealed class BookCategoriesPartTests : ElementContext
{
    private static readonly Guid _book = Guid.NewGuid();
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"vppbooks-categories-{Guid.NewGuid():N}.db");
    private readonly Somebody _me = new();

    public BookCategoriesPartTests()
    {
        Services.AddLogging();
        Services.AddVppBooksDatabase(DatabaseProvider.Sqlite, $"Data Source={_file};Pooling=False");
        Services.AddVppBooksCore();
        Services.AddSingleton<ICurrentActor>(_me);
    }

    [Fact]
    public async Task Administrator_chooses_one_types_a_new_one_and_takes_the_book_out_and_others_only_look()
    {
        await FillAsync();
        var part = Render<BookCategoriesPart>(p => p.Add(c => c.BookId, _book));
        part.WaitForAssertion(() => Assert.Contains("In no category", part.Markup, StringComparison.Ordinal));
        Assert.Equal("Mathematics", Assert.Single(part.FindAll("datalist option")).GetAttribute("value"));

        Add("MATHEMATICS ");
        Assert.Equal(["Mathematics"], Shown());
        Add("Class 4");
        Assert.Equal(["Class 4", "Mathematics"], Shown());
        Assert.Empty(part.FindAll("datalist option"));

        part.FindAll(".category-remove")[1].Click();
        part.WaitForAssertion(() => Assert.Equal(["Class 4"], Shown()));
        Assert.Contains("/apps/ebooks?category=", part.Find(".category a").GetAttribute("href"), StringComparison.Ordinal);

        _me.Role = Roles.Assigner;
        var looking = Render<BookCategoriesPart>(p => p.Add(c => c.BookId, _book));
        looking.WaitForAssertion(() => Assert.Single(looking.FindAll(".category")));
        Assert.Empty(looking.FindAll("form, button"));

        void Add(string name)
        {
            var before = Shown().Count;
            part.Find("#category-name").Input(name);
            part.Find("form").Submit();
            part.WaitForAssertion(() => Assert.Equal(before + 1, Shown().Count));
        }

        List<string> Shown() => [.. part.FindAll(".category a").Select(a => a.TextContent)];
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        File.Delete(_file);
    }

    private async Task FillAsync()
    {
        await using var db = await Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        await db.Database.MigrateAsync();
        var location = new Location { PublicId = Guid.NewGuid(), UId = "1", Name = "Token", OrganizationName = "O", LocationName = "L", AppleAccount = "", CountryOrRegion = "NL" };
        db.Locations.Add(location);
        db.BookCategories.Add(new BookCategory { PublicId = Guid.NewGuid(), Name = "Mathematics", NameKey = "MATHEMATICS" });
        await db.SaveChangesAsync();
        db.Books.Add(new Book { PublicId = _book, LocationId = location.Id, AdamId = 1, PricingParam = PricingParam.STDQ, TotalCount = 1 });
        await db.SaveChangesAsync();
    }

    private sealed class Somebody : ICurrentActor
    {
        public string Role { get; set; } = Roles.Administrator;

        public Task<ClaimsPrincipal> FindAsync() =>
            Task.FromResult(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Role, Role), new Claim("name", "A. Admin")], "test")));
    }
}
