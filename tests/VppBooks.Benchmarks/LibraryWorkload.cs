using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Web;

namespace VppBooks.Benchmarks;

/// <summary>A reader's page at District size: P12. Program, stand-in for sign-in, floor and browsers share one process.</summary>
internal static class LibraryWorkload
{
    private const int Readers = 100;
    private const int Browsers = 16;

    public static async Task RunAsync(CancellationToken cancellationToken)
    {
        Console.WriteLine($"{Environment.ProcessorCount} CPUs, {System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription}, SQLite, program and browsers in one process");
        using var circuits = new CircuitCount();
        await using var house = await House.StartAsync(cancellationToken);
        await using var plain = await PlainTable.ServeAsync(cancellationToken);
        using var browser = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, MaxConnectionsPerServer = 256 }) { Timeout = Timeout.InfiniteTimeSpan };
        var (floor, page) = (new Uri(plain.Urls.First()), new Uri(house.Address, "/library"));
        var sample = await house.SampleAsync(browser, page, cancellationToken);
        Console.WriteLine(Invariant($"{Readers} signed-in readers of {LibraryDistrict.People}, {house.Licenses} licenses; a page of {sample.Length / 1024.0:F1} KB with {sample.Split("<li>").Length - 1} books"));
        await FloodAsync(() => FetchAsync(browser, floor, null, cancellationToken), TimeSpan.FromSeconds(3));
        await FloodAsync(() => FetchAsync(browser, page, house.NextSession(), cancellationToken), TimeSpan.FromSeconds(3));
        for (var run = 1; run <= 3; run++)
        {
            var table = await FloodAsync(() => FetchAsync(browser, floor, null, cancellationToken), TimeSpan.FromSeconds(5));
            var pages = await FloodAsync(() => FetchAsync(browser, page, house.NextSession(), cancellationToken), TimeSpan.FromSeconds(10));
            Console.WriteLine(Invariant($"P12 run {run}: floor (plain table of 100 rows) {table.PerSecond:F0}/s; {Browsers} browsers without pause {pages.PerSecond:F0}/s = {pages.PerSecond / table.PerSecond:F2} of the floor, p95 {pages.At95.TotalMilliseconds:F0} ms"));
            var steady = await SteadyAsync(() => FetchAsync(browser, page, house.NextSession(), cancellationToken), perSecond: 200, TimeSpan.FromSeconds(10), cancellationToken);
            Console.WriteLine(Invariant($"    at a steady 200/s: p50 {steady.At50.TotalMilliseconds:F0} ms, p95 {steady.At95.TotalMilliseconds:F0} ms, worst {steady.Worst.TotalMilliseconds:F0} ms; {circuits.Opened} circuits"));
        }
    }

    /// <summary>As many as go: each browser asks for the next as soon as the last has come.</summary>
    private static async Task<Figures> FloodAsync(Func<Task<TimeSpan>> fetch, TimeSpan duration)
    {
        var (waits, began) = (new ConcurrentBag<TimeSpan>(), TimeProvider.System.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, Browsers).Select(_ => Task.Run(async () =>
        {
            while (TimeProvider.System.GetElapsedTime(began) < duration)
            {
                waits.Add(await fetch());
            }
        })));
        return new Figures([.. waits.Order()], TimeProvider.System.GetElapsedTime(began));
    }

    /// <summary>At a steady rate, however long the pages take; a machine that is a thousand pages behind is not asked for more.</summary>
    private static async Task<Figures> SteadyAsync(Func<Task<TimeSpan>> fetch, int perSecond, TimeSpan duration, CancellationToken cancellationToken)
    {
        var (waits, began, sent, under) = (new ConcurrentBag<TimeSpan>(), TimeProvider.System.GetTimestamp(), 0, new List<Task>());
        while (TimeProvider.System.GetElapsedTime(began) is var elapsed && elapsed < duration)
        {
            for (; sent < elapsed.TotalSeconds * perSecond && sent - waits.Count < 1_000; sent++)
            {
                under.Add(Task.Run(async () => waits.Add(await fetch()), cancellationToken));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(2), cancellationToken);
        }

        await Task.WhenAll(under);
        return new Figures([.. waits.Order()], TimeProvider.System.GetElapsedTime(began));
    }

    private static async Task<TimeSpan> FetchAsync(HttpClient browser, Uri address, string? session, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (session is not null)
        {
            request.Headers.TryAddWithoutValidation("Cookie", session);
        }

        var began = TimeProvider.System.GetTimestamp();
        using var answer = await browser.SendAsync(request, cancellationToken);
        await answer.Content.LoadIntoBufferAsync(cancellationToken);
        return answer.StatusCode == HttpStatusCode.OK ? TimeProvider.System.GetElapsedTime(began) : throw new InvalidOperationException($"Answered with {(int)answer.StatusCode}.");
    }

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    private sealed record Figures(List<TimeSpan> Waits, TimeSpan Took)
    {
        public double PerSecond => Waits.Count / Took.TotalSeconds;

        public TimeSpan At50 => Waits[Waits.Count / 2];

        public TimeSpan At95 => Waits[Math.Min(Waits.Count - 1, (int)(Waits.Count * 0.95))];

        public TimeSpan Worst => Waits[^1];
    }

    /// <summary>Counts circuits by the framework's own meter.</summary>
    private sealed class CircuitCount : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _opened;

        public CircuitCount()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "aspnetcore.components.circuit.active")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, change, _, _) => Interlocked.Add(ref _opened, Math.Max(change, 0)));
            _listener.Start();
        }

        public long Opened => Interlocked.Read(ref _opened);

        public void Dispose() => _listener.Dispose();
    }

    /// <summary>The program with a district's rows and signed-in readers.</summary>
    private sealed class House(string folder, VppBooksApp app) : IAsyncDisposable
    {
        private readonly List<string> _sessions = [];
        private int _next;

        public Uri Address => new(app.Address);

        public int Licenses { get; private set; }

        public static async Task<House> StartAsync(CancellationToken cancellationToken)
        {
            var folder = Directory.CreateTempSubdirectory("vppbooks-bench-").FullName;
            var app = await VppBooksApp.CreateAsync(
                [
                    "--environment=Development", "--urls=http://127.0.0.1:0", "--SimulatedCloud:Enabled=true", "--SimulatedCloud:Port=0", "--SimulatedCloud:EntraPort=0", "--SimulatedCloud:StateFile=", "--Scheduler:Store=Memory",
                    "--Directory:ReadEvery=1.00:00:00", "--RateLimit:Burst=100000", "--RateLimit:PerSecond=10000", $"--ConnectionStrings:VppBooks=Data Source={Path.Combine(folder, "vppbooks.db")};Default Timeout=30",
                    "--Serilog:MinimumLevel:Default=Fatal", "--Serilog:MinimumLevel:Override:Microsoft=Fatal", "--Serilog:MinimumLevel:Override:Microsoft.IdentityModel=Fatal", "--Serilog:MinimumLevel:Override:Microsoft.Hosting.Lifetime=Fatal",
                ],
                cancellationToken);
            var house = new House(folder, app);
            var known = house.ListPeople();
            await using (var db = await house.OpenAsync(cancellationToken))
            {
                await LibraryDistrict.FillAsync(db, known, house.Get<IBulkStore>(), cancellationToken);
                house.Licenses = await db.Licenses.CountAsync(cancellationToken);
            }

            await app.Web.StartAsync(cancellationToken);
            foreach (var person in known.Where(p => p is { AccountEnabled: true, Guest: false }).Take(Readers))
            {
                await house.SignInAsync(person, cancellationToken);
            }

            return house;
        }

        public string NextSession() => _sessions[(int)((uint)Interlocked.Increment(ref _next) % (uint)_sessions.Count)];

        /// <summary>A page as it is measured, after looking that it is one.</summary>
        public async Task<string> SampleAsync(HttpClient browser, Uri page, CancellationToken cancellationToken)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, page);
            request.Headers.TryAddWithoutValidation("Cookie", NextSession());
            using var answer = await browser.SendAsync(request, cancellationToken);
            var html = await answer.Content.ReadAsStringAsync(cancellationToken);
            return answer.StatusCode == HttpStatusCode.OK && html.Contains("action=\"/library/get\"", StringComparison.Ordinal) && !html.Contains("blazor", StringComparison.OrdinalIgnoreCase)
                ? html
                : throw new InvalidOperationException("That is no reader's page.");
        }

        public async ValueTask DisposeAsync()
        {
            await app.Web.StopAsync();
            await app.DisposeAsync();
            SqliteConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
        }

        private T Get<T>()
            where T : notnull => app.Web.Services.GetRequiredService<T>();

        private Task<VppBooksDbContext> OpenAsync(CancellationToken cancellationToken) => Get<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync(cancellationToken);

        private List<Person> ListPeople()
        {
            lock (app.Cloud!.Directory.Gate)
            {
                return [.. app.Cloud.Directory.People.Values.Where(p => p.AppRoles.Count == 0).Select(p => new Person
                {
                    PublicId = Guid.NewGuid(), DirectoryId = p.Id, DisplayName = p.DisplayName, UserPrincipalName = p.UserPrincipalName, Mail = p.Mail, AccountEnabled = p.AccountEnabled, Guest = p.UserType == "Guest",
                })];
            }
        }

        private async Task SignInAsync(Person person, CancellationToken cancellationToken)
        {
            var cookies = new CookieContainer();
            using var browser = new HttpClient(new SocketsHttpHandler { CookieContainer = cookies }) { BaseAddress = Address };
            using var asked = await browser.GetAsync("/library", cancellationToken);
            using var answer = await browser.GetAsync($"{asked.RequestMessage!.RequestUri}&sim_person={person.DirectoryId.ToString("D", CultureInfo.InvariantCulture)}", cancellationToken);
            if (answer.RequestMessage!.RequestUri!.AbsolutePath != "/library")
            {
                throw new InvalidOperationException($"Signing in ended at {answer.RequestMessage.RequestUri.AbsolutePath}.");
            }

            _sessions.Add(cookies.GetCookieHeader(Address));
        }
    }
}
