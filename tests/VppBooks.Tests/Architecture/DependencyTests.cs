using System.Reflection;
using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace VppBooks.Tests.Architecture;

/// <summary>Which part may know which.</summary>
public sealed class DependencyTests
{
    private static readonly string[] _features =
    [
        "VppBooks.Core.Activities", "VppBooks.Core.Alerts", "VppBooks.Core.Assignments", "VppBooks.Core.Audit", "VppBooks.Core.Catalog", "VppBooks.Core.Devices", "VppBooks.Core.Directory", "VppBooks.Core.Library", "VppBooks.Core.Licenses", "VppBooks.Core.Locations", "VppBooks.Core.Mail",
        "VppBooks.Core.Notifications", "VppBooks.Core.Overview", "VppBooks.Core.People", "VppBooks.Core.Reports", "VppBooks.Core.Privacy", "VppBooks.Core.Settings",
    ];

    [Fact]
    public void Client_for_Apple_and_simulated_cloud_know_nothing_of_ours()
    {
        Assert.DoesNotContain(Product.References(Product.Apple), IsOurs);
        Assert.DoesNotContain(Product.References(Product.Cloud), IsOurs);
    }

    [Fact]
    public void Core_knows_only_the_client_for_Apple() => Assert.Equal(["VppBooks.Apple"], Product.References(Product.Core).Where(IsOurs));

    [Fact]
    public void Core_knows_neither_web_nor_scheduler_nor_log_nor_sign_in()
    {
        string[] foreign = ["Microsoft.AspNetCore", "Quartz", "Serilog", "Microsoft.Identity.Web"];

        Assert.DoesNotContain(Product.References(Product.Core), r => foreign.Any(f => r == f || r.StartsWith(f + ".", StringComparison.Ordinal)));
    }

    [Fact]
    public void Screens_API_and_jobs_use_neither_the_database_nor_what_Apple_sends() => None(Product.Uses(
        ["VppBooks.Web.Components", "VppBooks.Web.Api", "VppBooks.Web.Jobs"],
        used => used.StartsWith("Microsoft.EntityFrameworkCore.", StringComparison.Ordinal) || used.StartsWith("VppBooks.Apple.Wire.", StringComparison.Ordinal)));

    [Fact]
    public void Only_persistence_knows_which_database_it_is()
    {
        Assert.NotEmpty(Product.Uses("VppBooks.Core.Persistence", IsProvider));

        None(Product.Uses("VppBooks.Core", IsProvider).Where(u => !u.StartsWith("VppBooks.Core.Persistence.", StringComparison.Ordinal)));
        None(Product.Uses(["VppBooks.Web.Components", "VppBooks.Web.Api", "VppBooks.Web.SignIn"], IsProvider));
    }

    [Fact]
    public void No_feature_uses_the_services_of_sync() =>
        None(Product.Uses(_features, used => used.StartsWith("VppBooks.Core.Sync.", StringComparison.Ordinal) && !Product.IsRow(used)));

    [Fact]
    public void Locations_use_the_services_of_no_other_feature()
    {
        var others = _features.Append("VppBooks.Core.Sync").Where(f => f is not ("VppBooks.Core.Locations" or "VppBooks.Core.Audit")).ToList();

        None(Product.Uses("VppBooks.Core.Locations", used => others.Exists(o => used.StartsWith(o + ".", StringComparison.Ordinal)) && !Product.IsRow(used)));
    }

    [Fact]
    public void Every_feature_is_known_here()
    {
        string[] notFeatures = ["VppBooks.Core", "VppBooks.Core.Exports", "VppBooks.Core.Persistence", "VppBooks.Core.Security", "VppBooks.Core.Signals", "VppBooks.Core.Sync", "VppBooks.Core.Telemetry", "VppBooks.Core.Verification", "VppBooks.Core.Why"];
        var namespaces = Product.Core.GetTypes().Select(t => t.Namespace).OfType<string>()
            .Where(n => n.StartsWith("VppBooks.Core", StringComparison.Ordinal)).Select(n => string.Join('.', n.Split('.').Take(3))).Distinct();

        Assert.Equal(_features.Concat(notFeatures).Order(StringComparer.Ordinal), namespaces.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Class_is_sealed_unless_it_is_built_to_be_inherited()
    {
        var classes = Product.Classes().ToList();
        Assert.True(classes.Count > 300, $"Only {classes.Count} classes.");
        var bases = classes.Concat(typeof(DependencyTests).Assembly.GetTypes()).Select(t => t.BaseType)
            .Select(t => t is { IsGenericType: true } ? t.GetGenericTypeDefinition() : t).ToHashSet();

        None(classes.Where(t => !t.IsSealed && !t.IsAbstract && !bases.Contains(t) && !InvitesHeirs(t) && !IsMadeByATool(t)).Select(t => t.FullName));
    }

    private static void None(IEnumerable<string?> found) => Assert.True(!found.Any(), string.Join('\n', found));

    private static bool IsOurs(string reference) => reference.StartsWith("VppBooks", StringComparison.Ordinal);

    private static bool IsProvider(string type) => type.Split('.', '+').Any(part => part.StartsWith("Sqlite", StringComparison.Ordinal) || part.StartsWith("SqlServer", StringComparison.Ordinal) || part == "SqlClient");

    private static bool InvitesHeirs(Type type) => type.GetMethods(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        .Any(m => m is { IsVirtual: true, IsFinal: false } && m.GetBaseDefinition() == m);

    // Razor, the migrations tool and the web SDK write classes of their own.
    private static bool IsMadeByATool(Type type) =>
        type.IsSubclassOf(typeof(ComponentBase)) || type.IsSubclassOf(typeof(Migration)) || type.IsSubclassOf(typeof(ModelSnapshot)) || type.Name is "Program" or "_Imports";
}
