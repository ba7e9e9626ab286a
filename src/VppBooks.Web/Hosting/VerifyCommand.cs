using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using VppBooks.Core.Audit;
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
    private const string AuditRow = "--audit-row=";

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
        await using var app = await VppBooksApp.CreateCommandAsync([.. args.Where(a => a != AsJson && !a.StartsWith(AuditRow, StringComparison.Ordinal))], cancellationToken);
        var services = app.Web.Services;
        services.GetRequiredService<VerificationOptions>().Anchor = Anchor(args);
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

    /// <summary>A row of the audit trail that must be there, as the log names it: <c>Events:1204:9f86…</c>.</summary>
    private static AuditAnchor? Anchor(string[] args)
    {
        if (Array.Find(args, a => a.StartsWith(AuditRow, StringComparison.Ordinal)) is not { } argument)
        {
            return null;
        }

        return argument[AuditRow.Length..].Split(':') is [var name, var number, { Length: 64 } hash] && Enum.TryParse<AuditChain>(name, ignoreCase: true, out var chain) && Enum.IsDefined(chain)
            && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) && hash.All(char.IsAsciiHexDigit)
            ? new AuditAnchor(chain, sequence, hash)
            : throw new SettingsException($"{AuditRow} must be followed by Events or Licenses, a row's number and its hash of 64 hexadecimal digits, such as {AuditRow}Events:1204:9f86d0…, as the log names them. Nothing was verified.");
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

        report.WriteLine(texts.Records(result));
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
            result.RecordsSealed,
            result.RecordsWaiting,
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
                d.Chain,
                d.Sequence,
            }),
        },
        Json) + Environment.NewLine;

    private static string When(DateTimeOffset moment) => moment.ToUniversalTime().ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>Names come from outside: a terminal must not obey what is in them.</summary>
    private static string Plain(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
}
