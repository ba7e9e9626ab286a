using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using VppBooks.Apple;
using VppBooks.Core.Telemetry;
using VppBooks.Web.Settings;

namespace VppBooks.Web.Hosting;

/// <summary>Metrics for Prometheus at <c>/metrics</c>, metrics and traces for an OTLP collector.</summary>
internal static class Telemetry
{
    public const string Path = "/metrics";

    /// <summary>Ours, and the framework's own: requests, open circuits, the runtime.</summary>
    internal static readonly string[] Meters =
        [ProductTelemetry.Name, AppleTelemetry.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Components.Server.Circuits", "System.Runtime"];

    extension(WebApplicationBuilder builder)
    {
        public void AddTelemetry(ProgramProfile profile)
        {
            var settings = builder.Configuration.Read<TelemetrySettings>();
            if (profile.Command || !settings.Collected)
            {
                return;
            }

            builder.Services.AddHostedService<TelemetrySampler>();
            var telemetry = builder.Services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService("vppbooks"));
            telemetry.WithMetrics(metrics =>
            {
                metrics.AddMeter(Meters);
                if (settings.MetricsToken.Length > 0)
                {
                    // What is read is gathered then: two collectors never share an answer.
                    metrics.AddPrometheusExporter(prometheus => prometheus.ScrapeResponseCacheDurationMilliseconds = 0);
                }

                if (settings.OtlpEndpoint.Length > 0)
                {
                    metrics.AddOtlpExporter(otlp => Reach(otlp, settings.OtlpEndpoint, "v1/metrics"));
                }
            });
            if (settings.OtlpEndpoint.Length > 0)
            {
                // Queries may hold names that somebody searched for; the instrumentation leaves their values out.
                telemetry.WithTracing(traces => traces
                    .AddSource(ProductTelemetry.Name, AppleTelemetry.Name)
                    .AddAspNetCoreInstrumentation(web => web.Filter = IsWorthATrace)
                    .AddOtlpExporter(otlp => Reach(otlp, settings.OtlpEndpoint, "v1/traces")));
            }
        }
    }

    extension(WebApplication web)
    {
        /// <summary>Maps the page for Prometheus when it has a token; a caller without it learns nothing.</summary>
        public void MapMetrics()
        {
            var token = web.Services.GetRequiredService<IOptions<TelemetrySettings>>().Value.MetricsToken;
            if (token.Length == 0)
            {
                return;
            }

            var scrape = ((IEndpointRouteBuilder)web).CreateApplicationBuilder().UseOpenTelemetryPrometheusScrapingEndpoint(_ => true).Build();
            var expected = SHA256.HashData(Encoding.UTF8.GetBytes("Bearer " + token));
            web.MapGet(Path, context =>
            {
                var given = SHA256.HashData(Encoding.UTF8.GetBytes(context.Request.Headers.Authorization.ToString()));
                if (CryptographicOperations.FixedTimeEquals(given, expected))
                {
                    return scrape(context);
                }

                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                context.Response.Headers.WWWAuthenticate = "Bearer";
                return Task.CompletedTask;
            }).AllowAnonymous();
        }
    }

    private static void Reach(OtlpExporterOptions otlp, string endpoint, string path)
    {
        otlp.Protocol = OtlpExportProtocol.HttpProtobuf;
        otlp.Endpoint = new Uri(new Uri(endpoint.TrimEnd('/') + "/"), path);
    }

    private static bool IsWorthATrace(HttpContext context) =>
        !SiteFiles.Match(context.Request.Path)
        && !context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal)
        && !context.Request.Path.StartsWithSegments(Path, StringComparison.Ordinal)
        && !context.Request.Path.StartsWithSegments("/_blazor", StringComparison.Ordinal);
}
