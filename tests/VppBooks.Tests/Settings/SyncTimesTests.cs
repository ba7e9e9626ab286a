using VppBooks.Web.Settings;

namespace VppBooks.Tests.Settings;

public sealed class SyncTimesTests
{
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
        var told = new ScheduleSetting("Sync:Schedule").FaultOf(schedule);

        Assert.Equal(fault is null, told is null);
        Assert.Contains(fault ?? "", told ?? "", StringComparison.Ordinal);
    }
}
