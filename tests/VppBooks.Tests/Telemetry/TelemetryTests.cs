using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using VppBooks.Core.Persistence;
using VppBooks.Core.Telemetry;
using VppBooks.Tests.Api;
using VppBooks.Tests.Shell;

namespace VppBooks.Tests.Telemetry;

[Collection(AloneTests.Name)]
public sealed partial class TelemetryTests(TelemetryTests.MeasuredHouse house) : IClassFixture<TelemetryTests.MeasuredHouse>
{
    private const string Token = "a-token-for-prometheus-only";

    [Theory]
    [InlineData(null)]
    [InlineData("Bearer wrong")]
    [InlineData(Token)]
    [InlineData("Basic " + Token)]
    public async Task Without_the_token_there_is_nothing_to_read(string? authorization)
    {
        using var answer = await house.Api.SendAsync(HttpMethod.Get, "/metrics", role: null, headers: authorization is null ? [] : [("Authorization", authorization)]);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Stock_is_what_Apple_says()
    {
        var text = await house.ScrapeAsync();

        var apple = house.Api.Cloud.Apple.Assets(ApiHouse.Education).Select(a => a.Counts).Where(c => c.Total != int.MaxValue).ToList();
        Assert.Equal(apple.Sum(c => (long)c.Total), Value(text, "vppbooks_stock", "count=\"total\""));
        Assert.Equal(apple.Sum(c => (long)c.Assigned), Value(text, "vppbooks_stock", "count=\"used\""));
        Assert.InRange(Value(text, "vppbooks_sync_age_seconds", "name=\"Education\""), 0, 600);
        Assert.InRange(Value(text, "vppbooks_token_time_left_days", "name=\"Education\""), 1, 400);
        Assert.Equal(1, Value(text, "vppbooks_token_state", "state=\"Valid\""));
        Assert.True(Value(text, "vppbooks_apple_request_duration_seconds_count", "path=\"/assets\"") > 0);
    }

    [Fact]
    public async Task Licenses_have_every_state_and_assigned_ones_are_all_that_Apple_counts()
    {
        var text = await house.ScrapeAsync();

        var counts = house.Api.Cloud.Apple.Assets(ApiHouse.Education).Select(a => a.Counts).ToList();
        Assert.Contains(counts, c => c.Total == int.MaxValue && c.Assigned > 0);
        Assert.Equal(counts.Sum(c => (long)c.Assigned), Value(text, "vppbooks_licenses", "state=\"Assigned\""));
    }

    [Fact]
    public async Task Every_metric_of_the_alert_rules_and_the_dashboard_exists()
    {
        var documents = await DocumentsAsync();
        var named = MetricName().Matches(documents.Rules + documents.Dashboard + documents.Text).Select(m => m.Value).Distinct().ToList();
        Assert.True(named.Count > 8);

        var known = Rows(await house.ScrapeAsync(withEverything: true)).Select(r => r.Metric).ToHashSet();

        Assert.Equal("", string.Join(", ", named.Where(n => !known.Contains(n) && !known.Contains(n + "_count"))));
    }

    [Fact]
    public async Task Every_expression_of_the_alert_rules_and_the_dashboard_asks_for_metrics_and_labels_that_exist()
    {
        var documents = await DocumentsAsync();
        var frameworks = FrameworkMetrics();
        var rows = Rows(await house.ScrapeAsync(withEverything: true));
        var rules = documents.Rules.Split("- alert:").Skip(1).Select(r => (Expression: r.Split('\n').Single(l => l.TrimStart().StartsWith("expr:", StringComparison.Ordinal)), Words: r)).ToList();
        using var dashboard = JsonDocument.Parse(documents.Dashboard);
        var panels = dashboard.RootElement.GetProperty("panels").EnumerateArray().SelectMany(p => p.GetProperty("targets").EnumerateArray())
            .Select(t => (Expression: t.GetProperty("expr").GetString()!, Words: t.TryGetProperty("legendFormat", out var legend) ? legend.GetString()! : "")).ToList();
        Assert.True(rules.Count > 8 && panels.Count > 8, $"{rules.Count} rules, {panels.Count} panels");

        var faults = new List<string>();
        foreach (var (expression, words) in rules.Concat(panels))
        {
            var metrics = AnyMetric().Matches(expression).Select(m => m.Value).Distinct().ToList();
            Assert.True(metrics.Count > 0, expression);
            var asked = Grouped().Matches(expression).SelectMany(m => m.Groups["labels"].Value.Split(',', StringSplitOptions.TrimEntries))
                .Concat(Selected().Matches(expression).Select(m => m.Groups["label"].Value))
                .Concat(Shown().Matches(words).Select(m => m.Groups["label"].Value)).Distinct().ToList();
            foreach (var metric in metrics.Where(m => !frameworks.Contains(m)))
            {
                var labels = rows.Where(r => r.Metric == metric).SelectMany(r => r.Labels).ToHashSet();
                faults.AddRange(rows.Exists(r => r.Metric == metric) ? asked.Where(l => !labels.Contains(l)).Select(l => $"{l} of {metric}") : [metric]);
            }
        }

        Assert.Equal("", string.Join("; ", faults.Distinct()));
    }

    [Fact]
    public async Task Whether_troubles_are_looked_for_is_seen_in_metrics_and_in_health()
    {
        var text = await house.ScrapeAsync();
        var age = Assert.Single(text.Split('\n'), l => l.StartsWith("vppbooks_alerts_look_age_seconds", StringComparison.Ordinal));
        Assert.InRange(double.Parse(age[age.IndexOf(' ', StringComparison.Ordinal)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture), 0, 600);

        using var answer = await house.Api.SendAsync(HttpMethod.Get, "/health/ready", role: null);
        using var health = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("Healthy", health.RootElement.GetProperty("checks").GetProperty("alerts").GetProperty("status").GetString());
    }

    [Fact]
    public async Task No_name_of_a_person_is_in_a_metric()
    {
        var text = await house.ScrapeAsync();

        foreach (var person in house.Api.Cloud.Directory.People.Values.Take(500))
        {
            Assert.DoesNotContain(person.DisplayName, text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain(person.UserPrincipalName, text, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task Database_that_does_not_answer_leaves_no_figures()
    {
        var telemetry = house.Api.Services.GetRequiredService<ProductTelemetry>();
        telemetry.Figures = await house.Api.Services.GetRequiredService<TelemetryReader>().ReadAsync(TestContext.Current.CancellationToken);
        using var sampler = new TelemetrySampler(new TelemetryReader(new NoDatabase(), TimeProvider.System), telemetry, TimeProvider.System, NullLogger<TelemetrySampler>.Instance);

        await sampler.SampleAsync(TestContext.Current.CancellationToken);

        Assert.Empty(telemetry.Figures.Locations);
    }

    private static double Value(string text, string metric, string label)
    {
        var rows = text.Split('\n').Where(l => l.StartsWith(metric + "{", StringComparison.Ordinal) && l.Contains(label, StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(rows);
        return rows.Sum(r => double.Parse(r[(r.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture));
    }

    private static List<(string Metric, List<string> Labels)> Rows(string text) =>
    [
        .. text.Split('\n').Where(l => l.Length > 0 && l[0] != '#')
            .Select(l => (l[..l.IndexOfAny(['{', ' '])], l.Contains('{', StringComparison.Ordinal) ? Label().Matches(l[..l.LastIndexOf('}')]).Select(m => m.Groups["label"].Value).ToList() : [])),
    ];

    private static async Task<(string Rules, string Dashboard, string Text)> DocumentsAsync()
    {
        Task<string> ReadAsync(string name) => File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/monitoring", name), TestContext.Current.CancellationToken);
        return (await ReadAsync("alerts.yml"), await ReadAsync("dashboard.json"), await ReadAsync("monitoring.md"));
    }

    /// <summary>What the framework's meter of open pages publishes, as Prometheus spells it: no page need be open for that.</summary>
    private HashSet<string> FrameworkMetrics()
    {
        const string Meter = "Microsoft.AspNetCore.Components.Server.Circuits";
        Assert.Contains(Meter, Web.Hosting.Telemetry.Meters);
        var circuits = typeof(Microsoft.AspNetCore.Components.Server.CircuitOptions).Assembly.GetType("Microsoft.AspNetCore.Components.Server.Circuits.CircuitMetrics", throwOnError: true)!;
        Assert.NotNull(house.Api.Services.GetService(circuits));
        var names = new HashSet<string>();
        using var listener = new System.Diagnostics.Metrics.MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == Meter)
            {
                names.Add(instrument.Name.Replace('.', '_'));
            }
        };
        listener.Start();
        Assert.NotEmpty(names);
        return names;
    }

    [GeneratedRegex(@"\bvppbooks_[a-z_]*[a-z](?=[\W])")]
    private static partial Regex MetricName();

    [GeneratedRegex(@"\b(vppbooks|aspnetcore|http|dotnet)_[a-z_]+", RegexOptions.ExplicitCapture)]
    private static partial Regex AnyMetric();

    [GeneratedRegex(@"\bby \((?<labels>[^)]*)\)")]
    private static partial Regex Grouped();

    [GeneratedRegex("[{,] *(?<label>[a-z_]+)(=|!=|=~|!~)\"", RegexOptions.ExplicitCapture)]
    private static partial Regex Selected();

    [GeneratedRegex(@"\{\{ *(\$labels\.)?(?<label>[a-z_]+) *\}\}", RegexOptions.ExplicitCapture)]
    private static partial Regex Shown();

    [GeneratedRegex("[{,](?<label>[a-z_]+)=\"", RegexOptions.ExplicitCapture)]
    private static partial Regex Label();

    /// <summary>The program with one synced location and a token for Prometheus.</summary>
    public sealed class MeasuredHouse : IAsyncLifetime
    {
        internal ApiHouse Api { get; } = new([$"--Telemetry:MetricsToken={Token}"]);

        public async ValueTask InitializeAsync()
        {
            await Api.InitializeAsync();
            await Api.UploadAsync(ApiHouse.Education, "Education");
            await Api.QuietAsync();
        }

        public ValueTask DisposeAsync() => Api.DisposeAsync();

        /// <summary>What Prometheus reads, with figures of this moment.</summary>
        internal async Task<string> ScrapeAsync(bool withEverything = false)
        {
            var telemetry = Api.Services.GetRequiredService<ProductTelemetry>();
            var figures = await Api.Services.GetRequiredService<TelemetryReader>().ReadAsync(TestContext.Current.CancellationToken);
            var location = figures.Locations[0].Location;
            telemetry.Figures = withEverything
                ? figures with
                {
                    Licenses = [new LicenseFigures(location, Core.Licenses.LicenseState.Waiting, 1)],
                    Operations = [new OperationFigures(location, Core.Licenses.OperationKind.Associate, Core.Licenses.OperationState.Unknown, 1, figures.At)],
                }
                : figures;
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Api.Address, "/metrics")) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", Token) } };
            using var client = new HttpClient();
            using var answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        }
    }

    private sealed class NoDatabase : IDbContextFactory<VppBooksDbContext>
    {
        public VppBooksDbContext CreateDbContext() => throw new InvalidOperationException("No database.");
    }
}
