using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Security;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Security;

/// <summary>Who may serve a request under a key, over time.</summary>
public sealed class IdempotentRequestTests
{
    private const string Fingerprint = "aa";
    private static readonly KeyedAnswer Answer = new(201, "application/json", "{}", "/x/1");

    [Fact]
    public async Task F53_Of_many_at_once_one_serves_and_the_others_wait()
    {
        await using var house = await CoreHouse.StartAsync();
        var requests = new IdempotentRequests(house.Get<IDbContextFactory<Core.Persistence.VppBooksDbContext>>(), house.Clock);

        var all = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => requests.BeginAsync("a", "k", Fingerprint, CancellationToken.None))));

        Assert.Single(all.OfType<KeyedRequest.Fresh>());
        Assert.Equal(7, all.OfType<KeyedRequest.Running>().Count());
    }

    [Fact]
    public async Task A_request_whose_owner_died_is_taken_over_and_the_dead_one_stores_nothing()
    {
        await using var house = await CoreHouse.StartAsync();
        var requests = house.Get<IdempotentRequests>();
        var dead = Assert.IsType<KeyedRequest.Fresh>(await requests.BeginAsync("a", "k", Fingerprint, CancellationToken.None));
        house.Clock.Offset += IdempotentRequests.OwnerDead - TimeSpan.FromSeconds(10);
        Assert.IsType<KeyedRequest.Running>(await requests.BeginAsync("a", "k", Fingerprint, CancellationToken.None));

        house.Clock.Offset += TimeSpan.FromSeconds(11);
        var next = Assert.IsType<KeyedRequest.Fresh>(await requests.BeginAsync("a", "k", Fingerprint, CancellationToken.None));
        await requests.AnswerAsync(dead, Answer, CancellationToken.None);
        await requests.ForgetAsync(dead, CancellationToken.None);

        Assert.IsType<KeyedRequest.Running>(await requests.BeginAsync("a", "k", Fingerprint, CancellationToken.None));
        await requests.AnswerAsync(next, Answer, CancellationToken.None);
        Assert.Equal(Answer, Assert.IsType<KeyedRequest.Answered>(await requests.BeginAsync("a", "k", Fingerprint, CancellationToken.None)).Answer);
    }

    [Fact]
    public async Task A_request_whose_owner_says_that_it_is_alive_is_not_taken_over()
    {
        await using var house = await CoreHouse.StartAsync();
        var requests = house.Get<IdempotentRequests>();
        var owned = Assert.IsType<KeyedRequest.Fresh>(await requests.BeginAsync("a", "k", Fingerprint, CancellationToken.None));
        for (var times = 0; times < 4; times++)
        {
            house.Clock.Offset += requests.RenewEvery * 3;
            owned = (await requests.RenewAsync(owned, CancellationToken.None))!;
            Assert.IsType<KeyedRequest.Running>(await requests.BeginAsync("a", "k", Fingerprint, CancellationToken.None));
        }

        house.Clock.Offset += IdempotentRequests.OwnerDead * 2;
        Assert.IsType<KeyedRequest.Fresh>(await requests.BeginAsync("a", "k", Fingerprint, CancellationToken.None));
        Assert.Null(await requests.RenewAsync(owned, CancellationToken.None));
    }

    [Fact]
    public async Task An_answer_is_kept_for_a_day_and_then_pruned()
    {
        await using var house = await CoreHouse.StartAsync();
        var requests = house.Get<IdempotentRequests>();
        foreach (var key in new[] { "k1", "k2" })
        {
            await requests.AnswerAsync(Assert.IsType<KeyedRequest.Fresh>(await requests.BeginAsync("a", key, Fingerprint, CancellationToken.None)), Answer, CancellationToken.None);
        }

        house.Clock.Offset += IdempotentRequests.Kept - TimeSpan.FromMinutes(1);
        Assert.IsType<KeyedRequest.Answered>(await requests.BeginAsync("a", "k1", Fingerprint, CancellationToken.None));
        Assert.IsType<KeyedRequest.OtherRequest>(await requests.BeginAsync("a", "k1", "bb", CancellationToken.None));

        house.Clock.Offset += TimeSpan.FromMinutes(15);
        Assert.IsType<KeyedRequest.Fresh>(await requests.BeginAsync("a", "k1", Fingerprint, CancellationToken.None));

        await using var db = await house.OpenAsync();
        Assert.Equal(["k1"], await db.IdempotentRequests.Select(r => r.Key).ToListAsync());
    }

    [Fact]
    public async Task A_forgotten_request_is_served_as_if_it_had_never_come()
    {
        await using var house = await CoreHouse.StartAsync();
        var requests = house.Get<IdempotentRequests>();
        var failed = Assert.IsType<KeyedRequest.Fresh>(await requests.BeginAsync("a", "k", Fingerprint, CancellationToken.None));

        await requests.ForgetAsync(failed, CancellationToken.None);

        Assert.IsType<KeyedRequest.Fresh>(await requests.BeginAsync("a", "k", "other", CancellationToken.None));
    }
}
