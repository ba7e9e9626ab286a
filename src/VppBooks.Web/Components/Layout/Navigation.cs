using System.Reflection;
using Microsoft.AspNetCore.Components;
using Microsoft.FluentUI.AspNetCore.Components;
using VppBooks.Web.Components.Library;
using VppBooks.Web.SignIn;
using FluentIcons = Microsoft.FluentUI.AspNetCore.Components.Icons.Regular.Size20;

namespace VppBooks.Web.Components.Layout;

/// <summary>An entry of the left navigation.</summary>
/// <param name="Text">Resource key, which is the English text.</param>
/// <param name="Href">The page's address, such as <c>/books</c>.</param>
/// <param name="Policy">Who sees it.</param>
public sealed record NavigationItem(string Text, string Href, string Policy, Icon Icon);

/// <summary>A group of entries under a heading; no heading for those that stand alone.</summary>
public sealed record NavigationSection(string? Heading, string? Subheading, IReadOnlyList<NavigationItem> Items);

/// <summary>The console's map. An entry shows as soon as a page with its address exists, so no link ever leads nowhere.</summary>
public static class Navigation
{
    private static readonly HashSet<string> _existing = typeof(Navigation).Assembly.GetTypes()
        .SelectMany(t => t.GetCustomAttributes<RouteAttribute>())
        .Select(r => r.Template)
        // The reader's page is no page of the console's router.
        .Append(LibraryEndpoints.Path)
        .ToHashSet(StringComparer.OrdinalIgnoreCase);

    private static readonly NavigationSection[] _map =
    [
        new(null, null, [new("Overview", "/", Policies.ReadAll, new FluentIcons.Home())]),
        new("Apps", null, [new("eBooks", "/apps/ebooks", Policies.ReadAll, new FluentIcons.Book())]),
        new(null, null,
        [
            new("Groups", "/groups", Policies.ReadAll, new FluentIcons.PeopleTeam()),
            new("People", "/people", Policies.ReadAll, new FluentIcons.Person()),
        ]),
        new("Monitor", null,
        [
            new("Reports", "/monitor/reports", Policies.ReadAll, new FluentIcons.DataBarVertical()),
            new("Forecast", "/monitor/forecast", Policies.ReadAll, new FluentIcons.ArrowTrending()),
            new("Activity", "/monitor/activity", Policies.ReadActivity, new FluentIcons.History()),
            new("Alerts", "/monitor/alerts", Policies.ReadAll, new FluentIcons.Alert()),
            new("Verify", "/monitor/verify", Policies.ReadAll, new FluentIcons.ShieldCheckmark()),
        ]),
        new("Tenant administration", "Connectors and tokens",
            [new("Apple VPP tokens", "/tenant/connectors/apple-vpp-tokens", Policies.ReadAll, new FluentIcons.Certificate())]),
        new(null, null, [new("Settings", "/settings", Policies.ReadSettings, new FluentIcons.Settings())]),
        new(null, null, [new("My library", "/library", Policies.UseLibrary, new FluentIcons.Library())]),
    ];

    /// <summary>Every text of the map, built or not: the words a translation must have.</summary>
    public static IEnumerable<string> Texts => _map.SelectMany(s => new[] { s.Heading, s.Subheading }.Concat(s.Items.Select(i => i.Text))).OfType<string>();

    /// <summary>The map without pages that do not exist yet.</summary>
    public static IReadOnlyList<NavigationSection> Sections { get; } =
    [
        .. _map.Select(s => s with { Items = [.. s.Items.Where(i => _existing.Contains(i.Href))] }).Where(s => s.Items.Count > 0),
    ];
}
