using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Directory;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Tests.Locations;
using VppBooks.Tests.Persistence;

namespace VppBooks.Tests.People;

/// <summary>Whom a search finds, whichever way their names came into the database, and that it does not read everybody for it.</summary>
public sealed class PersonSearchTests(PersonSearchTests.Shared shared) : IClassFixture<PersonSearchTests.Shared>
{
    private readonly CoreHouse _house = shared.House;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("zoe", "Zoë Ünal-Jansen")]
    [InlineData("ZOË", "Zoë Ünal-Jansen")]
    [InlineData("unal", "Zoë Ünal-Jansen")]
    [InlineData("jans", "Zoë Ünal-Jansen")]
    [InlineData("ünal-jansen", "Zoë Ünal-Jansen")]
    [InlineData("unaljansen", "Zoë Ünal-Jansen")]
    [InlineData("jansen zoë", "Zoë Ünal-Jansen")]
    [InlineData("oneill", "Fiadh O'Neill")]
    [InlineData("o'neill", "Fiadh O'Neill")]
    [InlineData("neill", "Fiadh O'Neill")]
    [InlineData("f.oneill@post", "Fiadh O'Neill")]
    [InlineData("F.ONeill@Post.Example", "Fiadh O'Neill")]
    [InlineData("118204", "Fiadh O'Neill")]
    [InlineData("118204@", "Fiadh O'Neill")]
    [InlineData("strasse", "Max Straße")]
    [InlineData("林", "林 小明")]
    [InlineData("𠮷", "𠮷野 家")]
    [InlineData("野", null)]
    [InlineData("ansen", null)]
    [InlineData("noordrand", null)]
    [InlineData("zoë neill", null)]
    [InlineData("%", null)]
    [InlineData("!?", null)]
    public async Task Somebody_is_found_by_the_beginning_of_any_word_of_name_or_address(string text, string? expected) =>
        Assert.Equal(expected is null ? [] : [expected], await FindAsync(text));

    [Fact]
    public async Task A_new_name_finds_and_the_old_one_does_not_any_more()
    {
        var id = Guid.NewGuid();
        await WriteAsync(new DirectoryUser(id, "Renata Before", "before@noordrand.example", null, null, true, false, null));
        Assert.Equal(["Renata Before"], await FindAsync("before"));

        await WriteAsync(new DirectoryUser(id, "Renata After", "after@noordrand.example", "renata@mail.example", null, true, false, null));

        Assert.Empty(await FindAsync("before"));
        Assert.Equal(["Renata After"], await FindAsync("after@"));
        Assert.Equal(["Renata After"], await FindAsync("renata@mail"));
        await using var db = await _house.OpenAsync();
        Assert.Equal(
            ["after", "after@noordrand.example", "renata", "renata@mail.example"],
            await db.PersonWords.Where(w => db.People.Any(p => p.Id == w.PersonId && p.DirectoryId == id)).Select(w => w.Word).Order().ToListAsync(Cancel));
    }

    [Fact]
    public async Task People_of_an_earlier_version_are_given_words_once()
    {
        var filling = _house.Get<PersonWordsFilling>();
        await WriteAsync(new DirectoryUser(Guid.NewGuid(), "Oldest Row", "oldest@noordrand.example", null, null, true, false, null));
        await using (var db = await _house.OpenAsync())
        {
            await db.PersonWords.Where(w => db.People.Any(p => p.Id == w.PersonId && p.DisplayName == "Oldest Row")).ExecuteDeleteAsync(Cancel);
        }

        Assert.Empty(await FindAsync("oldest"));

        Assert.Equal(1, await filling.FillAsync(Cancel));

        Assert.Equal(["Oldest Row"], await FindAsync("oldest"));
        Assert.Equal(0, await filling.FillAsync(Cancel));
    }

    [Fact]
    public async Task A_search_seeks_in_the_index_of_words_and_scans_nobody()
    {
        await using var db = await _house.OpenAsync();

        var plan = await QueryPlans.ReadAsync(db, PersonSearch.Apply(db, db.People, "zoe jansen").OrderBy(p => p.DisplayName).ThenBy(p => p.Id).Take(50));

        Assert.Equal(2, plan.Count(step => step.Contains("(Word>? AND Word<?)", StringComparison.Ordinal) && step.Contains("COVERING INDEX", StringComparison.Ordinal)));
        Assert.DoesNotContain(plan, step => step.StartsWith("SCAN", StringComparison.Ordinal));
    }

    private async Task<IEnumerable<string>> FindAsync(string text) =>
        (await _house.People.ListAsync(new PeopleQuery { Search = text }, CoreHouse.Helpdesk, Cancel)).Rows.Select(p => p.DisplayName);

    private async Task WriteAsync(params DirectoryUser[] users) => await _house.Get<PeopleWriter>().UpsertAsync(users, Cancel);

    public sealed class Shared : IAsyncLifetime
    {
        internal CoreHouse House { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            House = await CoreHouse.StartAsync();
            await House.Get<PeopleWriter>().UpsertAsync(
                [
                    AUser("Zoë Ünal-Jansen", "zoe", null),
                    AUser("Fiadh O'Neill", "118204", "f.oneill@post.example"),
                    AUser("Max Straße", "max", null),
                    AUser("林 小明", "lin", null),
                    AUser("𠮷野 家", "yoshino", null),
                ],
                TestContext.Current.CancellationToken);
        }

        public ValueTask DisposeAsync() => House.DisposeAsync();

        private static DirectoryUser AUser(string name, string address, string? mail) => new(Guid.NewGuid(), name, address + "@noordrand.example", mail, null, true, false, null);
    }
}
