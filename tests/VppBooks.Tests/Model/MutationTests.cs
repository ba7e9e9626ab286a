namespace VppBooks.Tests.Model;

/// <summary>The model is worth something only if it notices when a rule that protects licenses is gone. Each rule is broken alone.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    private const int Seeds = 200;

    [Fact]
    public Task A_missing_unique_index_is_noticed() => AssertNoticedAsync(new WithoutUniqueIndex(), "I1: a person has two rows");

    [Fact]
    public Task A_missing_lease_check_is_noticed() => AssertNoticedAsync(new WithoutLeaseCheck(), "I4: ");

    [Fact]
    public Task Sending_twice_is_noticed() => AssertNoticedAsync(new SendingAgain(), "I4: ");

    [Fact]
    public Task Believing_in_absence_at_once_is_noticed() => AssertNoticedAsync(new BelievingAbsence(), "I1: ");

    private async Task AssertNoticedAsync(Mutation mutation, string expected)
    {
        var failures = await ModelRun.RunAsync(1, Seeds, mutation, stopAfter: 1);

        Assert.NotEmpty(failures);
        output.WriteLine($"{mutation.GetType().Name} turns the model red at seed {failures[0].Seed}: {failures[0].What}");
        Assert.StartsWith(expected, failures[0].What, StringComparison.Ordinal);
    }
}
