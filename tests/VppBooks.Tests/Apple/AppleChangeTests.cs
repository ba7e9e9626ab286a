using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;

namespace VppBooks.Tests.Apple;

public sealed class AppleChangeTests
{
    private static readonly AssetKey[] Books = [new("6500000011", PricingParam.STDQ), new("6500000013", PricingParam.PLUS)];
    private static readonly string[] People = ["rv-0007", "rv-0008"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Associate_sends_what_the_reference_shows_and_hands_back_the_event()
    {
        await using var apple = AppleFixture.Answering("{\"eventId\":\"1a4210fa\"," + AppleFixture.OurClaim + "," + AppleFixture.Common + "}");

        var outcome = await apple.Client.AssociateAsync(apple.Location, Books, People, Token);

        var accepted = Assert.IsType<ChangeOutcome.Accepted>(outcome);
        Assert.Equal(("1a4210fa", "ours"), (accepted.EventId, accepted.Envelope.MdmInfo!.Id));
        var sent = Assert.Single(apple.Sent);
        Assert.Equal(("POST", "/mdm/v2/assets/associate", "application/json"), (sent.Method, sent.Path, sent.ContentType));
        Assert.Equal("""{"assets":[{"adamId":"6500000011","pricingParam":"STDQ"},{"adamId":"6500000013","pricingParam":"PLUS"}],"clientUserIds":["rv-0007","rv-0008"]}""", sent.Body);
        Assert.Single(sent.Headers["Authorization"]);
    }

    [Fact]
    public async Task Users_are_created_updated_and_retired_as_the_reference_shows()
    {
        await using var apple = AppleFixture.Answering("""{"eventId":"e"}""");

        await apple.Client.CreateUsersAsync(apple.Location, [new("rv-0008", "ben+x@riverside.example"), new("rv-0009", null, "dora@appleid.example")], Token);
        await apple.Client.UpdateUsersAsync(apple.Location, [new("rv-0008", "ben.newname@riverside.example")], Token);
        await apple.Client.RetireUsersAsync(apple.Location, ["rv-0003", "rv-0004"], Token);

        Assert.Equal(
            [
                ("/mdm/v2/users/create", """{"users":[{"clientUserId":"rv-0008","email":"ben+x@riverside.example"},{"clientUserId":"rv-0009","managedAppleId":"dora@appleid.example"}]}"""),
                ("/mdm/v2/users/update", """{"users":[{"clientUserId":"rv-0008","email":"ben.newname@riverside.example"}]}"""),
                ("/mdm/v2/users/retire", """{"users":[{"clientUserId":"rv-0003"},{"clientUserId":"rv-0004"}]}"""),
            ],
            apple.Sent.Select(sent => (sent.Path, sent.Body!)));
    }

    [Fact]
    public void A_book_of_unknown_quality_is_never_spent()
    {
        var apple = AppleFixture.Answering("{}");

        Assert.Throws<ArgumentException>(() => { _ = apple.Client.AssociateAsync(apple.Location, [new("1", PricingParam.Unknown)], People, Token); });

        Assert.Empty(apple.Sent);
    }

    [Theory]
    [InlineData(503, "", null)]
    [InlineData(503, """{"errorNumber":9729,"errorMessage":"x"}""", "120")]
    [InlineData(500, """{"errorNumber":9603}""", null)]
    [InlineData(502, "<html>Bad Gateway</html>", null)]
    [InlineData(302, "", null)]
    [InlineData(200, "", null)]
    [InlineData(200, "{}", null)]
    [InlineData(200, """{"eventId":""}""", null)]
    [InlineData(200, """{"eventId":"abc""", null)]
    [InlineData(200, """{"eventId":{"a":1}}""", null)]
    [InlineData(200, "<html>Sign in</html>", null)]
    [InlineData(200, """{"errorNumber":9603}""", null)]
    [InlineData(200, """{"errorNumber":12345}""", null)]
    [InlineData(404, "<html>Not found</html>", null)]
    [InlineData(400, """{"errorNumber":400}""", null)]
    public async Task An_answer_that_is_neither_an_event_nor_a_documented_refusal_is_unknown_and_never_sent_again(int status, string body, string? retryAfter)
    {
        await using var apple = AppleFixture.Answering(body, (HttpStatusCode)status, retryAfter is null ? null : AppleFixture.RetryAfter(retryAfter));

        var outcome = await apple.Client.AssociateAsync(apple.Location, Books, People, Token);

        var unknown = Assert.IsType<ChangeOutcome.Unknown>(outcome);
        Assert.Equal(retryAfter is null ? null : TimeSpan.FromSeconds(120), unknown.RetryAfter);
        Assert.Single(apple.Sent);
        Assert.Equal(status >= 500, apple.Client.PausedUntil(apple.Location.Key) is not null);
    }

    [Theory]
    [InlineData(400, 9609, ErrorCategory.NotRegistered)]
    [InlineData(400, 9700, ErrorCategory.Size)]
    [InlineData(400, 9704, ErrorCategory.Size)]
    [InlineData(401, 9621, ErrorCategory.Token)]
    [InlineData(200, 9622, ErrorCategory.Token)]
    [InlineData(403, 9637, ErrorCategory.Permission)]
    [InlineData(200, 9646, ErrorCategory.Later)]
    [InlineData(429, 9646, ErrorCategory.Later)]
    public async Task A_documented_refusal_says_that_nothing_was_done(int status, int number, ErrorCategory category)
    {
        await using var apple = AppleFixture.Answering($$$"""{"errorNumber":{{{number}}},"errorMessage":"Apple says","errorInfo":{"clientUserIds":["rv-0008"]}}""", (HttpStatusCode)status);

        var refused = Assert.IsType<ChangeOutcome.Refused>(await apple.Client.AssociateAsync(apple.Location, Books, People, Token));

        Assert.Equal((number, category, status, "Apple says"), (refused.Refusal.Error.Number, refused.Refusal.Error.Category, refused.Refusal.HttpStatus, refused.Refusal.AppleMessage));
        Assert.Equal(["rv-0008"], refused.Refusal.Info!.ClientUserIds);
        Assert.Single(apple.Sent);
    }

    [Fact]
    public async Task A_bare_429_was_not_applied()
    {
        await using var apple = AppleFixture.Answering("slow down", HttpStatusCode.TooManyRequests, AppleFixture.RetryAfter("7"));

        var refused = Assert.IsType<ChangeOutcome.Refused>(await apple.Client.AssociateAsync(apple.Location, Books, People, Token));

        Assert.Equal((9646, TimeSpan.FromSeconds(7)), (refused.Refusal.Error.Number, refused.Refusal.RetryAfter));
    }

    [Fact]
    public async Task A_change_that_is_not_answered_in_time_is_unknown()
    {
        AppleFixture apple = null!;
        apple = new((_, cancellationToken) => apple.Network.HangAsync(cancellationToken));
        await using var _ = apple;

        Assert.IsType<ChangeOutcome.Unknown>(await apple.Client.AssociateAsync(apple.Location, Books, People, Token));

        Assert.Single(apple.Sent);
    }

    [Fact]
    public async Task A_change_canceled_after_it_left_is_unknown()
    {
        using var cancel = new CancellationTokenSource();
        AppleFixture apple = null!;
        apple = new((_, cancellationToken) =>
        {
            cancel.Cancel();
            return apple.Network.HangAsync(cancellationToken);
        });
        await using var _ = apple;

        Assert.IsType<ChangeOutcome.Unknown>(await apple.Client.AssociateAsync(apple.Location, Books, People, cancel.Token));

        Assert.Single(apple.Sent);
    }

    [Fact]
    public async Task A_change_canceled_before_it_left_was_not_sent()
    {
        await using var apple = AppleFixture.Answering("""{"eventId":"e"}""");

        Assert.IsType<ChangeOutcome.NotSent>(await apple.Client.AssociateAsync(apple.Location, Books, People, new CancellationToken(canceled: true)));

        Assert.Empty(apple.Sent);
        Assert.Equal(0, apple.Location.Meter!.Requests);
    }

    [Fact]
    public async Task A_reset_is_unknown_and_a_connection_that_was_never_made_is_not_sent()
    {
        await using var reset = AppleFixture.Answering(_ => throw new HttpRequestException(HttpRequestError.ResponseEnded));
        await using var refused = AppleFixture.Answering(_ => throw new HttpRequestException(HttpRequestError.ConnectionError));

        Assert.IsType<ChangeOutcome.Unknown>(await reset.Client.AssociateAsync(reset.Location, Books, People, Token));
        Assert.IsType<ChangeOutcome.NotSent>(await refused.Client.AssociateAsync(refused.Location, Books, People, Token));

        Assert.Single(reset.Sent);
        Assert.Single(refused.Sent);
    }

    [Fact]
    public async Task While_Apple_asks_for_a_long_wait_a_change_is_not_sent()
    {
        await using var apple = AppleFixture.Answering(
            _ => AppleFixture.Json("{}", HttpStatusCode.ServiceUnavailable, AppleFixture.RetryAfter("31")),
            _ => AppleFixture.Json("""{"eventId":"e"}"""));
        await apple.Client.AssociateAsync(apple.Location, Books, People, Token);

        var outcome = await apple.Client.AssociateAsync(apple.Location, Books, People, Token);

        Assert.IsType<ChangeOutcome.NotSent>(outcome);
        Assert.Single(apple.Sent);
    }

    [Fact]
    public async Task A_short_wait_is_waited_for()
    {
        await using var apple = AppleFixture.Answering(
            _ => AppleFixture.Json("{}", HttpStatusCode.ServiceUnavailable, AppleFixture.RetryAfter("20")),
            _ => AppleFixture.Json("""{"eventId":"e"}"""));
        await apple.Client.AssociateAsync(apple.Location, Books, People, Token);

        Assert.IsType<ChangeOutcome.Accepted>(await apple.Client.AssociateAsync(apple.Location, Books, People, Token));

        Assert.True(apple.Sent[1].At - apple.Sent[0].At >= TimeSpan.FromSeconds(20));
        Assert.Null(apple.Client.PausedUntil(apple.Location.Key));
    }

    [Fact]
    public async Task On_a_real_socket_a_connection_dropped_after_the_request_costs_one_request()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var requests = new List<string>();
        var server = Task.Run(async () =>
        {
            while (true)
            {
                using var connection = await listener.AcceptTcpClientAsync(Token);
                var stream = connection.GetStream();
                var text = "";
                var buffer = new byte[8192];
                while (!text.EndsWith('}') && !(text.StartsWith("GET", StringComparison.Ordinal) && text.EndsWith("\r\n\r\n", StringComparison.Ordinal)))
                {
                    text += Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer, Token));
                }

                lock (requests)
                {
                    requests.Add(text);
                }

                if (text.StartsWith("GET", StringComparison.Ordinal))
                {
                    await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"u8.ToArray(), Token);
                }
            }
        });
        await using var services = new ServiceCollection().AddAppleClient()
            .Configure<AppleOptions>(options => options.BaseUrl = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/mdm/v2").BuildServiceProvider();

        var outcome = await services.GetRequiredService<AppleClient>().AssociateAsync(new("key", Tokens.Valid), Books, People, Token);

        Assert.IsType<ChangeOutcome.Unknown>(outcome);
        listener.Stop();
        await Assert.ThrowsAnyAsync<Exception>(() => server);
        var post = Assert.Single(requests, request => request.StartsWith("POST", StringComparison.Ordinal));
        Assert.Single(post.Split("\r\n"), line => line.StartsWith("Authorization:", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(2, JsonDocument.Parse(post[post.IndexOf("{\"assets", StringComparison.Ordinal)..]).RootElement.GetProperty("assets").GetArrayLength());
    }
}
