using Microsoft.AspNetCore.WebUtilities;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud.Entra;

/// <summary>The address a browser visits: shows who there is, and sends the chosen person back with a code.</summary>
internal sealed class AuthorizeEndpoint(EntraSimulator entra, EntraTokens tokens)
{
    /// <summary>Form field of the sign-in page: the object id of the person chosen.</summary>
    public const string ChosenField = "sim_person";

    /// <summary>Form field of the sign-in page: what was typed in the search box.</summary>
    public const string SearchField = "sim_search";

    // Cookies do not know ports, so the name must not be one the console could use.
    private const string SessionCookie = "vppbooks-simulated-entra";

    public async Task<IResult> HandleAsync(HttpContext context)
    {
        // The page and the redirect both depend on the cookie; going back must ask again.
        context.Response.Headers.CacheControl = "no-store";
        var parameters = await ReadAsync(context);
        var request = new AuthorizeRequest(parameters);
        if (entra.FindApplication(request.ClientId) is null)
        {
            return SignInPage.Error(entra, "AADSTS700016", $"No application with the id “{request.ClientId}” is registered here.");
        }

        // Never redirect to an address that was not checked first.
        if (!IsLoopback(request.RedirectUri))
        {
            return SignInPage.Error(entra, "AADSTS50011", $"The address “{request.RedirectUri}” is not registered. Only addresses on this machine (localhost) are.");
        }

        if (request.Problem is { } problem)
        {
            return Reply(request, [("error", problem.Error), ("error_description", problem.Description)]);
        }

        var session = entra.FindSession(context.Request.Cookies[SessionCookie]);
        var hinted = entra.FindPerson(request.LoginHint);
        if (parameters.TryGetValue(ChosenField, out var chosen) && entra.FindPerson(chosen) is { } person)
        {
            return person.AccountEnabled ? SignIn(context, request, person) : SignInPage.Choose(entra, request, $"AADSTS50057: the account of {person.DisplayName} is disabled.");
        }

        if (request.Prompt == "none")
        {
            return session is { AccountEnabled: true } && (hinted is null || hinted.Id == session.Id)
                ? SignIn(context, request, session)
                : Reply(request, [("error", "login_required"), ("error_description", "AADSTS50058: A silent sign-in request was sent but no user is signed in.")]);
        }

        // Without passwords there is nothing left to ask a person who was named or is signed in already.
        if (request.Prompt is null && (hinted ?? session) is { AccountEnabled: true } known && !parameters.ContainsKey(SearchField))
        {
            return SignIn(context, request, known);
        }

        return SignInPage.Choose(entra, request, message: null);
    }

    public async Task<IResult> SignOutAsync(HttpContext context)
    {
        var parameters = await ReadAsync(context);
        entra.EndSession(context.Request.Cookies[SessionCookie]);
        context.Response.Cookies.Delete(SessionCookie);
        if (!parameters.TryGetValue("post_logout_redirect_uri", out var target) || !IsLoopback(target))
        {
            return SignInPage.SignedOut();
        }

        return Results.Redirect(parameters.TryGetValue("state", out var state) ? QueryHelpers.AddQueryString(target, "state", state) : target);
    }

    private IResult SignIn(HttpContext context, AuthorizeRequest request, SimulatedPerson person)
    {
        entra.EndSession(context.Request.Cookies[SessionCookie]);
        context.Response.Cookies.Append(SessionCookie, entra.StartSession(person.Id), new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Lax,
            Secure = context.Request.IsHttps,
        });
        var values = new List<(string, string)>();
        if (request.WantsCode)
        {
            values.Add(("code", entra.IssueCode(new(
                person.Id, request.ClientId, request.RedirectUri, request.Scope, request.Nonce, request.CodeChallenge, default))));
        }

        if (request.WantsIdToken)
        {
            values.Add(("id_token", tokens.IdToken(person, request.ClientId, request.Nonce)));
        }

        return Reply(request, values);
    }

    private static IResult Reply(AuthorizeRequest request, List<(string Name, string Value)> values)
    {
        if (request.State is { } state)
        {
            values.Add(("state", state));
        }

        var pairs = values.Select(value => KeyValuePair.Create<string, string?>(value.Name, value.Value));
        return request.ResponseMode switch
        {
            "form_post" => SignInPage.FormPost(request.RedirectUri, values),
            "fragment" => Results.Redirect(request.RedirectUri + "#" + QueryString.Create(pairs).Value![1..]),
            _ => Results.Redirect(QueryHelpers.AddQueryString(request.RedirectUri, pairs)),
        };
    }

    private static bool IsLoopback(string? address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.IsLoopback && uri.Scheme is "http" or "https";

    private static async Task<Dictionary<string, string>> ReadAsync(HttpContext context)
    {
        var parameters = context.Request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.Ordinal);
        if (context.Request.HasFormContentType)
        {
            foreach (var (name, value) in await context.Request.ReadFormAsync(context.RequestAborted))
            {
                parameters[name] = value.ToString();
            }
        }

        return parameters;
    }
}

/// <summary>What an application asks of the sign-in page.</summary>
internal sealed class AuthorizeRequest(IReadOnlyDictionary<string, string> parameters)
{
    public IReadOnlyDictionary<string, string> Parameters => parameters;

    public string ClientId => Value("client_id") ?? "";

    public string RedirectUri => Value("redirect_uri") ?? "";

    public string Scope => Value("scope") ?? "openid";

    public string? State => Value("state");

    public string? Nonce => Value("nonce");

    public string? CodeChallenge => Value("code_challenge");

    public string? Prompt => Value("prompt");

    public string? LoginHint => Value("login_hint");

    public string? Search => Value(AuthorizeEndpoint.SearchField);

    public bool WantsCode => ResponseTypes.Contains("code", StringComparer.Ordinal);

    public bool WantsIdToken => ResponseTypes.Contains("id_token", StringComparer.Ordinal);

    public string ResponseMode => Value("response_mode") ?? (WantsIdToken ? "fragment" : "query");

    /// <summary>What the application may be told through its own address; null when the request is sound.</summary>
    public (string Error, string Description)? Problem => this switch
    {
        { WantsCode: false, WantsIdToken: false } => ("unsupported_response_type", "AADSTS700054: response_type must name code or id_token."),
        { ResponseMode: not ("query" or "fragment" or "form_post") } => ("invalid_request", "AADSTS70007: unknown response_mode."),
        { WantsIdToken: true, ResponseMode: "query" } => ("invalid_request", "AADSTS70007: 'query' is not a supported value of 'response_mode' when requesting a token."),
        { WantsIdToken: true, Nonce: null } => ("invalid_request", "AADSTS50011: an id_token needs a nonce."),
        { CodeChallenge: not null } when Value("code_challenge_method") != "S256" => ("invalid_request", "AADSTS9002326: code_challenge_method must be S256."),
        _ => null,
    };

    private string[] ResponseTypes => (Value("response_type") ?? "").Split(' ');

    private string? Value(string name) => parameters.TryGetValue(name, out var value) && value.Length > 0 ? value : null;
}
