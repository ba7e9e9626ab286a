using VppBooks.Web.Settings;

namespace VppBooks.Tests.Settings;

public sealed class SyncTimesTests
{
    private static readonly ScheduleSetting _setting = new("Sync:Schedule");

    private static readonly DateTimeOffset _saturday = new(2026, 10, 24, 10, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("06:00, 18:00", "0 0 6,18 * * ?")]
    [InlineData("18:30,6:00 , 7:30", "0 0 6 * * ?|0 30 7,18 * * ?")]
    [InlineData("0 0/30 7-17 ? * MON-FRI", "0 0/30 7-17 ? * MON-FRI")]
    public void Times_and_expressions_are_read(string schedule, string crons) => Assert.Equal(crons, string.Join('|', SyncTimes.CronOf(schedule)!));

    [Theory]
    [InlineData("")]
    [InlineData("24:00")]
    [InlineData("06:00,")]
    [InlineData("twice a day")]
    public void What_is_neither_is_refused(string schedule) => Assert.Null(SyncTimes.CronOf(schedule));

    [Theory]
    [InlineData("0 0 6,18 * * ?", "06:00, 18:00")]
    [InlineData("0 30 7 * * ?", "07:30")]
    [InlineData("0 0 6,18 * * MON", "0 0 6,18 * * MON")]
    [InlineData("0 0/30 6 * * ?", "0 0/30 6 * * ?")]
    public void An_expression_for_times_of_day_is_shown_as_times(string schedule, string text) => Assert.Equal(text, SyncTimes.ToText(schedule));

    [Fact]
    public void Next_times_follow_the_zone_over_the_end_of_summer_time() => Assert.Equal(
        [new DateTimeOffset(2026, 10, 24, 16, 30, 0, TimeSpan.Zero), new(2026, 10, 25, 5, 0, 0, TimeSpan.Zero), new(2026, 10, 25, 17, 30, 0, TimeSpan.Zero)],
        SyncTimes.Next("06:00, 18:30", "Europe/Amsterdam", _saturday, 3).Select(m => m.ToUniversalTime()));

    [Fact]
    public void A_schedule_that_is_over_has_no_next_time() => Assert.Empty(SyncTimes.Next("0 0 6 * * ? 2020", "", _saturday, 3));

    [Theory]
    [InlineData("0 0 6 1 1 ? 2020", "comes to an end")]
    [InlineData("* * * * * ?", "minutes between two syncs")]
    [InlineData("06:00, 06:10", "minutes between two syncs")]
    [InlineData("06:00, 18:30", null)]
    [InlineData("0 0/15 * * * ?", null)]
    public void A_schedule_goes_on_and_leaves_time_between_syncs(string schedule, string? fault)
    {
        var told = _setting.FaultOf(schedule);

        Assert.Equal(fault is null, told is null);
        Assert.Contains(fault ?? "", told ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00:00, 00:05, 06:00, 12:00, 18:00, 21:00")]
    [InlineData("06:00, 06:05, 12:00, 18:00, 21:00")]
    [InlineData("00:00, 06:00, 12:00, 12:05, 18:00, 21:00")]
    [InlineData("00:00, 06:00, 12:00, 18:00, 18:05, 21:00")]
    [InlineData("0 0/5 6 ? 2 SUN")]
    public void Schedule_that_leaves_little_time_is_refused_at_any_time_of_day_and_followed_where_it_stands(string schedule)
    {
        Assert.Contains("minutes between two syncs", _setting.FaultOf(schedule), StringComparison.Ordinal);

        Assert.Equal(schedule, _setting.Read(schedule));
    }

    [Theory]
    [InlineData("0 0 6 * * ? 2026-2050")]
    [InlineData("0 0 6 * * ? 2020")]
    public void Schedule_that_comes_to_an_end_is_refused_before_and_after_it_and_followed_where_it_stands(string schedule)
    {
        Assert.Contains("comes to an end", _setting.FaultOf(schedule), StringComparison.Ordinal);

        Assert.Equal(schedule, _setting.Read(schedule));
        Assert.Throws<InvalidOperationException>(() => _setting.Read("twice a day"));
    }
}
