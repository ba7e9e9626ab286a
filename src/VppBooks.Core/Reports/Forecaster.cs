namespace VppBooks.Core.Reports;

/// <summary>
/// Tells how long a stock lasts. A pure function: the same facts give the same forecast. It claims no more than it knows, so it gives three cases and not one number.
/// </summary>
public static class Forecaster
{
    /// <summary>With fewer known weeks the quiet case expects nothing further: a few weeks do not show what a quiet time is.</summary>
    public const int EnoughWeeks = 4;

    private const int MostDaysAhead = 366;

    /// <summary>Forecasts one book.</summary>
    public static Forecast Make(ForecastFacts facts, ForecastQuestion question)
    {
        if (facts.Unlimited)
        {
            var nothing = new ForecastCase(0, 0, 0, 0, null);
            return new Forecast(facts, question, ForecastBasis.NoHistory, ForecastVerdict.Unlimited, nothing, nothing, nothing, null);
        }

        var basis = facts.Weeks.Count switch { 0 => ForecastBasis.NoHistory, < EnoughWeeks => ForecastBasis.LittleHistory, _ => ForecastBasis.Weeks };
        var (taken, other) = (Rates(facts.Weeks, w => w.Taken), Rates(facts.Weeks, w => w.Other));
        var certain = (long)facts.SetAside + facts.Waiting;
        var wanted = certain + facts.Entitled;

        // Nobody can take a book that is offered to nobody else: only the busiest case reckons with readers who are not there yet.
        var low = Case(facts.Available, certain, taken.Low, other.Low, facts.Offered, question, Math.Floor);
        var likely = Case(facts.Available, wanted, taken.Mean, other.Mean, facts.Offered, question, Math.Ceiling);
        var high = Case(facts.Available, wanted, taken.High, other.High, null, question, Math.Ceiling);
        var verdict = facts.Available < certain ? ForecastVerdict.ShortNow
            : likely.Buy > 0 ? ForecastVerdict.RunsOut
            : high.Buy > 0 ? ForecastVerdict.MayRunOut : ForecastVerdict.Enough;
        return new Forecast(facts, question, basis, verdict, low, likely, high, BuyBy(likely, question));
    }

    private static ForecastCase Case(long available, long known, decimal taken, decimal other, int? readersLeft, ForecastQuestion question, Func<decimal, decimal> round)
    {
        var takenAhead = Math.Min(taken * question.WeeksAhead, readersLeft ?? decimal.MaxValue);
        // Thirds of a copy that add up to whole ones must not become one more.
        var further = (long)round(Math.Round(takenAhead + (other * question.WeeksAhead), 6));
        var left = available - known;
        return new ForecastCase(
            known,
            taken + other,
            further,
            Math.Max(0, further - left),
            WeeksUntilNothingIsLeft(left, taken, other, readersLeft) is { } weeks && weeks * 7 < MostDaysAhead ? question.Today.AddDays((int)(weeks * 7)) : null);
    }

    private static decimal? WeeksUntilNothingIsLeft(long left, decimal taken, decimal other, int? readersLeft)
    {
        if (left < 0)
        {
            return 0;
        }

        if (readersLeft is 0)
        {
            taken = 0;
        }

        if (taken > 0 && (readersLeft is not { } readers || left <= (taken + other) * readers / taken))
        {
            return left / (taken + other);
        }

        // When every reader has the book, what is left goes at the pace of the others.
        var afterReaders = left - (taken > 0 ? readersLeft ?? 0 : 0);
        return other > 0 ? afterReaders / other : null;
    }

    private static DateOnly? BuyBy(ForecastCase likely, ForecastQuestion question)
    {
        if (likely.Buy == 0)
        {
            return null;
        }

        var day = (likely.RunsOut ?? question.Today.AddDays(question.WeeksAhead * 7)).AddDays(-question.LeadDays);
        return day > question.Today ? day : question.Today;
    }

    private static (decimal Low, decimal Mean, decimal High) Rates(IReadOnlyList<ClaimedWeek> weeks, Func<ClaimedWeek, int> of)
    {
        if (weeks.Count == 0)
        {
            return (0, 0, 0);
        }

        var sorted = weeks.Select(of).Order().ToList();
        var mean = (decimal)sorted.Sum() / sorted.Count;
        // A quarter of the weeks was at most as quiet; the busiest quarter together.
        var low = sorted.Count < EnoughWeeks ? 0 : Math.Min(mean, sorted[(sorted.Count - 1) / 4]);
        var busiest = sorted.Skip(sorted.Count - ((sorted.Count + 3) / 4)).ToList();
        return (low, mean, (decimal)busiest.Sum() / busiest.Count);
    }
}
