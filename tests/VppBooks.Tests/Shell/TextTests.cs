using System.Collections;
using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.FluentUI.AspNetCore.Components;
using VppBooks.Web.Components.Catalog;
using VppBooks.Web.Components.Layout;
using VppBooks.Web.Hosting;

namespace VppBooks.Tests.Shell;

/// <summary>Every text the console shows exists in every language it ships.</summary>
public sealed partial class TextTests
{
    private static readonly string _web = Path.Combine(Repository.Root, "src", "VppBooks.Web");

    [Fact]
    public void Every_text_is_translated()
    {
        var used = Used();
        Assert.NotEmpty(used);

        var missing = Languages.Shipped.Skip(1).SelectMany(language => used
            .SelectMany(c => c.Value.Where(key => !Translated(c.Key, language).ContainsKey(key)).Select(key => $"{c.Key}.{language}.resx: {key}")));

        Assert.Empty(missing);
    }

    [Fact]
    public void No_translation_is_left_over()
    {
        var used = Used();
        var leftOver = Directory.EnumerateFiles(_web, "*.resx", SearchOption.AllDirectories).Where(IsSource).SelectMany(file =>
        {
            var owner = Path.GetFileName(file).Split('.')[0];
            return Read(file).Keys.Where(key => !used.GetValueOrDefault(owner, []).Contains(key)).Select(key => $"{Path.GetFileName(file)}: {key}");
        });

        Assert.Empty(leftOver);
    }

    [Fact]
    public void Translations_keep_their_places()
    {
        var wrong = Directory.EnumerateFiles(_web, "*.resx", SearchOption.AllDirectories).Where(IsSource)
            .SelectMany(file => Read(file).Where(t => !file.Contains(nameof(LibraryTexts), StringComparison.Ordinal) && !Places(t.Key).SequenceEqual(Places(t.Value))).Select(t => $"{Path.GetFileName(file)}: {t.Key}"));

        Assert.Empty(wrong);
    }

    [Fact]
    public void Library_speaks_the_readers_language()
    {
        var texts = new LibraryTexts();

        CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("en");
        Assert.Equal("Page 2 of 5", texts["Paginator_Status", 2, 5]);
        CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("nl");
        Assert.Equal("Pagina 2 van 5", texts["Paginator_Status", 2, 5]);
    }

    [Fact]
    public void Markup_holds_no_words_of_its_own()
    {
        var words = Directory.EnumerateFiles(_web, "*.razor", SearchOption.AllDirectories).Where(IsSource).SelectMany(file =>
        {
            var markup = CodeBlock().Split(File.ReadAllText(file))[0];
            return BareText().Matches(markup).Concat(BareAttribute().Matches(markup)).Select(m => m.Groups[1].Value.Trim())
                .Where(text => text.Length > 0 && !text.Contains("VppBooks", StringComparison.Ordinal) && !text.Contains('@', StringComparison.Ordinal))
                .Select(text => $"{Path.GetFileName(file)}: {text}");
        });

        Assert.Empty(words);
    }

    private static Dictionary<string, HashSet<string>> Used()
    {
        Dictionary<string, HashSet<string>> used = new() { [nameof(NavMenu)] = [.. Navigation.Texts], [nameof(LibraryTexts)] = OfTheLibrary(), [nameof(AppleErrorTexts)] = [.. AppleErrorWords.Keys] };
        foreach (var file in Directory.EnumerateFiles(_web, "*.*", SearchOption.AllDirectories).Where(f => IsSource(f) && Path.GetExtension(f) is ".razor" or ".cs"))
        {
            // A code-behind uses the localizer its markup injects.
            var text = File.ReadAllText(file);
            var declarations = file.EndsWith(".razor.cs", StringComparison.Ordinal) ? text + File.ReadAllText(file[..^3]) : text;
            foreach (Match declared in Localizer().Matches(declarations))
            {
                var texts = used.TryGetValue(declared.Groups[1].Value, out var known) ? known : used[declared.Groups[1].Value] = [];
                var lookUps = Regex.Matches(text, $"\\b{declared.Groups[2].Value}\\[\"((?:[^\"\\\\]|\\\\.)*)\"", RegexOptions.None, TimeSpan.FromSeconds(5));
                texts.UnionWith(lookUps.Select(m => Regex.Unescape(m.Groups[1].Value)));
            }
        }

        return used;
    }

    // The UI library names its texts by key; one of them is a sample of its own.
    private static HashSet<string> OfTheLibrary()
    {
        var library = typeof(IFluentLocalizer).Assembly;
        var name = library.GetManifestResourceNames().Single(n => n.EndsWith(".resources", StringComparison.Ordinal));
        using var texts = new ResourceReader(library.GetManifestResourceStream(name)!);
        return [.. texts.Cast<DictionaryEntry>().Select(t => (string)t.Key).Where(k => k != "Fake_Hello")];
    }

    private static Dictionary<string, string> Translated(string owner, string language)
    {
        var file = Directory.EnumerateFiles(_web, $"{owner}.{language}.resx", SearchOption.AllDirectories).Where(IsSource).SingleOrDefault();
        return file is null ? [] : Read(file);
    }

    private static Dictionary<string, string> Read(string file) => XDocument.Load(file).Root!.Elements("data")
        .ToDictionary(d => d.Attribute("name")!.Value, d => d.Element("value")!.Value, StringComparer.Ordinal);

    private static IEnumerable<string> Places(string text) => Place().Matches(text).Select(m => m.Value).Order(StringComparer.Ordinal);

    private static bool IsSource(string file) =>
        !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
        && !file.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal);

    [GeneratedRegex(@"IStringLocalizer<(\w+)>\s+(\w+)")]
    private static partial Regex Localizer();

    [GeneratedRegex(@"\{\d+(:[^}]*)?\}")]
    private static partial Regex Place();

    [GeneratedRegex(@"^@code\b", RegexOptions.Multiline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex("""\b(?:aria-label|title|placeholder|alt|Title|Label|AriaLabel|Description|Busy|Failed|Text|Placeholder)="(?!@)([^"]*\p{L}[^"]*)"(?=[\s/>])""")]
    private static partial Regex BareAttribute();

    [GeneratedRegex(@">([^<>{}@]*\p{L}{2,}[^<>{}@]*)</")]
    private static partial Regex BareText();
}
