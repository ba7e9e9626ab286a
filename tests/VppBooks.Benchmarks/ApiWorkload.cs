using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.SimulatedCloud;
using VppBooks.SimulatedCloud.Entra;
using VppBooks.Web;

namespace VppBooks.Benchmarks;

/// <summary>Pages of 100 people of a book that a million people have, read through the API: P9. Program, floor and callers share one process.</summary>
internal static class ApiWorkload
{
    private const string UId = "3104477120056218";
    private const int People = 1_000_000;
    private const int Callers = 8;

    private static readonly Actor Admin = new(ActorKind.Person, "bench", "Bench", Actor.ForRoles([AppRoles.Administrator]));

    public static async Task RunAsync(CancellationToken cancellationToken)
    {
        Console.WriteLine($"{Environment.ProcessorCount} CPUs, {System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription}, SQLite, program, floor and callers in one process");
        var folder = Directory.CreateTempSubdirectory("vppbooks-bench-").FullName;
        var file = Path.Combine(folder, "vppbooks.db");
        await using (var app = await StartAsync(file, cancellationToken))
        {
            using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 64 });
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(app.Cloud!, cancellationToken));
            var began = TimeProvider.System.GetTimestamp();
            var book = await FillAsync(app, file, cancellationToken);
            Console.WriteLine(Invariant($"{People:N0} people have the book; made in {TimeProvider.System.GetElapsedTime(began).TotalSeconds:F0} s"));

            var first = new Uri($"{app.Address}/v1.0/deviceAppManagement/managedEBooks/{book}/userStateSummary?$top=100");
            var page = await client.GetByteArrayAsync(first, cancellationToken);
            var far = JsonDocument.Parse(await client.GetByteArrayAsync(new Uri(first + "&$skip=900000"), cancellationToken)).RootElement;
            var deep = new Uri(far.GetProperty("@odata.nextLink").GetString()!);
            await using var floor = await FloorAsync(page, cancellationToken);
            var raw = new Uri(floor.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
            for (var run = 0; run <= 3; run++)
            {
                var jraw = await ThroughputAsync(client, raw, cancellationToken);
                var api = await ThroughputAsync(client, first, cancellationToken);
                var (near, distant) = (await WaitsAsync(client, first, cancellationToken), await WaitsAsync(client, deep, cancellationToken));
                // The first one warms up.
                Console.WriteLine(Invariant($"P9 {(run == 0 ? "warm-up" : "run " + run)}: Jraw {jraw:F0}/s, API {api:F0}/s = {api / jraw:F2} Jraw; p95 first page {near:F1} ms, deep page {distant:F1} ms = {distant / near:F2}"));
            }

            await app.Web.StopAsync(cancellationToken);
        }

        SqliteConnection.ClearAllPools();
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<VppBooksApp> StartAsync(string file, CancellationToken cancellationToken)
    {
        var app = await VppBooksApp.CreateAsync(
            [
                "--environment=Development", "--urls=http://127.0.0.1:0", "--SimulatedCloud:Enabled=true", "--SimulatedCloud:Port=0", "--SimulatedCloud:EntraPort=0", "--SimulatedCloud:StateFile=", "--Scheduler:Store=Memory",
                $"--ConnectionStrings:VppBooks=Data Source={file};Default Timeout=30", "--Serilog:MinimumLevel:Default=Fatal", "--Serilog:MinimumLevel:Override:Microsoft=Fatal", "--Serilog:MinimumLevel:Override:Microsoft.IdentityModel=Fatal", "--Serilog:MinimumLevel:Override:Microsoft.Hosting.Lifetime=Fatal",
                "--RateLimit:Burst=100000", "--RateLimit:PerSecond=10000", "--RateLimit:ReadBurst=100000", "--RateLimit:ReadsPerSecond=10000",
            ],
            cancellationToken);
        await app.Web.StartAsync(cancellationToken);
        return app;
    }

    /// <summary>A connected location, and a book of it that everybody has.</summary>
    private static async Task<Guid> FillAsync(VppBooksApp app, string file, CancellationToken cancellationToken)
    {
        var services = app.Web.Services;
        app.Cloud!.Apple.Switches.MaxRequestsPerSecond = 10_000;
        await services.GetRequiredService<LocationEnrollment>().CreateAsync(
            new CreateLocation { Token = new TokenUpload.File(app.Cloud.Apple.IssueToken(UId)), Name = "Education", AppleAccount = "bench@bench.example", ConsentGranted = true }, Admin, cancellationToken);
        var contexts = services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        while (!await db.Books.AnyAsync(cancellationToken) || await db.LocationLeases.AnyAsync(l => l.Owner != "", cancellationToken))
        {
            await Task.Delay(100, cancellationToken);
        }

        var book = await db.Books.AsNoTracking().OrderBy(b => b.Id).FirstAsync(b => !db.Licenses.Any(l => l.BookId == b.Id), cancellationToken);
        var person = new Person { PublicId = Guid.NewGuid(), DirectoryId = Guid.NewGuid(), DisplayName = "Bench", UserPrincipalName = "bench@bench.example" };
        db.People.Add(person);
        await db.SaveChangesAsync(cancellationToken);
        var license = new License { BookId = book.Id, AdamId = book.AdamId, PersonId = person.Id, State = LicenseState.Assigned, ChangedAt = TimeProvider.System.GetUtcNow(), CreatedAt = TimeProvider.System.GetUtcNow(), WantedAt = TimeProvider.System.GetUtcNow() };
        db.Licenses.Add(license);
        await db.SaveChangesAsync(cancellationToken);

        await using var raw = new SqliteConnection($"Data Source={file};Default Timeout=60");
        await raw.OpenAsync(cancellationToken);
        const string Number = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {0})";
        const string NewGuid = "upper(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(2)) || '-' || hex(randomblob(6)))";
        await CopyAsync("People", person.Id, People - 1, new() { ["Id"] = "t.Id + n", ["PublicId"] = NewGuid, ["DirectoryId"] = NewGuid, ["UserPrincipalName"] = "'bench' || n || '@bench.example'" });
        await CopyAsync("Licenses", license.Id, People - 1, new() { ["Id"] = "t.Id + n", ["PersonId"] = "t.PersonId + n" });
        return book.PublicId;

        async Task CopyAsync(string table, long template, int copies, Dictionary<string, string> different)
        {
            var columns = new List<string>();
            await using (var names = raw.CreateCommand())
            {
                names.CommandText = $"SELECT name FROM pragma_table_info('{table}')";
                await using var reader = await names.ExecuteReaderAsync(cancellationToken);
                while (await reader.ReadAsync(cancellationToken))
                {
                    columns.Add(reader.GetString(0));
                }
            }

            await using var copy = raw.CreateCommand();
            copy.CommandTimeout = 600;
            copy.CommandText = $"{string.Format(CultureInfo.InvariantCulture, Number, copies)} INSERT INTO \"{table}\" ({string.Join(", ", columns.Select(c => $"\"{c}\""))}) "
                + $"SELECT {string.Join(", ", columns.Select(c => different.GetValueOrDefault(c, $"t.\"{c}\"")))} FROM \"{table}\" t, numbers WHERE t.Id = {template.ToString(CultureInfo.InvariantCulture)}";
            await copy.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    /// <summary>The same bytes from memory.</summary>
    private static async Task<WebApplication> FloorAsync(byte[] page, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(context =>
        {
            context.Response.ContentType = "application/json; charset=utf-8";
            context.Response.ContentLength = page.Length;
            return context.Response.Body.WriteAsync(page, context.RequestAborted).AsTask();
        });
        await app.StartAsync(cancellationToken);
        return app;
    }

    private static async Task<double> ThroughputAsync(HttpClient client, Uri address, CancellationToken cancellationToken)
    {
        var (began, read) = (TimeProvider.System.GetTimestamp(), 0);
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(async _ =>
        {
            while (TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(8))
            {
                await client.GetByteArrayAsync(address, cancellationToken);
                Interlocked.Increment(ref read);
            }
        }));
        return read / TimeProvider.System.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>The 95th of a hundred waits of one caller, in milliseconds.</summary>
    private static async Task<double> WaitsAsync(HttpClient client, Uri address, CancellationToken cancellationToken)
    {
        var waits = new List<double>();
        for (var i = 0; i < 200; i++)
        {
            var began = TimeProvider.System.GetTimestamp();
            await client.GetByteArrayAsync(address, cancellationToken);
            waits.Add(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds);
        }

        waits.Sort();
        return waits[(int)(waits.Count * 0.95)];
    }

    private static async Task<string> TokenAsync(SimulatedCloudHost cloud, CancellationToken cancellationToken)
    {
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => cloud.EntraCertificate!.Equals(shown) } };
        using var entra = new HttpClient(handler);
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = EntraSimulator.AutomationClientId,
            ["client_secret"] = EntraSimulator.AutomationClientSecret,
            ["scope"] = EntraSimulator.ConsoleClientId + "/.default",
        });
        using var answer = await entra.PostAsync(new Uri($"{cloud.EntraInstance}{SimulatedCloudHost.TenantId}/oauth2/v2.0/token"), form, cancellationToken);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellationToken)).RootElement.GetProperty("access_token").GetString()!;
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
