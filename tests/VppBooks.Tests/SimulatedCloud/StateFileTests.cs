using System.Text;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>What the stand-ins still know after a restart.</summary>
public sealed class StateFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("vppbooks-state-").FullName;

    private string StateFile => Path.Combine(_folder, "memory", "simulated-cloud.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Restart_keeps_locations_users_holders_and_the_ground_truth()
    {
        IReadOnlyList<LocationSummary> locations;
        IReadOnlyList<UserSummary> users;
        IReadOnlyList<AssetSummary> assets;
        IReadOnlyList<LedgerEntry> ledger;
        string invitation;
        await using (var before = await StartAsync())
        {
            before.Stock(5);
            await before.CreateAsync("reader-1", "reader-2", "reader-3");
            await before.FinishAsync(before.AssociateAsync(["reader-1", "reader-2"], SimulatedApple.NewBook));
            await before.FinishAsync(before.PostAsync("/users/retire", new { users = new[] { new { clientUserId = "reader-2" } } }));
            await before.CreateAsync("reader-2");
            await before.PostAsync("/client/config", new { mdmInfo = new { id = "8b6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7712", name = "VppBooks", metadata = "here" } });
            before.Apple.SetRetiredCount(SimulatedApple.Education, SimulatedApple.NewBook, "STDQ", 3);
            (locations, users, assets, ledger) = Facts(before);
            invitation = before.Apple.Users(SimulatedApple.Education, "reader-3").Single().InviteCode!;
        }

        await using var after = await StartAsync();

        var now = Facts(after);
        Assert.Equal(locations, now.Locations);
        Assert.Equal("VppBooks", now.Locations.Single(l => l.UId == SimulatedApple.Education).ClaimName);
        Assert.Equal(users, now.Users);
        Assert.Equal(assets, now.Assets);
        Assert.Equal(ledger, now.Ledger);
        Assert.Equal(["reader-1", "reader-2"], after.Apple.Holders(SimulatedApple.Education, SimulatedApple.NewBook));
        Assert.Equal(3, after.Counts().Retired);
        Assert.Null(after.Apple.AcceptInvitation(invitation, "reader3@icloud.example"));
        Assert.NotNull(after.Apple.AcceptInvitation(after.Apple.Users(SimulatedApple.Education, "reader-2")[^1].InviteCode!, "reader3@icloud.example"));
    }

    [Fact]
    public async Task Restart_keeps_tokens_good_or_dead_events_and_versions()
    {
        string token, revoked, event1, version;
        await using (var before = await StartAsync())
        {
            revoked = before.Token!;
            before.Apple.RevokeTokens(SimulatedApple.Education);
            token = before.Token = Encoding.ASCII.GetString(before.Apple.IssueToken(SimulatedApple.Education));
            before.Stock(5);
            await before.CreateAsync("reader-1", "reader-2");
            event1 = (await before.AssociateAsync(["reader-1"], SimulatedApple.NewBook)).Text("eventId")!;
            before.Apple.FinishEvents();
            version = (await before.GetAsync("/assignments")).Text("versionId")!;
        }

        await using var after = await StartAsync();
        after.Token = revoked;
        Assert.Equal(9625, (await after.GetAsync("/client/config")).ErrorNumber);
        after.Token = token;
        Assert.Equal(0, (await after.GetAsync("/client/config")).ErrorNumber);
        Assert.Equal("COMPLETE", (await after.GetAsync("/status?eventId=" + event1)).Text("eventStatus"));
        Assert.Empty((await after.GetAsync("/assignments?sinceVersionId=" + version)).List("assignments"));

        await after.FinishAsync(after.AssociateAsync(["reader-2"], SimulatedApple.NewBook));

        var news = Assert.Single((await after.GetAsync("/assignments?sinceVersionId=" + version)).List("assignments"));
        Assert.Equal("reader-2", news.GetProperty("clientUserId").GetString());
        Assert.Equal([1, 2], after.Apple.Ledger.Where(e => e.AdamId == SimulatedApple.NewBook).Select(e => e.Seq));
    }

    [Fact]
    public async Task Restart_goes_on_with_accepted_work_and_does_nothing_twice()
    {
        string accepted;
        await using (var before = await StartAsync())
        {
            before.Stock(5);
            await before.CreateAsync("reader-1", "reader-2");
            before.Switches.EventTimePerTask = TimeSpan.FromSeconds(10);
            accepted = (await before.AssociateAsync(["reader-1", "reader-2"], SimulatedApple.NewBook)).Text("eventId")!;
            before.Clock.Advance(TimeSpan.FromSeconds(13));
            Assert.Equal(1, (await before.GetAsync("/status?eventId=" + accepted)).Number("numCompleted"));
        }

        await using var after = await StartAsync();
        after.Switches.EventDelay = TimeSpan.FromMinutes(1);
        Assert.Equal("PENDING", (await after.GetAsync("/status?eventId=" + accepted)).Text("eventStatus"));
        after.Clock.Advance(TimeSpan.FromMinutes(2));

        var status = await after.GetAsync("/status?eventId=" + accepted);
        Assert.Equal(("COMPLETE", 2), (status.Text("eventStatus"), status.Number("numCompleted")));
        Assert.Equal(["reader-1", "reader-2"], after.Apple.Ledger.Where(e => e.Result == SpendResult.Spent).Select(e => e.Target));
    }

    [Fact]
    public async Task State_is_written_soon_after_a_change_without_waiting_for_the_end()
    {
        await using var living = await StartAsync();
        living.Stock(7);

        for (var tries = 0; !File.Exists(StateFile) && tries < 200; tries++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        await using var other = await StartAsync();
        Assert.Equal(7, other.Counts().Total);
    }

    [Fact]
    public async Task Half_written_file_is_ignored_and_replaced()
    {
        await using (var before = await StartAsync())
        {
            before.Stock(7);
        }

        var text = await File.ReadAllTextAsync(StateFile, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(StateFile, text[..(text.Length / 2)], TestContext.Current.CancellationToken);
        await using (var fresh = await StartAsync())
        {
            Assert.DoesNotContain(fresh.Apple.Assets(SimulatedApple.Education), a => a.AdamId == SimulatedApple.NewBook);
            fresh.Stock(8);
        }

        await using var after = await StartAsync();
        Assert.Equal(8, after.Counts().Total);
    }

    [Theory]
    [InlineData("\"format\":1", "\"format\":99")]
    [InlineData("\"size\":\"Demo\"", "\"size\":\"District\"")]
    [InlineData("\"serials\":[", "\"serials\":[],\"forgotten\":[")]
    [InlineData("\"users\":", "\"people\":")]
    public async Task File_that_does_not_fit_is_ignored(string good, string bad)
    {
        await using (var before = await StartAsync())
        {
            before.Stock(7);
        }

        var text = await File.ReadAllTextAsync(StateFile, TestContext.Current.CancellationToken);
        Assert.Contains(good, text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(StateFile, text.Replace(good, bad, StringComparison.Ordinal), TestContext.Current.CancellationToken);

        await using var fresh = await StartAsync();
        Assert.DoesNotContain(fresh.Apple.Assets(SimulatedApple.Education), a => a.AdamId == SimulatedApple.NewBook);
        Assert.Equal(3, fresh.Apple.Locations.Count);
    }

    [Fact]
    public async Task File_of_another_seed_is_ignored()
    {
        await using (var before = await StartAsync())
        {
            before.Stock(7);
        }

        await using var other = await StartAsync(seed: 7);
        Assert.DoesNotContain(other.Apple.Assets(SimulatedApple.Education), a => a.AdamId == SimulatedApple.NewBook);
    }

    [Fact]
    public async Task Restart_keeps_what_changed_in_the_directory()
    {
        Guid joined, left, group;
        await using (var before = await StartAsync())
        {
            var graph = before.Host.Graph;
            var roles = before.Host.Directory.People.Values.First(p => p.AppRoles.Count > 0);
            joined = graph.AddPerson("New", "Comer", "new.comer").Id;
            left = before.Host.Directory.People.Values.First(p => p.AppRoles.Count == 0).Id;
            group = graph.AddGroup("Chess club", joined, roles.Id).Id;
            graph.DeletePerson(left);
            graph.RenamePerson(roles.Id, "Renamed", "Person");
        }

        await using var after = await StartAsync();
        var directory = after.Host.Directory;
        Assert.Equal("new.comer@noordrand.example", directory.People[joined].UserPrincipalName);
        Assert.DoesNotContain(left, directory.People.Keys);
        Assert.Equal(2, directory.Groups[group].People.Count);
        Assert.Contains(joined, directory.Groups[group].People);
        var renamed = Assert.Single(directory.People.Values, p => p.DisplayName == "Renamed Person");
        Assert.NotEmpty(renamed.AppRoles);

        // The Apple stand-in knows the newcomer's account, too.
        var created = await after.FinishAsync(after.PostAsync("/users/create", new { users = new[] { new { clientUserId = "n", managedAppleId = directory.People[joined].ManagedAppleAccount } } }));
        Assert.Equal("COMPLETE", created.Text("eventStatus"));
    }

    [Fact]
    public async Task Nothing_is_kept_unless_a_file_is_named()
    {
        await using (var before = await SimulatedApple.StartAsync())
        {
            before.Stock(7);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    private static (IReadOnlyList<LocationSummary> Locations, IReadOnlyList<UserSummary> Users, IReadOnlyList<AssetSummary> Assets, IReadOnlyList<LedgerEntry> Ledger) Facts(SimulatedApple simulated)
    {
        var apple = simulated.Apple;
        var locations = apple.Locations;
        return (
            locations,
            [.. locations.SelectMany(l => apple.Users(l.UId))],
            [.. locations.SelectMany(l => apple.Assets(l.UId, booksOnly: false))],
            apple.Ledger);
    }

    private Task<SimulatedApple> StartAsync(int? seed = null) => SimulatedApple.StartAsync(options =>
    {
        options.StateFile = StateFile;
        options.Seed = seed ?? options.Seed;
    });
}
