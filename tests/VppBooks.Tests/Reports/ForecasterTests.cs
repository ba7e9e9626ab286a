using CsCheck;
using VppBooks.Core.Reports;

namespace VppBooks.Tests.Reports;

/// <summary>How long a stock lasts, from facts alone.</summary>
public sealed class ForecasterTests
{
    private static readonly DateOnly _today = new(2026, 9, 1);
    private static readonly ForecastQuestion _twelveWeeks = new(_today, WeeksAhead: 12, LeadDays: 7);

    [Fact]
    public void Without_a_history_only_what_is_wanted_already_counts()
    {
        var forecast = Make(new ForecastFacts { Available = 10, SetAside = 3, Waiting = 2, Entitled = 8, Offered = 500 });

        Assert.Equal(ForecastBasis.NoHistory, forecast.Basis);
        Assert.Equal((5L, 13L, 13L), (forecast.Low.Demand, forecast.Likely.Demand, forecast.High.Demand));
        Assert.Equal((0L, 3L, 3L), (forecast.Low.Buy, forecast.Likely.Buy, forecast.High.Buy));
        Assert.Equal(ForecastVerdict.RunsOut, forecast.Verdict);
        Assert.Equal(_today, forecast.BuyBy);
        Assert.Null(forecast.Low.RunsOut);
    }

    [Fact]
    public void A_flat_history_gives_one_number_and_the_day_before_the_last_copy_goes()
    {
        var forecast = Make(new ForecastFacts { Available = 30, Offered = 1000, Weeks = Weeks(5, 5, 5, 5, 5, 5, 5, 5) });

        Assert.Equal(ForecastBasis.Weeks, forecast.Basis);
        Assert.All((ForecastCase[])[forecast.Low, forecast.Likely, forecast.High], c => Assert.Equal((60L, 30L, _today.AddDays(42)), (c.Demand, c.Buy, c.RunsOut!.Value)));
        Assert.Equal(_today.AddDays(35), forecast.BuyBy);
        Assert.Equal(ForecastVerdict.RunsOut, forecast.Verdict);
    }

    [Fact]
    public void A_bursty_history_gives_a_wide_range_around_the_same_average()
    {
        var forecast = Make(new ForecastFacts { Available = 40, Offered = 1000, Weeks = Weeks(0, 0, 0, 40, 0, 0, 0, 0) });

        Assert.Equal((0m, 5m, 20m), (forecast.Low.PerWeek, forecast.Likely.PerWeek, forecast.High.PerWeek));
        Assert.Equal((0L, 20L, 200L), (forecast.Low.Buy, forecast.Likely.Buy, forecast.High.Buy));
        Assert.Equal((null, _today.AddDays(56), _today.AddDays(14)), (forecast.Low.RunsOut, forecast.Likely.RunsOut, forecast.High.RunsOut));
    }

    [Fact]
    public void Free_titles_never_run_out()
    {
        var forecast = Make(new ForecastFacts { Unlimited = true, Available = 0, Offered = 100, Weeks = Weeks(50, 50, 50, 50) });

        Assert.Equal(ForecastVerdict.Unlimited, forecast.Verdict);
        Assert.Equal((0L, 0L, 0L), (forecast.Low.Buy, forecast.Likely.Buy, forecast.High.Buy));
        Assert.Null(forecast.BuyBy);
        Assert.Null(forecast.Likely.RunsOut);
    }

    [Fact]
    public void A_stock_that_is_enough_asks_for_nothing()
    {
        var forecast = Make(new ForecastFacts { Available = 500, Waiting = 0, Offered = 1000, Weeks = Weeks(4, 5, 6, 5) });

        Assert.Equal(ForecastVerdict.Enough, forecast.Verdict);
        Assert.Equal((0L, 0L, 0L), (forecast.Low.Buy, forecast.Likely.Buy, forecast.High.Buy));
        Assert.Null(forecast.BuyBy);
        Assert.Null(forecast.High.RunsOut);
    }

    [Fact]
    public void More_people_waiting_than_there_are_copies_is_short_today()
    {
        var forecast = Make(new ForecastFacts { Available = 2, SetAside = 2, Waiting = 38 });

        Assert.Equal(ForecastVerdict.ShortNow, forecast.Verdict);
        Assert.All((ForecastCase[])[forecast.Low, forecast.Likely, forecast.High], c => Assert.Equal((38L, _today), (c.Buy, c.RunsOut!.Value)));
        Assert.Equal(_today, forecast.BuyBy);
    }

    [Fact]
    public void Copies_set_aside_are_still_in_Apples_count_and_are_not_wanted_twice()
    {
        var forecast = Make(new ForecastFacts { Available = 5, SetAside = 5 });

        Assert.Equal(ForecastVerdict.Enough, forecast.Verdict);
        Assert.Equal(0, forecast.Likely.Buy);
        Assert.Null(forecast.Likely.RunsOut);
    }

    [Fact]
    public void Nobody_takes_a_book_when_everybody_has_it_unless_new_readers_come()
    {
        var forecast = Make(new ForecastFacts { Available = 20, Offered = 6, Weeks = Weeks(14, 14, 14, 14) });

        Assert.Equal((6L, 6L, 168L), (forecast.Low.Further, forecast.Likely.Further, forecast.High.Further));
        Assert.Equal(ForecastVerdict.MayRunOut, forecast.Verdict);
        Assert.Null(forecast.Likely.RunsOut);
        Assert.Null(forecast.BuyBy);
        Assert.Equal(_today.AddDays(10), forecast.High.RunsOut);
    }

    [Fact]
    public void When_every_reader_has_it_the_rest_goes_at_the_pace_of_those_who_join()
    {
        ClaimedWeek[] weeks = [new(6, 2), new(6, 2), new(6, 2), new(6, 2)];

        // Two weeks take 16, then 4 are left for two a week.
        var forecast = Make(new ForecastFacts { Available = 20, Offered = 12, Weeks = weeks });

        Assert.Equal(36, forecast.Likely.Further);
        Assert.Equal(_today.AddDays(28), forecast.Likely.RunsOut);
        Assert.Equal(_today.AddDays(17), forecast.High.RunsOut);
    }

    [Fact]
    public void Two_known_weeks_show_no_quiet_time()
    {
        var forecast = Make(new ForecastFacts { Available = 10, Offered = 1000, Weeks = Weeks(3, 5) });

        Assert.Equal(ForecastBasis.LittleHistory, forecast.Basis);
        Assert.Equal((0m, 4m, 5m), (forecast.Low.PerWeek, forecast.Likely.PerWeek, forecast.High.PerWeek));
    }

    [Fact]
    public void Thirds_of_a_copy_do_not_become_one_more_to_buy()
    {
        var forecast = Make(new ForecastFacts { Available = 0, Offered = 1000, Weeks = Weeks(0, 1, 1) });

        Assert.Equal(8, forecast.Likely.Buy);
    }

    [Fact]
    public void An_empty_stock_that_nobody_wants_is_no_reason_to_buy()
    {
        var forecast = Make(new ForecastFacts { Available = 0, Offered = 0, Weeks = Weeks(4, 4, 4, 4) });

        Assert.Equal(0, forecast.Likely.Buy);
        Assert.Null(forecast.Likely.RunsOut);
        Assert.Equal(ForecastVerdict.MayRunOut, forecast.Verdict);
    }

    [Fact]
    public void The_range_never_turns_round_and_more_stock_never_asks_for_more() => Check.Sample(
        Gen.Select(Gen.Int[0, 200], Gen.Int[0, 50], Gen.Int[0, 50], Gen.Int[0, 50], Gen.Int[0, 300], Gen.Int[0, 40].Array[0, 12], Gen.Int[0, 10].Array[12]),
        (available, aside, waiting, entitled, offered, taken, other) =>
        {
            var facts = new ForecastFacts
            {
                Available = available,
                SetAside = aside,
                Waiting = waiting,
                Entitled = entitled,
                Offered = offered,
                Weeks = [.. taken.Select((t, i) => new ClaimedWeek(t, other[i]))],
            };
            var (less, more) = (Make(facts), Make(facts with { Available = available + 1 }));

            Assert.InRange(less.Likely.Buy, less.Low.Buy, less.High.Buy);
            Assert.True((less.Likely.RunsOut ?? DateOnly.MaxValue) <= (less.Low.RunsOut ?? DateOnly.MaxValue));
            Assert.True((less.High.RunsOut ?? DateOnly.MaxValue) <= (less.Likely.RunsOut ?? DateOnly.MaxValue));
            Assert.Equal(less.Likely.Buy > 0, less.BuyBy is not null);
            Assert.InRange(less.Likely.Buy - more.Likely.Buy, 0, 1);
            // Who buys what is asked for is not asked again.
            Assert.Equal(0, Make(facts with { Available = available + less.Likely.Buy }).Likely.Buy);
        },
        seed: "0000KOIPe036", iter: 2000);

    private static Forecast Make(ForecastFacts facts) => Forecaster.Make(facts, _twelveWeeks);

    private static ClaimedWeek[] Weeks(params int[] taken) => [.. taken.Select(t => new ClaimedWeek(t, 0))];
}
