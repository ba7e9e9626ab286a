using System.Text;
using System.Text.Encodings.Web;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud.Entra;

/// <summary>The pages a person sees. Plain forms: they work without script, with a keyboard and on a phone.</summary>
internal static class SignInPage
{
    private const int MaxFound = 20;

    public static IResult Choose(EntraSimulator entra, AuthorizeRequest request, string? message)
    {
        var body = new StringBuilder();
        body.Append("<h1>Who is signing in?</h1><p>This is the simulated sign-in of ").Append(DemoDirectory.OrganizationName)
            .Append(". There are no passwords: choose a person.</p>");
        if (message is not null)
        {
            body.Append("<p class=\"problem\" role=\"alert\">").Append(Html(message)).Append("</p>");
        }

        var asked = string.Concat(request.Parameters
            .Where(pair => pair.Key is not (AuthorizeEndpoint.ChosenField or AuthorizeEndpoint.SearchField))
            .Select(pair => Hidden(pair.Key, pair.Value)));
        body.Append("<form method=\"get\">").Append(asked);
        if (entra.FindPerson(request.LoginHint) is { } hinted)
        {
            body.Append("<h2>Suggested</h2><ul class=\"people\">").Append(PersonButton(hinted, hinted.UserPrincipalName)).Append("</ul>");
        }

        body.Append("<h2>Demo people</h2><ul class=\"people\">");
        foreach (var signIn in DemoDirectory.SignIns)
        {
            if (entra.FindPerson($"{signIn.Alias}@{DemoDirectory.Domain}") is { } person)
            {
                body.Append(PersonButton(person, signIn.Label));
            }
        }

        // A form of its own: Enter in the box must search, not press the first person's button.
        body.Append("</ul></form><h2>Anyone else</h2><form method=\"get\" class=\"search\">").Append(asked)
            .Append("<label for=\"search\">Name or sign-in name</label><input id=\"search\" type=\"search\" autocomplete=\"off\" name=\"").Append(AuthorizeEndpoint.SearchField)
            .Append("\" value=\"").Append(Html(request.Search ?? "")).Append("\"><button>Search</button></form><form method=\"get\">").Append(asked);
        AppendFound(body, entra, request.Search);
        return Page("Sign in", body.Append("</form>").ToString());
    }

    public static IResult SignedOut() => Page("Signed out", "<h1>You are signed out</h1><p>You may close this page.</p>");

    public static IResult Error(EntraSimulator entra, string code, string message) => Page(
        "Sign-in failed",
        $"<h1>Sign-in failed</h1><p class=\"problem\" role=\"alert\">{code}: {Html(message)}</p><p>Time: {entra.Clock.GetUtcNow():u}</p>",
        StatusCodes.Status400BadRequest);

    /// <summary>Posts the answer to the application at once; without script the person presses the button.</summary>
    public static IResult FormPost(string address, IEnumerable<(string Name, string Value)> values) => Page(
        "Working",
        $"""
        <h1>Signing in</h1><form method="post" action="{Html(address)}" id="answer">{string.Concat(values.Select(value => Hidden(value.Name, value.Value)))}
        <p><button>Continue</button></p></form><script>document.getElementById("answer").submit();</script>
        """);

    private static void AppendFound(StringBuilder body, EntraSimulator entra, string? search)
    {
        if (string.IsNullOrWhiteSpace(search))
        {
            return;
        }

        SimulatedPerson[] found;
        lock (entra.Directory.Gate)
        {
            var text = search.Trim();
            found = [.. entra.Directory.People.Values
                .Where(person => person.DisplayName.Contains(text, StringComparison.OrdinalIgnoreCase)
                    || person.UserPrincipalName.Contains(text, StringComparison.OrdinalIgnoreCase))
                .Take(MaxFound + 1)];
        }

        var count = found.Length switch
        {
            0 => "Nobody found.",
            1 => "One person found.",
            > MaxFound => $"The first {MaxFound} people found.",
            _ => $"{found.Length} people found.",
        };
        body.Append("<p role=\"status\">").Append(count).Append("</p><ul class=\"people\">");
        foreach (var person in found.Take(MaxFound))
        {
            body.Append(PersonButton(person, person.AccountEnabled ? person.UserType : "Disabled"));
        }

        body.Append("</ul>");
    }

    private static string PersonButton(SimulatedPerson person, string label) =>
        $"""
        <li><button name="{AuthorizeEndpoint.ChosenField}" value="{person.Id}"><strong>{Html(person.DisplayName)}</strong>
        <span>{Html(label)}</span><span class="address">{Html(person.UserPrincipalName)}</span></button></li>
        """;

    private static string Hidden(string name, string value) => $"<input type=\"hidden\" name=\"{Html(name)}\" value=\"{Html(value)}\">";

    private static string Html(string text) => HtmlEncoder.Default.Encode(text);

    private static IResult Page(string title, string body, int status = StatusCodes.Status200OK) => Results.Content(
        $$"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{{title}} · {{DemoDirectory.OrganizationName}} (simulated)</title>
        <style>
        :root { color-scheme: light dark; --ink: #1b1a19; --paper: #fff; --back: #f3f2f1; --line: #8a8886; --soft: #484644; --accent: #0f548c; --bad: #a4262c; }
        @media (prefers-color-scheme: dark) { :root { --ink: #f3f2f1; --paper: #252423; --back: #11100f; --line: #979593; --soft: #d2d0ce; --accent: #82c7ff; --bad: #ff99a4; } }
        * { box-sizing: border-box; }
        body { margin: 0; padding: 1rem; background: var(--back); color: var(--ink); font: 1rem/1.45 "Segoe UI", system-ui, sans-serif; }
        main { max-width: 30rem; margin: 4vh auto; padding: 1.5rem; background: var(--paper); border-radius: .5rem; }
        h1 { margin: 0 0 .5rem; font-size: 1.5rem; } h2 { margin: 1.5rem 0 .5rem; font-size: 1rem; }
        ul { list-style: none; margin: 0; padding: 0; display: grid; gap: .5rem; }
        button, input { font: inherit; color: inherit; border: 1px solid var(--line); border-radius: .375rem; background: transparent; min-height: 2.75rem; padding: .5rem .75rem; }
        button { cursor: pointer; } button:hover { border-color: var(--accent); } :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
        .people button { width: 100%; text-align: left; display: grid; grid-template-columns: 1fr auto; gap: 0 1rem; }
        .address { grid-column: 1 / -1; color: var(--soft); overflow-wrap: anywhere; }
        .search { display: grid; grid-template-columns: 1fr auto; gap: .25rem .5rem; } .search label { grid-column: 1 / -1; } .search input { min-width: 0; }
        .problem { color: var(--bad); font-weight: 600; overflow-wrap: anywhere; }
        </style>
        </head>
        <body><main>{{body}}</main></body>
        </html>
        """,
        "text/html",
        Encoding.UTF8,
        status);
}
