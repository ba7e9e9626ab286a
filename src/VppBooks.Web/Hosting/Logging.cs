using System.Globalization;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;
using VppBooks.Core.Notifications;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Hosting;

/// <summary>One line per event: JSON for machines, readable in the demo.</summary>
internal static class Logging
{
    private const string Readable = "{Timestamp:HH:mm:ss} {Level:u3} {SourceContext}: {Message:lj}{NewLine}{Exception}";

    extension(WebApplicationBuilder builder)
    {
        public void AddLogging(ProgramProfile profile)
        {
            builder.Services.AddSerilog(
                (services, logger) =>
                {
                    logger.ReadFrom.Configuration(builder.Configuration).ReadFrom.Services(services).Enrich.FromLogContext();
                    if (profile.Command)
                    {
                        logger.WriteTo.Console(
                            outputTemplate: Readable, formatProvider: CultureInfo.InvariantCulture, restrictedToMinimumLevel: LogEventLevel.Error, standardErrorFromLevel: LogEventLevel.Verbose);
                    }
                    else if (profile.PlainHttp)
                    {
                        logger.WriteTo.Console(outputTemplate: Readable, formatProvider: CultureInfo.InvariantCulture);
                    }
                    else
                    {
                        logger.WriteTo.Console(new CompactJsonFormatter());
                    }
                },
                preserveStaticLogger: true);
        }
    }

    extension(IApplicationBuilder app)
    {
        /// <summary>One event per request: method, path without query (a query may hold sign-in codes), status, time, object id.</summary>
        public void UseRequestLog() => app.UseSerilogRequestLogging(options =>
        {
            // The program has a logger of its own; the one of the process stays silent.
            options.Logger = app.ApplicationServices.GetRequiredService<Serilog.ILogger>();
            options.IncludeQueryInRequestPath = false;
            options.GetLevel = Level;
            options.EnrichDiagnosticContext = (diagnostics, context) =>
            {
                diagnostics.Set("Reference", context.TraceIdentifier);
                if (context.User.ObjectId is { } objectId)
                {
                    diagnostics.Set("ObjectId", objectId);
                }
            };
        });
    }

    private static LogEventLevel Level(HttpContext context, double elapsed, Exception? exception)
    {
        if (exception is not null || context.Response.StatusCode >= 500)
        {
            return LogEventLevel.Error;
        }

        // Notifications come by the hundred; refused ones have events of their own.
        return SiteFiles.Match(context.Request.Path) || context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal)
            || context.Request.Path.StartsWithSegments(NotificationOptions.Path, StringComparison.OrdinalIgnoreCase)
            ? LogEventLevel.Debug
            : LogEventLevel.Information;
    }
}
