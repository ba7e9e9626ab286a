using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Persistence;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Api;

/// <summary>The explanation over HTTP: the same answer as the page's, for whoever may read.</summary>
public sealed class WhyApiTests(ApiHouse house) : IClassFixture<ApiHouse>
{
    [Fact]
    public async Task It_tells_every_stage_with_code_and_english_text()
    {
        var (person, book) = await PairAsync();

        var answer = await house.ReadAsync($"/api/people/{person}/books/{book}/why", ("Accept-Language", "nl"));

        Assert.Equal((person, book), (answer.GetProperty("personId").GetGuid(), answer.GetProperty("bookId").GetGuid()));
        Assert.Equal(["group", "entitlement", "registration", "stock", "operation", "device"], answer.GetProperty("steps").EnumerateArray().Select(s => s.GetProperty("stage").GetString()));
        Assert.False(answer.GetProperty("holds").GetBoolean());
        Assert.Equal("group", answer.GetProperty("obstacle").GetString());
        var first = answer.GetProperty("steps")[0];
        Assert.Equal(("failed", "notAssigned"), (first.GetProperty("state").GetString(), first.GetProperty("reason").GetString()));
        Assert.Equal("The book is given to no group.", first.GetProperty("text").GetString());
        var remedy = Assert.Single(first.GetProperty("remedies").EnumerateArray());
        Assert.Equal(("assignGroup", "Assign"), (remedy.GetProperty("code").GetString(), remedy.GetProperty("needs").GetString()));
    }

    [Fact]
    public async Task Who_may_read_is_answered_and_nobody_else()
    {
        var (person, book) = await PairAsync();
        foreach (var role in Roles.All)
        {
            using var allowed = await house.SendAsync(HttpMethod.Get, $"/api/people/{person}/books/{book}/why", role: role);
            Assert.Equal(HttpStatusCode.OK, allowed.StatusCode);
        }

        using var reader = await house.SendAsync(HttpMethod.Get, $"/api/people/{person}/books/{book}/why", token: house.TokenOf());
        Assert.Equal(HttpStatusCode.Forbidden, reader.StatusCode);
        using var nobody = await house.SendAsync(HttpMethod.Get, $"/api/people/{person}/books/{book}/why", role: null);
        Assert.Equal(HttpStatusCode.Unauthorized, nobody.StatusCode);
    }

    [Fact]
    public async Task Unknown_people_and_books_answer_alike()
    {
        var (person, book) = await PairAsync();
        var answers = new HashSet<string>();
        foreach (var path in new[] { $"{person}/books/{Guid.NewGuid()}", $"{Guid.NewGuid()}/books/{book}", $"nobody/books/{book}", $"{person}/books/nothing" })
        {
            using var answer = await house.SendAsync(HttpMethod.Get, $"/api/people/{path}/why");
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            var error = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("error");
            answers.Add(error.GetProperty("code").GetString() + error.GetProperty("message").GetString());
        }

        Assert.Equal("ResourceNotFoundThere is no such person or no such book.", Assert.Single(answers));
    }

    private async Task<(Guid Person, Guid Book)> PairAsync()
    {
        var group = house.Cloud.Directory.Groups.Values.First(g => g.DisplayName == "Class 4A").Id;
        await house.Services.GetRequiredService<GroupReader>().EnsureMembersAsync([group], TimeSpan.FromDays(1), CancellationToken.None);
        await using var db = await house.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync();
        var book = await db.Books.FirstOrDefaultAsync(b => b.AdamId == 4711);
        if (book is null)
        {
            var location = await db.Locations.FirstOrDefaultAsync();
            if (location is null)
            {
                await house.Graph().DeviceAppManagement.VppTokens.PostAsync(ApiHouse.NewToken(house.Cloud.Apple.IssueToken(DemoOrganization.BusinessUId), "Business"));
                location = await db.Locations.FirstAsync();
            }

            book = new Book { PublicId = Guid.NewGuid(), LocationId = location.Id, AdamId = 4711, PricingParam = VppBooks.Apple.PricingParam.STDQ, TotalCount = 3, AvailableCount = 3 };
            db.Books.Add(book);
            await db.SaveChangesAsync();
        }

        return (await db.People.OrderBy(p => p.Id).Select(p => p.PublicId).FirstAsync(), book.PublicId);
    }
}
