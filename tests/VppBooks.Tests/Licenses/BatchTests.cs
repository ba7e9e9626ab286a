using CsCheck;
using VppBooks.Apple;
using VppBooks.Core.Licenses;

namespace VppBooks.Tests.Licenses;

public sealed class BatchTests
{
    [Fact]
    public void People_who_miss_the_same_books_share_a_request()
    {
        var ready = new[] { Ready(1, 10, "a"), Ready(2, 11, "a"), Ready(3, 10, "b"), Ready(4, 11, "b"), Ready(5, 10, "c") };

        var batches = Spender.Batches(ready, 25, 1000).ToList();

        Assert.Equal(2, batches.Count);
        Assert.Contains(batches, b => b.Assets.Length == 2 && b.ClientUserIds.SequenceEqual(["a", "b"]));
        Assert.Contains(batches, b => b.Assets.Length == 1 && b.ClientUserIds.SequenceEqual(["c"]));
    }

    [Fact]
    public void One_book_for_100000_people_takes_the_fewest_requests()
    {
        var ready = Enumerable.Range(0, 100_000).Select(i => Ready(i, 10, "p" + i)).ToList();

        Assert.Equal(100, Spender.Batches(ready, 25, 1000).Count());
    }

    [Fact]
    public void Every_request_stays_within_the_limits_and_asks_for_exactly_what_was_set_aside()
    {
        var licenses = Gen.Select(Gen.Int[1, 8], Gen.Int[1, 20]).HashSet[1, 80];

        Gen.Select(licenses, Gen.Int[1, 5], Gen.Int[1, 6]).Sample((pairs, maxAssets, maxUsers) =>
        {
            var ready = pairs.Select((p, i) => Ready(i, p.Item1, "p" + p.Item2)).ToList();

            var batches = Spender.Batches(ready, maxAssets, maxUsers).ToList();

            Assert.All(batches, b => Assert.True(b.Assets.Length <= maxAssets && b.ClientUserIds.Length <= maxUsers && b.ClientUserIds.Distinct().Count() == b.ClientUserIds.Length));
            // Apple combines every asset with every person: the product must be the licenses, no more.
            Assert.All(batches, b => Assert.Equal(b.LicenseIds.Length, b.Assets.Length * b.ClientUserIds.Length));
            Assert.Equal(ready.Select(r => r.LicenseId).Order(), batches.SelectMany(b => b.LicenseIds).Order());
            var asked = batches.SelectMany(b => b.Assets.SelectMany(a => b.ClientUserIds.Select(u => (a.AdamId, u)))).ToHashSet();
            Assert.True(asked.SetEquals(ready.Select(r => (r.AdamId.ToString(System.Globalization.CultureInfo.InvariantCulture), r.ClientUserId))));
        });
    }

    private static Spender.ReadyLicense Ready(long id, int book, string person) => new(id, book, 6_500_000_000 + book, PricingParam.STDQ, person);
}
