using VppBooks.Core.Reports;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Reports;

/// <summary>Addresses of the reports and of their exports.</summary>
internal static class ReportAddresses
{
    public const string Use = "/monitor/reports";
    public const string History = Use + "/history";
    public const string Titles = Use + "/titles";
    public const string Unserved = Use + "/unserved";
    public const string People = Use + "/people";
    public const string Forecast = "/monitor/forecast";
    public const string Shopping = Forecast + "/shopping-list";

    /// <summary>Rows per page.</summary>
    public const int PageSize = 50;

    public static string UseOf(UsageBy by, UsageSort sort, int page) => Address.Of(Use, ("by", Address.Slug(by)), ("sort", Address.Slug(sort)), ("page", Address.PageText(page)));

    /// <summary>A page of a report that asks nothing else.</summary>
    public static string PageOf(string path, int page) => Address.Of(path, ("page", Address.PageText(page)));

    public static string TitleOf(long adamId) => $"{Titles}/{adamId}";

    /// <summary>A forecast's question as the query of a page or an export.</summary>
    public static string ForecastOf(string path, Guid? token, int weeks, int page = 1) =>
        Address.Of(path, ("token", token?.ToString()), ("weeks", weeks == new ForecastQuery().WeeksAhead ? null : weeks.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("page", Address.PageText(page)));

    /// <summary>The question of an address; what makes no sense is left as it is by default.</summary>
    public static ForecastQuery Query(Guid? token, string? weeks) => new ForecastQuery { Location = token } is var query
        && int.TryParse(weeks, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var ahead) && ahead is >= 1 and <= 52 ? query with { WeeksAhead = ahead } : query;
}

/// <summary>What the rows of license use are ordered by.</summary>
public enum UsageSort
{
    /// <summary>By name.</summary>
    Name = 0,

    /// <summary>Most assigned copies first.</summary>
    Assigned,

    /// <summary>Fewest free copies first.</summary>
    Available,

    /// <summary>Most waiting first.</summary>
    Waiting,

    /// <summary>Most copies with leavers first.</summary>
    Leavers,

    /// <summary>Most copies assigned and not used first.</summary>
    Unused,
}
