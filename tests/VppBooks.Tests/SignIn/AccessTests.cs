using System.Net;
using System.Text.Json;
using VppBooks.Tests.Shell;

namespace VppBooks.Tests.SignIn;

public sealed class AccessTests(RunningConsole console) : IClassFixture<RunningConsole>
{
    [Theory]
    [InlineData("/v1.0/deviceAppManagement/vppTokens")]
    [InlineData("/beta/deviceAppManagement/managedEBooks")]
    [InlineData("/api/anything")]
    public async Task Api_without_a_token_answers_401_in_the_error_envelope_and_never_redirects(string path)
    {
        using var answer = await console.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
        Assert.Equal("InvalidAuthenticationToken", await CodeAsync(answer));
    }

    [Fact]
    public async Task Api_client_with_a_token_gets_in()
    {
        using var answer = await SendAsync("/api/no-such-thing", authorization: (await console.AutomationAsync()).ToString());

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("ResourceNotFound", await CodeAsync(answer));
    }

    [Theory]
    [InlineData("Bearer nonsense")]
    [InlineData("Basic YWRtaW46YWRtaW4=")]
    public async Task Api_refuses_other_credentials(string authorization)
    {
        using var answer = await SendAsync("/api/anything", authorization);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Page_without_a_session_goes_to_sign_in_with_code_and_proof_key()
    {
        using var answer = await console.Client.GetAsync("/");

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        var query = System.Web.HttpUtility.ParseQueryString(answer.Headers.Location!.Query);
        Assert.StartsWith(console.Cloud.BaseUrl, answer.Headers.Location.ToString(), StringComparison.Ordinal);
        Assert.Equal("code", query["response_type"]);
        Assert.Equal("query", query["response_mode"] ?? "query");
        Assert.Equal("S256", query["code_challenge_method"]);
    }

    [Fact]
    public async Task Token_of_an_api_client_opens_no_page()
    {
        using var answer = await SendAsync("/", authorization: (await console.AutomationAsync()).ToString());

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
    }

    [Theory]
    [InlineData("/account/signout")]
    [InlineData("/account/language")]
    public async Task Forms_from_elsewhere_are_refused(string path)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["culture"] = "nl", ["returnUrl"] = "/" });

        using var answer = await console.Client.PostAsync(path, form);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("/_blazor")]
    [InlineData("/_blazor/negotiate?negotiateVersion=1")]
    public async Task Connection_of_a_page_needs_a_session_and_our_own_origin(string path)
    {
        using var anonymous = await SendAsync(path);
        using var foreign = await SendAsync(path, origin: "https://elsewhere.example");

        Assert.Contains(anonymous.StatusCode, new[] { HttpStatusCode.Unauthorized, HttpStatusCode.MethodNotAllowed, HttpStatusCode.NotFound });
        Assert.Equal(HttpStatusCode.Forbidden, foreign.StatusCode);
    }

    [Theory]
    [InlineData("/health/live")]
    [InlineData("/health/ready")]
    [InlineData("/app.css")]
    [InlineData("/account/signed-out")]
    [InlineData("/account/sign-in-failed")]
    public async Task Needs_no_sign_in(string path)
    {
        using var answer = await console.Client.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static async Task<string?> CodeAsync(HttpResponseMessage answer)
    {
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        var error = body.RootElement.GetProperty("error");
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        Assert.NotEmpty(error.GetProperty("innerError").GetProperty("request-id").GetString()!);
        return error.GetProperty("code").GetString();
    }

    private async Task<HttpResponseMessage> SendAsync(string path, string? authorization = null, string? origin = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        if (origin is not null)
        {
            request.Headers.TryAddWithoutValidation("Origin", origin);
        }

        return await console.Client.SendAsync(request);
    }
}
