using Microsoft.Extensions.Logging;

namespace VppBooks.Core.Catalog;

internal static partial class TitleLog      // ids 3050-3099
{
    [LoggerMessage(3050, LogLevel.Warning, "The store look-up for {Storefront} did not answer; {Titles} titles are looked up next time")]
    public static partial void LookUpFailed(this ILogger logger, Exception exception, string storefront, int titles);

    [LoggerMessage(3051, LogLevel.Information, "{Fetched} covers fetched, {Missing} not available")]
    public static partial void CoversFetched(this ILogger logger, int fetched, int missing);
}
