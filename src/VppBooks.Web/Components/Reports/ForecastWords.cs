using System.Globalization;
using Microsoft.Extensions.Localization;
using VppBooks.Core.Reports;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Reports;

/// <summary>A forecast in words: what follows, and from what.</summary>
internal sealed class ForecastWords(IStringLocalizer<ReportTexts> L)
{
    public string Of(ForecastVerdict verdict) => verdict switch
    {
        ForecastVerdict.ShortNow => L["Short now"],
        ForecastVerdict.RunsOut => L["Runs out"],
        ForecastVerdict.MayRunOut => L["May run out"],
        ForecastVerdict.Unlimited => L["Unlimited"],
        _ => L["Enough"],
    };

    public static State Tone(ForecastVerdict verdict) => verdict switch
    {
        ForecastVerdict.ShortNow => State.Bad,
        ForecastVerdict.RunsOut => State.Warning,
        ForecastVerdict.MayRunOut => State.Waiting,
        ForecastVerdict.Unlimited => State.Neutral,
        _ => State.Good,
    };

    /// <summary>What to do, in one sentence.</summary>
    public string Advice(Forecast forecast)
    {
        var (low, likely, high) = (forecast.Low.Buy, forecast.Likely.Buy, forecast.High.Buy);
        return forecast switch
        {
            { Verdict: ForecastVerdict.Unlimited } => L["A free title without a stock: nothing to buy."],
            { BuyBy: { } day } when day <= forecast.Question.Today => L["Buy {0} now ({1} to {2}).", Number(likely), Number(low), Number(high)],
            { BuyBy: { } day } => L["Buy {0} by {1} ({2} to {3}).", Number(likely), Day(day), Number(low), Number(high)],
            { Verdict: ForecastVerdict.MayRunOut } => L["Nothing to buy yet. At the pace of the busiest weeks {0} would be missing.", Number(high)],
            _ => L["Nothing to buy: the stock lasts for the next {0} weeks.", forecast.Question.WeeksAhead],
        };
    }

    /// <summary>The last free copy's day, early to late.</summary>
    public string RunsOut(Forecast forecast)
    {
        if (forecast.Verdict == ForecastVerdict.Unlimited)
        {
            return "–";
        }

        var (early, likely, late) = (forecast.High.RunsOut, forecast.Likely.RunsOut, forecast.Low.RunsOut);
        return (early, likely, late) switch
        {
            (null, null, null) => L["not within a year"],
            ({ } first, { } middle, { } last) when first == last => middle <= forecast.Question.Today ? L["now"] : Day(middle),
            ({ } first, { } middle, { } last) => L["{0} ({1} to {2})", Day(middle), Day(first), Day(last)],
            ({ } first, { } middle, null) => L["{0} (from {1}, or not within a year)", Day(middle), Day(first)],
            ({ } first, _, _) => L["from {0}, or not within a year", Day(first)],
            _ => L["not within a year"],
        };
    }

    /// <summary>The reasoning, step by step.</summary>
    public IEnumerable<string> Reasons(Forecast forecast)
    {
        if (forecast.Verdict == ForecastVerdict.Unlimited)
        {
            yield break;
        }

        var (facts, question) = (forecast.Facts, forecast.Question);
        yield return L["Free at Apple: {0}.", Number(facts.Available)];
        yield return forecast.Low.Known == 0
            ? L["No copy is set aside and nobody waits."]
            : L["Set aside or on their way: {0}. Waiting: {1}. Wanted for certain: {2}.", Number(facts.SetAside), Number(facts.Waiting), Number(forecast.Low.Known)];
        if (facts.Entitled > 0)
        {
            yield return L["Required to have it, and nothing could be set aside yet: {0}.", Number(facts.Entitled)];
        }

        foreach (var reason in Past(forecast))
        {
            yield return reason;
        }

        if (forecast.Basis == ForecastBasis.NoHistory)
        {
            yield break;
        }

        yield return forecast.Low.Further == forecast.High.Further
            ? L["Further copies in the next {0} weeks: {1}.", question.WeeksAhead, Number(forecast.Likely.Further)]
            : L["Further copies in the next {0} weeks: {1}; in a quiet time {2}, at the pace of the busiest weeks {3}.", question.WeeksAhead, Number(forecast.Likely.Further), Number(forecast.Low.Further), Number(forecast.High.Further)];
        if (forecast.BuyBy > question.Today && question.LeadDays > 0)
        {
            yield return L["The day to buy is {0} days before the last free copy is likely taken.", question.LeadDays];
        }
    }

    private IEnumerable<string> Past(Forecast forecast)
    {
        var facts = forecast.Facts;
        var (taken, other) = (facts.Weeks.Sum(w => w.Taken), facts.Weeks.Sum(w => w.Other));
        if (forecast.Basis == ForecastBasis.NoHistory)
        {
            yield return L["Not one complete week is known, so nothing is expected beyond that."];
            yield break;
        }

        yield return taken + other == 0
            ? L["Known weeks: {0}. Nobody took a copy or joined a group that gets it.", facts.Weeks.Count]
            : L["Known weeks: {0}. Taken by readers: {1}. Given to people who joined, or elsewhere: {2}. That is {3} a week on average, {4} to {5}.",
                facts.Weeks.Count, Number(taken), Number(other), Rate(forecast.Likely.PerWeek), Rate(forecast.Low.PerWeek), Rate(forecast.High.PerWeek)];
        if (forecast.Basis == ForecastBasis.LittleHistory)
        {
            yield return L["So few weeks show no quiet time: the least expects nothing further."];
        }

        if (taken > 0)
        {
            yield return L["People who may still take it: {0}. Only the most reckons with readers beyond them.", Number(facts.Offered)];
        }
    }

    public static string Number(long value) => value.ToString("N0", CultureInfo.CurrentCulture);

    private static string Rate(decimal value) => value.ToString("0.#", CultureInfo.CurrentCulture);

    public static string Day(DateOnly day) => day.ToString("d MMM yyyy", CultureInfo.CurrentCulture);
}
