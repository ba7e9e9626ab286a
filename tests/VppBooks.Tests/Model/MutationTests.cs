namespace VppBooks.Tests.Model;

/// <summary>The model is worth something only if it notices when a rule that protects licenses is gone. Each rule is broken alone.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    /// <summary>The seeds of the model test: what it notices has to lie among them.</summary>
    private const int LastSeed = 200;

    [Fact]
    public Task A_missing_unique_index_is_noticed() => AssertNoticedAsync(new WithoutUniqueIndex(), ["I1: a person has two rows"], from: 40);

    // A stale owner sends what its successor has sent, or writes over what its successor has written.
    [Fact]
    public Task A_missing_lease_check_is_noticed() => AssertNoticedAsync(new WithoutLeaseCheck(), ["I4: ", "I7: a license and its operation do not agree"], from: 195);

    [Fact]
    public Task Sending_twice_is_noticed() => AssertNoticedAsync(new SendingAgain(), ["I4: "], from: 58);

    [Fact]
    public Task Believing_in_absence_at_once_is_noticed() => AssertNoticedAsync(new BelievingAbsence(), ["I1: "], from: 110);

    /// <param name="mutation">What is broken.</param>
    /// <param name="expected">How the model says so.</param>
    /// <param name="from">Seed to begin with: the search is long where only rare stories show it, so it begins near one that does.</param>
    private async Task AssertNoticedAsync(Mutation mutation, string[] expected, int from)
    {
        bool Says(ModelException failure) => expected.Any(e => failure.What.StartsWith(e, StringComparison.Ordinal));
        var failures = await ModelRun.RunAsync(from, LastSeed + 1 - from, mutation, enough: Says);

        var noticed = failures.FirstOrDefault(Says);
        Assert.True(noticed is not null, $"Not noticed. {string.Join('\n', failures.Select(f => f.What))}");
        output.WriteLine($"{mutation.GetType().Name} turns the model red at seed {noticed.Seed}: {noticed.What}");
        // It is the broken rule that was noticed: with the rule in place the same seed holds.
        await ModelRun.RunAsync(noticed.Seed);
    }
}
