using System.Globalization;
using System.Text.RegularExpressions;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.SimulatedCloud.Portal;

/// <summary>The portal: what Apple School Manager and Apple Business are to an administrator, and the switches of a tester.</summary>
internal static partial class PortalPage
{
    /// <summary>Books shown per location; the district has too many for a page.</summary>
    private const int MostBooks = 100;

    /// <param name="host">What to show.</param>
    /// <param name="open">Location whose books are unfolded.</param>
    public static string Render(SimulatedCloudHost host, string? open)
    {
        var apple = host.Apple;
        return PortalLayout.Page("Simulated cloud", Html.Of($"""
            <h1>Simulated cloud</h1>
            <p>Noordrand Schools exists only here. This program stands in for Apple's book service, Microsoft Graph and Microsoft Entra, so that VppBooks can be tried
            and tested without either. Download a location's content token and upload it in VppBooks; buy licenses and see the counts move; switch trouble on and watch it cope.</p>
            <p class="dim">Apple <code>{host.AppleBaseUrl}</code> · store <code>{host.StoreLookupUrl}</code> · Graph <code>{host.GraphBaseUrl}</code> · sign-in <code>{host.EntraInstance}</code> ·
            for scripts <a href="/_sim/state">/_sim/state</a>, <a href="/_sim/ledger">/_sim/ledger</a>, <a href="/_sim/requests">/_sim/requests</a></p>
            <h2>Locations</h2>
            {apple.Locations.Select(location => Location(apple, location, location.UId == open))}
            <p><a class="button" href="/mails">Mails that were sent ({host.Mails.List().Count})</a></p>
            <h2>Invitations</h2>
            {Invitations(apple)}
            <h2 id="trouble">Trouble</h2>
            {Faults(apple)}
            {Switches(apple)}
            """));
    }

    private static Html Location(AppleSimulator apple, LocationSummary location, bool showBooks)
    {
        var books = apple.Assets(location.UId);
        return Html.Of($"""
            <details id="l{location.UId}" open>
              <summary>{location.Name} <span class="dim">· {location.Country} · {(location.Platform == "volumestore" ? "education" : "business")} · {books.Count} books · {location.Users} users</span></summary>
              <p>{(location.ClaimName is null ? "No MDM manages this location." : $"Managed by {location.ClaimName} ({location.ClaimMetadata}).")}
              <span class="dim">uId {location.UId}{(location.NotificationUrl is null ? "" : $", notifications to {location.NotificationUrl}")}</span></p>
              <div class="row">
                <a class="button" href="/portal/locations/{location.UId}/token">Download content token</a>
                {Button(location.UId, "claim", "Another MDM claims it")}
                {Button(location.UId, "revoke", "Revoke tokens")}
                {Button(location.UId, "password", "Downloader changes password")}
              </div>
              <details{Mark(showBooks, "open")}><summary>Books and licenses</summary><div class="scroll"><table>
              <caption class="dim">Licenses of {location.Name}</caption>
              <thead><tr><th></th><th>Book</th><th>Quality</th><th class="n">Total</th><th class="n">Assigned</th><th class="n">Free</th><th>Buy</th></tr></thead><tbody>
              {books.Take(MostBooks).Select(book => Book(location.UId, book))}
              </tbody></table></div>{(books.Count > MostBooks ? Html.Of($"<p>… and {books.Count - MostBooks} more.</p>") : Html.Empty)}</details>
            </details>
            """);
    }

    private static Html Book(string uId, AssetSummary book)
    {
        var unlimited = book.Counts.Total == int.MaxValue;
        var name = book.Title ?? "(no store data)";
        return Html.Of($"""
            <tr><td>{(book.Title is null ? Html.Empty : Html.Of($"""<img loading="lazy" alt="" src="/apple/artwork/{book.AdamId}/64x96bb.png">"""))}</td>
            <td>{name}<br><span class="dim">{book.AdamId}</span></td><td>{book.PricingParam}</td>
            <td class="n">{(unlimited ? "unlimited" : Text(book.Counts.Total))}</td><td class="n">{book.Counts.Assigned}</td><td class="n">{(unlimited ? "" : Text(book.Counts.Available))}</td>
            <td>{(unlimited ? Html.Empty : Html.Of($"""
            <form method="post" action="/portal/locations/{uId}/buy"><input type="hidden" name="adamId" value="{book.AdamId}"><input type="hidden" name="pricingParam" value="{book.PricingParam}"><input name="licenses" type="number" min="1" max="100000" value="25" aria-label="Licenses of {name} to buy"><button>Buy</button></form>
            """))}</td></tr>
            """);
    }

    private static Html Invitations(AppleSimulator apple)
    {
        // What an earlier MDM left open is of no interest here.
        var waiting = apple.Locations
            .SelectMany(l => apple.Users(l.UId).Where(u => u.Status == "Registered" && u.InviteCode is not null && !u.ClientUserId.StartsWith("omdm-", StringComparison.Ordinal)))
            .Reverse().Take(20).ToArray();
        return waiting.Length == 0
            ? Html.Of($"""<p class="dim">Nobody is waiting. When VppBooks invites a person, the link works here as it would at Apple.</p>""")
            : Html.Of($"<ul>{waiting.Select(u => Html.Of($"""<li><a href="/invite?inviteCode={u.InviteCode}">{u.Email ?? u.ClientUserId}</a></li>"""))}</ul>");
    }

    private static Html Faults(AppleSimulator apple) => Html.Of($"""
        <div class="card"><form method="post" action="/portal/faults" class="row"><label for="fault">Something goes wrong</label>
        <select id="fault" name="fault">{FaultPresets.All.Keys.Select(name => Html.Of($"<option>{name}</option>"))}</select><button>Add</button></form>
        {(apple.Faults.List() is { Count: > 0 } faults
            ? Html.Of($"""<ul>{faults.Select(f => Html.Of($"<li>{f.Action.ToString()} {f.Method} {f.Path} <span class=\"dim\">hit {f.Fired}{(f.Times == 0 ? "" : $" of {Text(f.Times)}")}</span></li>"))}</ul><form method="post" action="/portal/faults/clear"><button>Clear all</button></form>""")
            : Html.Of($"""<p class="dim">No faults are set.</p>"""))}
        </div>
        """);

    private static Html Switches(AppleSimulator apple) => Html.Of($"""
        <form method="post" action="/portal/switches" class="card"><div class="row"><label for="outage">Outage</label>
        <select id="outage" name="Outage">{Enum.GetValues<AppleOutage>().Select(o => Html.Of($"<option value=\"{o.ToString()}\"{Mark(o == apple.Switches.Outage, "selected")}>{Words(o.ToString())}</option>"))}</select></div>
        <div class="checks">{PortalRoutes.Toggles.Select(p => Html.Of($"<label><input type=\"checkbox\" name=\"{p.Name}\"{Mark((bool)p.GetValue(apple.Switches)!, "checked")}> {Words(p.Name)}</label>"))}</div>
        <p><button class="primary">Set switches</button></p></form>
        """);

    private static Html Button(string uId, string action, string text) => Html.Of($"""<form method="post" action="/portal/locations/{uId}/{action}"><button>{text}</button></form>""");

    private static Html Mark(bool on, string attribute) => on ? Html.Of($" {attribute}") : Html.Empty;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Words(string name)
    {
        var words = WordStart.Replace(name, " $0").ToLowerInvariant();
        return char.ToUpperInvariant(words[0]) + words[1..];
    }

    [GeneratedRegex("(?<!^)[A-Z]", RegexOptions.None, 1000)]
    private static partial Regex WordStart { get; }
}
