using System.Globalization;
using System.Net;
using VppBooks.Apple;

namespace VppBooks.Tests.Apple;

public sealed class AppleFailureTests
{
    private const string EmptyUsers = """{"users":[],"currentPageIndex":0,"size":0,"totalPages":1,"versionId":"v","uId":"1"}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(9601)]
    [InlineData(9602)]
    [InlineData(9603)]
    [InlineData(9609)]
    [InlineData(9621)]
    [InlineData(9622)]
    [InlineData(9623)]
    [InlineData(9625)]
    [InlineData(9634)]
    [InlineData(9635)]
    [InlineData(9637)]
    [InlineData(9641)]
    [InlineData(9644)]
    [InlineData(9645)]
    [InlineData(9646)]
    [InlineData(9647)]
    [InlineData(9650)]
    [InlineData(9700)]
    [InlineData(9701)]
    [InlineData(9702)]
    [InlineData(9703)]
    [InlineData(9704)]
    [InlineData(9705)]
    [InlineData(9706)]
    [InlineData(9707)]
    [InlineData(9708)]
    [InlineData(9709)]
    [InlineData(9710)]
    [InlineData(9711)]
    [InlineData(9712)]
    [InlineData(9713)]
    [InlineData(9714)]
    [InlineData(9715)]
    [InlineData(9716)]
    [InlineData(9717)]
    [InlineData(9718)]
    [InlineData(9719)]
    [InlineData(9720)]
    [InlineData(9721)]
    [InlineData(9722)]
    [InlineData(9723)]
    [InlineData(9724)]
    [InlineData(9725)]
    [InlineData(9726)]
    [InlineData(9727)]
    [InlineData(9728)]
    [InlineData(9729)]
    [InlineData(9811)]
    [InlineData(9818)]
    [InlineData(9616)]
    public void Every_documented_number_has_a_meaning(int number)
    {
        var error = AppleErrors.For(number);

        Assert.Equal(number, error.Number);
        Assert.NotEqual(ErrorCategory.Unknown, error.Category);
        Assert.EndsWith(".", error.Meaning);
        Assert.True(error.Remedy.Length > 0 || error.Category == ErrorCategory.AlreadyDone);
    }

    [Theory]
    [InlineData(9621, ErrorCategory.Token)]
    [InlineData(9625, ErrorCategory.Token)]
    [InlineData(9637, ErrorCategory.Permission)]
    [InlineData(9646, ErrorCategory.Later)]
    [InlineData(9705, ErrorCategory.Size)]
    [InlineData(9714, ErrorCategory.Size)]
    [InlineData(9709, ErrorCategory.NotEnoughLicenses)]
    [InlineData(9716, ErrorCategory.AlreadyDone)]
    [InlineData(9721, ErrorCategory.Version)]
    [InlineData(9728, ErrorCategory.Notification)]
    [InlineData(9635, ErrorCategory.AppleAccount)]
    [InlineData(4711, ErrorCategory.Unknown)]
    public void A_number_says_what_it_asks_of_us(int number, ErrorCategory category) => Assert.Equal(category, AppleErrors.For(number).Category);

    [Theory]
    [InlineData(200, """{"errorNumber":9622,"errorMessage":"m"}""", 9622)]
    [InlineData(200, """{"users":[],"totalPages":1,"errorNumber":"9625"}""", 9625)]
    [InlineData(200, """{"users":"none","errorNumber":9621}""", 9621)]
    [InlineData(401, """{"errorNumber":9621}""", 9621)]
    [InlineData(500, """{"errorNumber":9622}""", 9622)]
    [InlineData(401, "", 401)]
    [InlineData(403, "<html>", 403)]
    public async Task A_read_looks_for_the_error_number_before_the_status(int status, string body, int number)
    {
        await using var apple = AppleFixture.Answering(body, (HttpStatusCode)status);

        var refused = await Assert.ThrowsAsync<AppleRefusedException>(() => ReadUsersAsync(apple));

        Assert.Equal((number, status), (refused.Refusal.Error.Number, refused.Refusal.HttpStatus));
        Assert.Single(apple.Sent);
    }

    [Theory]
    [InlineData("HTML", "<html>Sign in</html>")]
    [InlineData("empty", "")]
    [InlineData("truncated", """{"users":[{"clientUserId":"a","status":"Ret""")]
    [InlineData("followed by something", EmptyUsers + "{}")]
    [InlineData("a list", "[]")]
    [InlineData("null", "null")]
    [InlineData("an empty object", "{}")]
    [InlineData("no list though rows are announced", """{"size":3,"totalPages":1}""")]
    [InlineData("rows of another type", """{"users":["a"],"totalPages":1}""")]
    [InlineData("list of another type", """{"users":{"a":1},"totalPages":1}""")]
    [InlineData("field of another type", """{"users":[{"clientUserId":{"a":1}}],"totalPages":1}""")]
    [InlineData("number of another type", """{"users":[],"totalPages":"many"}""")]
    [InlineData("half a character", """{"users":[{"clientUserId":"\ud800"}],"totalPages":1}""")]
    public async Task An_answer_that_cannot_be_read_is_malformed_and_not_an_empty_list(string what, string body)
    {
        await using var apple = AppleFixture.Answering(body);

        var malformed = await Assert.ThrowsAsync<AppleMalformedException>(() => ReadUsersAsync(apple));

        Assert.False(malformed.Message.Contains(body, StringComparison.Ordinal) && body.Length > 0, what);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_over_the_limit_is_not_read_to_its_end(bool announced)
    {
        var body = new HugeStream();
        await using var apple = new AppleFixture(
            (_, _) =>
            {
                var response = new HttpResponseMessage { Content = new StreamContent(body) };
                response.Content.Headers.ContentLength = announced ? 20_000_000 : null;
                return Task.FromResult(response);
            },
            options => options.MaxResponseBytes = 1_000_000);

        await Assert.ThrowsAsync<AppleMalformedException>(() => ReadUsersAsync(apple));

        Assert.InRange(body.Served, 0, 2_200_000);
    }

    [Fact]
    public async Task A_compressed_answer_is_refused_because_none_was_asked_for()
    {
        await using var apple = AppleFixture.Answering(EmptyUsers, then: response => response.Content.Headers.ContentEncoding.Add("gzip"));

        await Assert.ThrowsAsync<AppleMalformedException>(() => ReadUsersAsync(apple));

        Assert.Empty(Assert.Single(apple.Sent).Headers["Accept-Encoding"]);
    }

    [Theory]
    [InlineData(503, "{}")]
    [InlineData(502, "<html>")]
    [InlineData(500, """{"errorNumber":9603}""")]
    [InlineData(503, """{"errorNumber":9729}""")]
    [InlineData(429, """{"errorNumber":9646}""")]
    [InlineData(200, """{"errorNumber":9646}""")]
    [InlineData(429, "")]
    public async Task A_read_waits_5_15_and_45_seconds_and_then_gives_up(int status, string body)
    {
        await using var apple = AppleFixture.Answering(body, (HttpStatusCode)status);

        var unavailable = await Assert.ThrowsAsync<AppleUnavailableException>(() => ReadUsersAsync(apple));

        Assert.Equal([5, 15, 45], Gaps(apple));
        Assert.InRange(unavailable.RetryAfter!.Value.TotalSeconds, 130, 135);
        Assert.NotNull(apple.Client.PausedUntil(apple.Location.Key));
    }

    [Theory]
    [InlineData("30", 30)]
    [InlineData("0", 0)]
    [InlineData("date", 40)]
    [InlineData("soon", 5)]
    [InlineData("-3", 5)]
    [InlineData("", 5)]
    public async Task Retry_After_is_honored_in_every_form(string value, int seconds)
    {
        AppleFixture apple = null!;
        var first = true;
        apple = new((_, _) =>
        {
            var header = value == "date" ? apple.Clock.GetUtcNow().AddSeconds(40).ToString("r", CultureInfo.InvariantCulture) : value;
            var response = first ? AppleFixture.Json("{}", HttpStatusCode.ServiceUnavailable, AppleFixture.RetryAfter(header)) : AppleFixture.Json(EmptyUsers);
            first = false;
            return Task.FromResult(response);
        });
        await using var _ = apple;

        await ReadUsersAsync(apple);

        Assert.Equal([seconds], Gaps(apple));
        Assert.All(apple.Sent, sent => Assert.Single(sent.Headers["Authorization"]));
    }

    [Theory]
    [InlineData("180", 180)]
    [InlineData("999999999999999999999", 3600)]
    public async Task A_wait_longer_than_two_minutes_ends_the_call_and_is_remembered(string value, int seconds)
    {
        await using var apple = AppleFixture.Answering("{}", HttpStatusCode.TooManyRequests, AppleFixture.RetryAfter(value));

        var first = await Assert.ThrowsAsync<AppleUnavailableException>(() => ReadUsersAsync(apple));
        var until = apple.Client.PausedUntil(apple.Location.Key);
        var second = await Assert.ThrowsAsync<AppleUnavailableException>(() => ReadUsersAsync(apple));

        Assert.InRange(first.RetryAfter!.Value.TotalSeconds, seconds - 2, seconds);
        Assert.InRange((until!.Value - apple.Clock.GetUtcNow()).TotalSeconds, seconds - 10, seconds);
        Assert.NotNull(second.RetryAfter);
        Assert.Single(apple.Sent);
    }

    [Fact]
    public async Task A_lost_connection_is_tried_again_and_a_setting_with_its_body()
    {
        var fail = true;
        await using var apple = new AppleFixture((_, _) => fail && !(fail = false)
            ? throw new HttpRequestException(HttpRequestError.ResponseEnded)
            : Task.FromResult(AppleFixture.Json("""{"uId":"1"}""")));

        await apple.Client.SetClientConfigAsync(apple.Location, new(new("a", "b", "c")), Token);

        Assert.Equal(2, apple.Sent.Count);
        Assert.Equal(apple.Sent[0].Body, apple.Sent[1].Body);
        Assert.Null(apple.Client.PausedUntil(apple.Location.Key));
        Assert.Equal(2, apple.Location.Meter!.Requests);
    }

    [Fact]
    public async Task A_read_that_is_never_answered_ends()
    {
        AppleFixture apple = null!;
        apple = new((_, cancellationToken) => apple.Network.HangAsync(cancellationToken));
        await using var _ = apple;

        await Assert.ThrowsAsync<AppleUnavailableException>(() => ReadUsersAsync(apple));

        Assert.Equal(4, apple.Sent.Count);
    }

    [Fact]
    public async Task A_canceled_read_says_so()
    {
        using var cancel = new CancellationTokenSource();
        AppleFixture apple = null!;
        apple = new((_, cancellationToken) =>
        {
            cancel.Cancel();
            return apple.Network.HangAsync(cancellationToken);
        });
        await using var _ = apple;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => apple.Client.GetClientConfigAsync(apple.Location, cancel.Token));
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var apple = AppleFixture.Answering("", HttpStatusCode.Redirect, response => response.Headers.Location = new Uri("https://elsewhere.example/"));

        await Assert.ThrowsAsync<AppleUnavailableException>(() => ReadUsersAsync(apple));

        Assert.Single(apple.Sent);
    }

    [Fact]
    public async Task The_log_shows_no_secret()
    {
        await using var apple = AppleFixture.Answering(
            """{"errorNumber":9646,"errorMessage":"code d3915844cde56f2dccfd24c7d34d12f0 for ben@riverside.example"}""", HttpStatusCode.TooManyRequests);

        await Assert.ThrowsAsync<AppleUnavailableException>(() => apple.Client.SetClientConfigAsync(apple.Location, new(NotificationAuthToken: "s3cret"), Token));
        await apple.Client.CreateUsersAsync(apple.Location, [new("rv-0008", "ben@riverside.example")], Token);

        Assert.NotEmpty(apple.Log.Lines);
        Assert.All(apple.Log.Lines, line =>
        {
            Assert.DoesNotContain(Tokens.Text, line.Text);
            Assert.DoesNotContain("s3cret", line.Text);
            Assert.DoesNotContain("d3915844", line.Text);
            Assert.DoesNotContain("ben@", line.Text);
        });
        Assert.All(apple.Log.Lines, line => Assert.InRange(line.Id.Id, 1000, 1099));
    }

    private static Task<Traversal> ReadUsersAsync(AppleFixture apple) =>
        apple.Client.ReadUsersAsync(apple.Location, new(), AppleReadTests.Collect(new List<VppUserRow>()), null, Token);

    private static int[] Gaps(AppleFixture apple) => [.. apple.Sent.Zip(apple.Sent.Skip(1), (one, next) => (int)(next.At - one.At).TotalSeconds)];

    private sealed class HugeStream : MemoryStream
    {
        public long Served { get; private set; }

        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            buffer.Span.Fill((byte)' ');
            Served += buffer.Length;
            return new(buffer.Length);
        }
    }
}
