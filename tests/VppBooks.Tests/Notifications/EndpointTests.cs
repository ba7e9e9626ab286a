using System.Net;
using System.Text;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Locations;
using VppBooks.Core.Notifications;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Notifications;

/// <summary>What the address does with what comes to it.</summary>
public sealed class EndpointTests(NotifiedConsole house) : IClassFixture<NotifiedConsole>
{
    [Fact]
    public async Task F27_A_duplicate_is_acknowledged_and_stored_once()
    {
        var book = await house.BookAsync(free: 5);
        var body = NotifiedConsole.CountOf(book, 1);

        var statuses = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => house.StatusOfAsync(body)));
        await house.QuietAsync();
        var once = Assert.Single(await house.InboxAsync(), n => body.Contains(n.NotificationId, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, await house.StatusOfAsync(body));
        await house.QuietAsync();

        Assert.All(statuses, s => Assert.Equal(HttpStatusCode.OK, s));
        Assert.NotNull(once.FoldedAt);
        Assert.Equal(once.FoldedAt, Assert.Single(await house.InboxAsync(), n => n.NotificationId == once.NotificationId).FoldedAt);
        Assert.Equal(book.AvailableCount, (await house.ReadAsync(book)).AvailableCount);
    }

    [Fact]
    public async Task The_last_arrival_is_known_as_soon_as_it_is_stored_and_found_through_an_index()
    {
        await using var own = await NotifiedConsole.StartAsync();
        await PauseAsync(own.Get<TimeProvider>().GetUtcNow().AddHours(1));
        var book = await own.BookAsync(free: 5);
        Assert.Equal(HttpStatusCode.OK, await own.StatusOfAsync(NotifiedConsole.CountOf(book, 1)));
        Assert.Equal(HttpStatusCode.OK, await own.StatusOfAsync(NotifiedConsole.CountOf(book, 2)));

        var stored = await own.InboxAsync();
        Assert.All(stored, n => Assert.Null(n.FoldedAt));
        Assert.Null((await own.RowAsync()).NotificationLastAt);
        Assert.Equal(stored[^1].ReceivedAt, await LastAsync());
        await using (var db = await own.OpenAsync())
        {
            await db.Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
            await using var command = LocationDirectory.NewestUnfolded(db, [own.LocationId]).CreateDbCommand();
#pragma warning disable CA2100 // What the query says, with its parameters.
            command.CommandText = "EXPLAIN QUERY PLAN " + command.CommandText;
#pragma warning restore CA2100
            await using var plan = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            List<string> steps = [];
            while (await plan.ReadAsync(TestContext.Current.CancellationToken))
            {
                steps.Add(plan.GetString(3));
            }

            Assert.Contains(steps, s => s.Contains("IX_InboxNotifications_LocationId_FoldedAt (LocationId=? AND FoldedAt=?)", StringComparison.Ordinal));
            Assert.DoesNotContain(steps, s => s.Contains("TEMP B-TREE", StringComparison.Ordinal) || s.StartsWith("SCAN", StringComparison.Ordinal));
        }

        // Folding it changes nothing that is shown.
        await PauseAsync(null);
        own.Get<Core.Signals.WorkSignal>().Wake(own.LocationId);
        await own.QuietAsync();
        Assert.Equal(stored[^1].ReceivedAt, await LastAsync());

        async Task PauseAsync(DateTimeOffset? until)
        {
            await using var db = await own.OpenAsync();
            await db.Locations.ExecuteUpdateAsync(set => set.SetProperty(l => l.PausedUntil, until), TestContext.Current.CancellationToken);
        }

        async Task<DateTimeOffset?> LastAsync() => (await own.Get<LocationDirectory>().FindAsync(own.LocationPublicId, CoreHouse.Admin, TestContext.Current.CancellationToken))!.Summary.Notifications.LastAt;
    }

    [Fact]
    public async Task Without_an_id_of_its_own_the_same_content_is_the_same_notification()
    {
        var book = await house.BookAsync(free: 5);
        var body = $$"""{"notification":{"adamId":"{{book.AdamId}}","countDelta":7,"pricingParam":"STDQ"},"notificationType":"ASSET_COUNT","uId":"{{NotifiedConsole.UId}}"}""";
        var before = (await house.InboxAsync()).Count;

        Assert.Equal(HttpStatusCode.OK, await house.StatusOfAsync(body));
        Assert.Equal(HttpStatusCode.OK, await house.StatusOfAsync(body));

        Assert.Equal(before + 1, (await house.InboxAsync()).Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Bearer wrong")]
    [InlineData("Basic {secret}")]
    [InlineData("{secret}")]
    [InlineData("Bearer {secret}x")]
    [InlineData("Bearer {Secret}")]
    public async Task F30_Without_the_locations_own_secret_nothing_is_told_or_stored(string authorization)
    {
        await using var own = await NotifiedConsole.StartAsync();
        var given = authorization.Replace("{secret}", own.Secret, StringComparison.Ordinal).Replace("{Secret}", own.Secret.ToUpperInvariant() + own.Secret.ToLowerInvariant(), StringComparison.Ordinal);
        var body = NotifiedConsole.CountOf(await own.BookAsync(free: 1), 1);

        using var wrong = await own.PostAsync(body, given);
        using var unknown = await own.PostAsync(body, "Bearer " + own.Secret, locationId: Guid.NewGuid());

        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, unknown.StatusCode);
        Assert.Equal(await unknown.Content.ReadAsStringAsync(), await wrong.Content.ReadAsStringAsync());
        Assert.Equal(unknown.Headers.ToString().Length, wrong.Headers.ToString().Length);
        Assert.Empty(await own.InboxAsync());
    }

    [Fact]
    public async Task F30_Wrong_secrets_are_stopped_soon_and_never_keep_the_right_one_out()
    {
        await using var own = await NotifiedConsole.StartAsync();
        var book = await own.BookAsync(free: 1);
        var statuses = new List<HttpStatusCode>();
        for (var i = 0; i < 60; i++)
        {
            statuses.Add(await own.StatusOfAsync("{}", "Bearer guess" + i, i % 2 == 0 ? null : Guid.NewGuid()));
        }

        using var refused = await own.PostAsync("{}", "Bearer guess");
        var right = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => own.StatusOfAsync(NotifiedConsole.CountOf(book, i))));

        Assert.All(statuses.Take(20), s => Assert.Equal(HttpStatusCode.Unauthorized, s));
        Assert.InRange(statuses.Count(s => s == HttpStatusCode.TooManyRequests), 30, 40);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.All(right, s => Assert.Equal(HttpStatusCode.OK, s));
        Assert.Equal(200, (await own.InboxAsync()).Count);
    }

    [Fact]
    public async Task F31_The_right_secret_for_another_location_is_refused_without_effect()
    {
        var book = await house.BookAsync(free: 5);
        var before = (await house.InboxAsync()).Count;

        var other = await house.StatusOfAsync(NotifiedConsole.Envelope(NotificationTypes.AssetCount, new { adamId = book.Key.AdamId, countDelta = 1, pricingParam = "STDQ" }, uId: "3104477120056219"));
        var none = await house.StatusOfAsync("""{"notification":{},"notificationId":"x","notificationType":"ASSET_COUNT"}""");

        Assert.Equal(HttpStatusCode.BadRequest, other);
        Assert.Equal(HttpStatusCode.BadRequest, none);
        Assert.Equal(before, (await house.InboxAsync()).Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not json")]
    [InlineData("<html></html>")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"text\"")]
    [InlineData("{\"notification\":{}")]
    [InlineData("{} {}")]
    [InlineData("{\"notificationType\":\"\\ud800\"}")]
    public async Task F32_What_is_not_a_JSON_object_is_refused(string body)
    {
        var before = (await house.InboxAsync()).Count;

        Assert.Equal(HttpStatusCode.BadRequest, await house.StatusOfAsync(body));
        Assert.Equal(before, (await house.InboxAsync()).Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task F32_More_than_256_KB_are_not_read(bool chunked)
    {
        var before = (await house.InboxAsync()).Count;
        var large = NotifiedConsole.Envelope(NotificationTypes.AssetCount, new { padding = new string('x', 257 * 1024) });
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/apple/notifications/{house.LocationPublicId:D}") { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(large)) };
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + house.Secret);
        request.Headers.TransferEncodingChunked = chunked;
        using var answer = await house.Client.SendAsync(request, TestContext.Current.CancellationToken);

        var most = NotifiedConsole.Envelope(NotificationTypes.AssetCount, new { padding = new string('x', 255 * 1024) });

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Equal(before, (await house.InboxAsync()).Count);
        Assert.Equal(HttpStatusCode.OK, await house.StatusOfAsync(most));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/octet-stream")]
    public async Task Media_type_does_not_matter_where_the_content_is_right(string contentType)
    {
        using var answer = await house.PostAsync(NotifiedConsole.CountOf(await house.BookAsync(free: 1), 1), contentType: contentType);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Any_other_method_is_not_offered_and_no_cookie_is_set()
    {
        using var get = await house.Client.GetAsync(new Uri($"/apple/notifications/{house.LocationPublicId:D}", UriKind.Relative), TestContext.Current.CancellationToken);
        using var posted = await house.PostAsync(NotifiedConsole.CountOf(await house.BookAsync(free: 1), 1));

        Assert.False(get.IsSuccessStatusCode);
        Assert.False(posted.Headers.Contains("Set-Cookie"));
    }

    [Theory]
    [InlineData("TEST_NOTIFICATION")]
    [InlineData("SUBSCRIPTION_COUNT")]
    [InlineData("SOMETHING_NEW")]
    [InlineData("something \\u0000 odd")]
    public async Task F34_Tests_and_types_that_are_not_used_are_acknowledged_without_effect(string type)
    {
        var before = (await house.InboxAsync()).Count;

        var status = await house.StatusOfAsync($$"""{"notification":{},"notificationId":"{{Guid.NewGuid()}}","notificationType":"{{type}}","uId":"{{NotifiedConsole.UId}}"}""");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(before, (await house.InboxAsync()).Count);
    }

    [Fact]
    public async Task Only_hints_are_kept_nothing_about_people()
    {
        await house.StatusOfAsync(NotifiedConsole.Envelope(
            NotificationTypes.AssetManagement,
            new
            {
                eventId = "event-of-somebody",
                result = "FAILURE",
                type = "ASSOCIATE",
                error = new { errorNumber = 9709, errorMessage = "text" },
                assignments = new[] { new { adamId = "6500000011", pricingParam = "STDQ", clientUserId = "secret-client-id" }, new { adamId = "6500000011", pricingParam = "PLUS", clientUserId = "secret-client-id" } },
                users = new[] { new { clientUserId = "secret-client-id", email = "secret@mail.example", inviteCode = "secret-code" } },
            }));

        var row = Assert.Single(await house.InboxAsync(), n => n.EventId == "event-of-somebody");
        Assert.Equal(("6500000011:STDQ,6500000011:PLUS", 9709), (row.Assets, row.ErrorNumber));
        await using var db = await house.OpenAsync();
        var text = await db.Database.SqlQueryRaw<string>("SELECT group_concat(\"NotificationId\" || \"Type\" || coalesce(\"EventId\", '') || coalesce(\"Assets\", '')) AS \"Value\" FROM \"InboxNotifications\"").SingleAsync();
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deleted_token_takes_nothing_more()
    {
        await using var own = await NotifiedConsole.StartAsync();
        var secret = own.Secret;
        await own.Get<LocationEnrollment>().DeleteAsync(own.LocationPublicId, Tests.Locations.CoreHouse.Admin, CancellationToken.None);
        await Task.Delay(TimeSpan.FromSeconds(6), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, await own.StatusOfAsync("{}", "Bearer " + secret));
    }
}
