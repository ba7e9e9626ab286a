using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using VppBooks.SimulatedCloud.Entra;

namespace VppBooks.Tests.SimulatedCloud;

/// <summary>Signing in as a person and as an application.</summary>
public sealed class SignInTests(ConsoleStandIn console) : IClassFixture<ConsoleStandIn>
{
    private readonly SimulatedMicrosoft _microsoft = console.Microsoft;
    private readonly string _consoleUrl = console.Url;

    [Theory]
    [InlineData("admin", "VppBooks.Administrator")]
    [InlineData("assigner", "VppBooks.Assigner")]
    [InlineData("reader", "")]
    public async Task A_person_chosen_on_the_page_arrives_with_her_role(string alias, string roles)
    {
        using var browser = new BrowserStandIn();

        var page = await browser.GetStringAsync(_consoleUrl + "/me");
        var address = browser.LastAddress;
        using var arrived = await browser.GetAsync(ChooseOn(page, address, $"{alias}@noordrand.example"));
        var me = await arrived.Content.ReadFromJsonAsync<JsonElement>();

        Assert.StartsWith(_microsoft.BaseUrl + "/entra/", address, StringComparison.Ordinal);
        Assert.Contains("<label for=\"search\">", page, StringComparison.Ordinal);
        Assert.Equal($"{alias}@noordrand.example", me.GetProperty("name").GetString());
        Assert.Equal(roles, me.GetProperty("roles").GetString());
    }

    [Fact]
    public async Task A_login_hint_saves_the_choice_and_form_post_is_honored()
    {
        using var browser = new BrowserStandIn();

        var me = await browser.GetStringAsync(_consoleUrl + "/signin?hint=auditor@noordrand.example");
        var posted = await browser.GetStringAsync(AuthorizeUrl("&login_hint=auditor@noordrand.example&response_mode=form_post&state=s%26t"));

        Assert.Contains("VppBooks.Auditor", me, StringComparison.Ordinal);
        Assert.Contains("name=\"code\"", posted, StringComparison.Ordinal);
        Assert.Contains("name=\"state\" value=\"s&amp;t\"", posted, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Anyone_can_be_found_by_name_and_a_disabled_person_is_refused()
    {
        using var browser = new BrowserStandIn();
        var found = await browser.GetStringAsync(AuthorizeUrl("&sim_search=de%20wit"));
        _microsoft.Entra.SetEnabled("helpdesk@noordrand.example", enabled: false);

        var refused = await browser.GetStringAsync(AuthorizeUrl("&sim_person=helpdesk@noordrand.example"));

        Assert.Matches("people found", found);
        Assert.Contains("AADSTS50057", refused, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Signing_out_ends_the_session_and_returns_to_this_machine_only()
    {
        using var browser = new BrowserStandIn();
        await browser.GetStringAsync(_consoleUrl + "/signin?hint=admin@noordrand.example");
        var silent = await browser.GetAsync(AuthorizeUrl("&prompt=none"));

        var elsewhere = await browser.GetAsync($"{EntraRoot}/oauth2/v2.0/logout?post_logout_redirect_uri=https://evil.example/");
        var after = await browser.GetAsync(AuthorizeUrl("&prompt=none"));

        Assert.Contains("code=", silent.RequestMessage!.RequestUri!.Query, StringComparison.Ordinal);
        Assert.Equal("localhost", elsewhere.RequestMessage!.RequestUri!.Host);
        Assert.Contains("error=login_required", after.RequestMessage!.RequestUri!.Query, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_elsewhere_gets_a_page_not_a_redirect()
    {
        using var browser = new BrowserStandIn();

        using var answer = await browser.GetAsync(AuthorizeUrl("&login_hint=admin@noordrand.example", "https://evil.example/signin-oidc"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("localhost", answer.RequestMessage!.RequestUri!.Host);
    }

    [Fact]
    public async Task A_code_is_good_once_and_only_with_its_verifier()
    {
        const string verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        const string pkce = "&login_hint=admin@noordrand.example&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
        using var browser = new BrowserStandIn();

        var wrong = await RedeemAsync(await CodeAsync(browser, pkce), verifier + "x");
        var code = await CodeAsync(browser, pkce);
        var right = await RedeemAsync(code, verifier);
        var again = await RedeemAsync(code, verifier);

        Assert.StartsWith("AADSTS501481", wrong.GetProperty("error_description").GetString(), StringComparison.Ordinal);
        Assert.True(right.TryGetProperty("access_token", out _));
        Assert.Equal("invalid_grant", again.GetProperty("error").GetString());
    }

    [Fact]
    public async Task The_api_tells_good_tokens_from_bad_ones()
    {
        const string api = $"api://{EntraSimulator.ConsoleClientId}/.default";
        var automation = await ApplicationTokenAsync(EntraSimulator.AutomationClientId, EntraSimulator.AutomationClientSecret, api);
        var forGraph = await ApplicationTokenAsync(EntraSimulator.AutomationClientId, EntraSimulator.AutomationClientSecret, "https://graph.microsoft.com/.default");
        using var browser = new BrowserStandIn();
        var reader = await RedeemAsync(await CodeAsync(browser, $"&login_hint=reader@noordrand.example&scope=openid%20{api}"), verifier: null);

        Assert.Equal(HttpStatusCode.OK, await CallAsync(automation.GetProperty("access_token").GetString()));
        Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync(null));
        Assert.Equal(HttpStatusCode.Unauthorized, await CallAsync(forGraph.GetProperty("access_token").GetString()));
        Assert.Equal(HttpStatusCode.Forbidden, await CallAsync(reader.GetProperty("access_token").GetString()));
    }

    [Fact]
    public async Task A_wrong_secret_or_an_unknown_resource_is_refused_with_a_number()
    {
        var secret = await ApplicationTokenAsync(EntraSimulator.AutomationClientId, "wrong", "https://graph.microsoft.com/.default");
        var resource = await ApplicationTokenAsync(EntraSimulator.AutomationClientId, EntraSimulator.AutomationClientSecret, "https://vault.example/.default");

        Assert.Equal(7000215, secret.GetProperty("error_codes")[0].GetInt32());
        Assert.Equal(500011, resource.GetProperty("error_codes")[0].GetInt32());
    }

    private string EntraRoot => $"{_microsoft.BaseUrl}/entra/{_microsoft.Entra.TenantId}";

    private string AuthorizeUrl(string rest, string? redirect = null) =>
        $"{EntraRoot}/oauth2/v2.0/authorize?client_id={EntraSimulator.ConsoleClientId}&response_type=code&redirect_uri={Uri.EscapeDataString(redirect ?? _consoleUrl + "/landing")}{rest}";

    private static string ChooseOn(string page, string address, string person)
    {
        var button = Regex.Match(page, $"value=\"(?<id>[^\"]+)\"><strong>(?:(?!</li>).)*{Regex.Escape(person)}", RegexOptions.Singleline, TimeSpan.FromSeconds(5));
        return $"{address}&sim_person={button.Groups["id"].Value}";
    }

    private async Task<string> CodeAsync(BrowserStandIn browser, string rest)
    {
        using var landed = await browser.GetAsync(AuthorizeUrl(rest));
        return Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(landed.RequestMessage!.RequestUri!.Query)["code"].ToString();
    }

    private Task<JsonElement> RedeemAsync(string code, string? verifier) => TokenAsync(new()
    {
        ["grant_type"] = "authorization_code",
        ["client_id"] = EntraSimulator.ConsoleClientId,
        ["client_secret"] = EntraSimulator.ConsoleClientSecret,
        ["redirect_uri"] = _consoleUrl + "/landing",
        ["code"] = code,
        ["code_verifier"] = verifier ?? "",
    });

    private Task<JsonElement> ApplicationTokenAsync(string clientId, string secret, string scope) => TokenAsync(new()
    {
        ["grant_type"] = "client_credentials",
        ["client_id"] = clientId,
        ["client_secret"] = secret,
        ["scope"] = scope,
    });

    private async Task<JsonElement> TokenAsync(Dictionary<string, string> form)
    {
        using var client = new HttpClient(_microsoft.Handler());
        using var answer = await client.PostAsync($"{_microsoft.Entra.Instance}{_microsoft.Entra.TenantId}/oauth2/v2.0/token", new FormUrlEncodedContent(form));
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    private async Task<HttpStatusCode> CallAsync(string? token)
    {
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        using var answer = await client.GetAsync(_consoleUrl + "/api/admin");
        return answer.StatusCode;
    }

    private static BrowserStandIn Browser() => new();
}
