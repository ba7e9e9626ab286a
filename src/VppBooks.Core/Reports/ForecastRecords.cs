using VppBooks.Apple;

namespace VppBooks.Core.Reports;

/// <summary>Copies claimed in seven days.</summary>
/// <param name="Taken">By readers who took an offered book.</param>
/// <param name="Other">By people who joined a group that gets the book, and by whoever else spends from the same stock.</param>
public readonly record struct ClaimedWeek(int Taken, int Other);

/// <summary>What is known of a book when its stock is forecast.</summary>
public sealed record ForecastFacts
{
    /// <summary>A free title without a stock.</summary>
    public bool Unlimited { get; init; }

    /// <summary>Copies free at Apple, those set aside included.</summary>
    public long Available { get; init; }

    /// <summary>Copies set aside or on their way, which Apple does not count yet.</summary>
    public int SetAside { get; init; }

    /// <summary>People on the waiting list.</summary>
    public int Waiting { get; init; }

    /// <summary>People whom a Required assignment reaches and for whom nothing is set aside yet: most of them cannot be registered.</summary>
    public int Entitled { get; init; }

    /// <summary>People to whom the book is offered and who have not taken it.</summary>
    public int Offered { get; init; }

    /// <summary>The last weeks that are known completely, oldest first. What an administrator gave by a plan is not in them: it happens once and says nothing of the next week.</summary>
    public IReadOnlyList<ClaimedWeek> Weeks { get; init; } = [];
}

/// <summary>What is asked.</summary>
/// <param name="Today">The first day.</param>
/// <param name="WeeksAhead">How far to look, 1 to 52 weeks.</param>
/// <param name="LeadDays">Days from deciding to buy until copies are there, 0 or more.</param>
public sealed record ForecastQuestion(DateOnly Today, int WeeksAhead = 12, int LeadDays = 7);

/// <summary>How much the past says.</summary>
public enum ForecastBasis
{
    /// <summary>Not one complete week is known: only what is wanted already counts.</summary>
    NoHistory = 0,

    /// <summary>Fewer weeks than <see cref="Forecaster.EnoughWeeks"/>.</summary>
    LittleHistory,

    /// <summary>Enough weeks.</summary>
    Weeks,
}

/// <summary>How a book's stock stands, worst first.</summary>
public enum ForecastVerdict
{
    /// <summary>More people wait than there are copies.</summary>
    ShortNow = 0,

    /// <summary>The stock will not last for the time asked about.</summary>
    RunsOut,

    /// <summary>It lasts, unless as much is claimed as in the busiest weeks.</summary>
    MayRunOut,

    /// <summary>It lasts in every case.</summary>
    Enough,

    /// <summary>A free title without a stock.</summary>
    Unlimited,
}

/// <summary>One of the three cases of a forecast.</summary>
/// <param name="Known">Copies wanted already.</param>
/// <param name="PerWeek">Further copies claimed in a week, as long as somebody is left to claim them.</param>
/// <param name="Further">Further copies claimed in the time asked about.</param>
/// <param name="Buy">Copies missing at the end of that time; 0: none.</param>
/// <param name="RunsOut">The day on which the last free copy is taken; today when it is gone already, null when that is more than a year ahead or never comes.</param>
public sealed record ForecastCase(long Known, decimal PerWeek, long Further, long Buy, DateOnly? RunsOut)
{
    /// <summary>Copies wanted in all.</summary>
    public long Demand => Known + Further;
}

/// <summary>A book's forecast, with everything it follows from.</summary>
/// <param name="Facts">What was known.</param>
/// <param name="Question">What was asked.</param>
/// <param name="Basis">How much the past says.</param>
/// <param name="Verdict">How the stock stands.</param>
/// <param name="Low">Only what is certain, and a quiet time.</param>
/// <param name="Likely">Everybody who is entitled comes, and time goes on as it did on average.</param>
/// <param name="High">As likely, at the pace of the busiest weeks, and new readers beyond those the book is offered to now.</param>
/// <param name="BuyBy">When to buy <see cref="ForecastCase.Buy"/> of <paramref name="Likely"/>; null when nothing has to be bought.</param>
public sealed record Forecast(
    ForecastFacts Facts, ForecastQuestion Question, ForecastBasis Basis, ForecastVerdict Verdict, ForecastCase Low, ForecastCase Likely, ForecastCase High, DateOnly? BuyBy);

/// <summary>The forecast of one book.</summary>
/// <param name="BookId">Public id.</param>
/// <param name="Title">Null: the store does not tell.</param>
/// <param name="Author">Author.</param>
/// <param name="AdamId">Store id.</param>
/// <param name="Quality">Quality.</param>
/// <param name="LocationId">Public id of the token.</param>
/// <param name="TokenName">Its name.</param>
/// <param name="LocationName">Apple's location, where the copies are bought.</param>
/// <param name="StoreUrl">The title in the store; null when unknown.</param>
/// <param name="Forecast">The forecast.</param>
public sealed record BookForecast(
    Guid BookId, string? Title, string? Author, long AdamId, PricingParam Quality, Guid LocationId, string TokenName, string LocationName, string? StoreUrl, Forecast Forecast);
