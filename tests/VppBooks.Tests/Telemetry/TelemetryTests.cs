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
    public async Task Every_metric_of_the_alert_rules_and_the_dashboard_exists()
    {
        var documents = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/monitoring/alerts.yml"), TestContext.Current.CancellationToken)
            + await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/monitoring/dashboard.json"), TestContext.Current.CancellationToken)
            + await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/monitoring/monitoring.md"), TestContext.Current.CancellationToken);
        var named = MetricName().Matches(documents).Select(m => m.Value).Distinct().ToList();
        Assert.True(named.Count > 8);

        var text = await house.ScrapeAsync(withEverything: true);

        var known = text.Split('\n').Where(l => l.Length > 0 && l[0] != '#').Select(l => l[..l.IndexOfAny(['{', ' '])]).ToHashSet();
        var missing = named.Where(n => !known.Contains(n) && !known.Contains(n + "_count"));
        Assert.Equal("", string.Join(", ", missing));
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

    [GeneratedRegex(@"\bvppbooks_[a-z_]*[a-z](?=[\W])")]
    private static partial Regex MetricName();

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
