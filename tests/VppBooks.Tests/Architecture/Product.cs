using System.Reflection;
using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Persistence;
using VppBooks.SimulatedCloud;
using VppBooks.Web;
using Assembly = System.Reflection.Assembly;

namespace VppBooks.Tests.Architecture;

/// <summary>The assemblies we ship and who uses what in them.</summary>
internal static class Product
{
    private static readonly ArchUnitNET.Domain.Architecture _loaded = new ArchLoader().LoadAssemblies([.. Assemblies]).Build();

    // Rows and the words in them are the shared language of the features; services are not.
    private static readonly HashSet<string> _rows =
    [
        .. typeof(VppBooksDbContext).GetProperties()
            .Where(p => p.PropertyType.IsGenericType && p.PropertyType.GetGenericTypeDefinition() == typeof(DbSet<>))
            .Select(p => p.PropertyType.GetGenericArguments()[0].FullName!),
        .. Core.GetTypes().Where(t => t.IsEnum).Select(t => t.FullName!),
    ];

    public static Assembly Apple => typeof(AppleClient).Assembly;

    public static Assembly Core => typeof(VppBooksDbContext).Assembly;

    public static Assembly Cloud => typeof(SimulatedCloudHost).Assembly;

    public static Assembly Web => typeof(VppBooksApp).Assembly;

    public static IReadOnlyList<Assembly> Assemblies => [Apple, Core, Cloud, Web];

    /// <summary>Names of the assemblies that one was compiled against; never empty.</summary>
    public static IReadOnlyList<string> References(Assembly assembly)
    {
        var names = assembly.GetReferencedAssemblies().Select(a => a.Name!).ToList();
        Assert.NotEmpty(names);
        return names;
    }

    /// <summary>Whether a type is a row of the database, or a word that stands in one.</summary>
    public static bool IsRow(string type) => _rows.Contains(type);

    /// <summary>Lines "user uses used" for the types of a namespace (and below), never from nothing.</summary>
    /// <param name="from">A namespace, or several.</param>
    /// <param name="forbidden">Judges the full name of a used type.</param>
    public static IReadOnlyList<string> Uses(IEnumerable<string> from, Predicate<string> forbidden)
    {
        var types = _loaded.Types.Where(t => from.Any(f => t.FullName.StartsWith(f + ".", StringComparison.Ordinal))).ToList();
        Assert.NotEmpty(types);
        var uses = types.SelectMany(t => t.Dependencies).ToList();
        Assert.NotEmpty(uses);
        return [.. uses.Where(u => forbidden(u.Target.FullName)).Select(u => $"{u.Origin.FullName} uses {u.Target.FullName}").Distinct()];
    }

    public static IReadOnlyList<string> Uses(string from, Predicate<string> forbidden) => Uses([from], forbidden);

    /// <summary>Every class that a person wrote.</summary>
    public static IEnumerable<System.Type> Classes() => Assemblies.SelectMany(a => a.GetTypes())
        .Where(t => t.IsClass && t.Namespace?.StartsWith("VppBooks", StringComparison.Ordinal) == true && !t.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute), inherit: false));
}
