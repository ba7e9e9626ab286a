using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using VppBooks.Core.Persistence;
using VppBooks.Core.Verification;
using VppBooks.Web.Components.Monitor;
using VppBooks.Web.Settings;

namespace VppBooks.Web.Hosting;

/// <summary>Checks the ledger against Apple from the command line and prints what it finds. Changes nothing, neither at Apple nor in the database.</summary>
internal static class VerifyCommand
{
    public const string Name = "verify";
    private const string AsJson = "--json";

    private const int AllExplained = 0;
    private const int NotExplained = 1;
    private const int NothingChecked = 2;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter() },
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <returns>0 when there is no difference or each is explained, 1 when one is not, 2 when no token could be read.</returns>
    /// <exception cref="SettingsException">A setting cannot be used, or the database is not of this version.</exception>
    public static async Task<int> RunAsync(string[] args, TextWriter output, CancellationToken cancellationToken)
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("en");
        await using var app = await VppBooksApp.CreateCommandAsync([.. args.Where(a => a != AsJson)], cancellationToken);
        var services = app.Web.Services;
        services.GetService<IStartupValidator>()?.Validate();
        await CheckDatabaseAsync(services, cancellationToken);

        var result = await services.GetRequiredService<LedgerVerifier>().VerifyAsync(progress: null, cancellationToken);
        await using var scope = services.CreateAsyncScope();
        var texts = scope.ServiceProvider.GetRequiredService<VerifyTexts>();
        await output.WriteAsync(args.Contains(AsJson) ? Write(result, texts) : Report(result, texts));
        await output.FlushAsync(cancellationToken);
        return result.Verdict switch
        {
            VerificationVerdict.Unexplained => NotExplained,
            VerificationVerdict.NothingChecked => NothingChecked,
            _ => AllExplained,
        };
    }

    /// <summary>Whoever verifies a database must not change it: an upgrade is for the program's next start.</summary>
    private static async Task CheckDatabaseAsync(IServiceProvider services, CancellationToken cancellationToken)
    {
        await using var db = await services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync(cancellationToken);
        if (!await db.Database.CanConnectAsync(cancellationToken))
        {
            throw new SettingsException("ConnectionStrings:VppBooks names a database that cannot be opened, or that is not there yet. Nothing was verified.");
        }

        var pending = (await db.Database.GetPendingMigrationsAsync(cancellationToken)).Count();
        if (pending > 0)
        {
            throw new SettingsException(string.Create(
                CultureInfo.InvariantCulture, $"The database is of an earlier version of VppBooks ({pending} upgrades are pending), and verify does not upgrade it. Start VppBooks once, then verify."));
        }
    }

    private static string Report(VerificationResult result, VerifyTexts texts)
    {
        var report = new StringWriter(CultureInfo.CurrentCulture);
        report.WriteLine($"VppBooks verify, {When(result.StartedAt)}");
        report.WriteLine();
        foreach (var location in result.Locations)
        {
            report.WriteLine($"{Plain(location.Location.Name)}: {texts.Counts(location)}");
        }

        report.WriteLine();
        foreach (var difference in result.Differences)
        {
            report.WriteLine(Line(difference, texts));
        }

        if (result.Differences.Count > 0)
        {
            report.WriteLine();
        }

        report.WriteLine(texts.Verdict(result));
        return report.ToString();
    }

    private static string Line(Difference difference, VerifyTexts texts)
    {
        var about = string.Join(", ", new[] { difference.Location?.Name, Book(difference.Book) }.OfType<string>().Select(Plain));
        var invariant = difference.Invariant is { } number ? string.Create(CultureInfo.InvariantCulture, $" I{number}") : "";
        var ids = difference.Ids.Count == 0 ? "" : $" [{string.Join(' ', difference.Ids)}{(difference.Count > difference.Ids.Count ? " …" : "")}]";
        return $"{texts.Judgment(difference)}{invariant} - {about}: {Sentence(texts.What(difference))} {Plain(texts.Why(difference, When))} {texts.Remedy(difference)}{ids}";
    }

    private static string Sentence(string text) => text.EndsWith('.') ? text : text + ".";

    private static string? Book(VerifiedBook? book) => book is null ? null
        : string.Create(CultureInfo.InvariantCulture, $"{book.Title ?? "adamId"} ({book.AdamId}{(book.PricingParam is { } quality ? $" {quality}" : "")})");

    private static string Write(VerificationResult result, VerifyTexts texts) => JsonSerializer.Serialize(
        new
        {
            result.Verdict,
            Summary = texts.Verdict(result),
            result.StartedAt,
            result.EndedAt,
            result.Locations,
            Differences = result.Differences.Select(d => new
            {
                d.Invariant,
                d.Kind,
                d.Explained,
                d.Cause,
                What = texts.What(d),
                Why = texts.Why(d, When),
                Remedy = texts.Remedy(d),
                d.Location,
                d.Book,
                d.Count,
                d.Ids,
                d.OperationId,
                d.OperationState,
                d.At,
                d.ErrorNumber,
                d.Name,
                d.AtApple,
                d.Here,
            }),
        },
        Json) + Environment.NewLine;

    private static string When(DateTimeOffset moment) => moment.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>Names come from outside: a terminal must not obey what is in them.</summary>
    private static string Plain(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
