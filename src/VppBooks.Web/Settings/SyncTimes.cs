using System.Globalization;
using Quartz;

namespace VppBooks.Web.Settings;

/// <summary>Reads when VppBooks reads Apple: times of day such as <c>06:00, 18:30</c>, or a Quartz cron expression.</summary>
internal static class SyncTimes
{
    /// <summary>Time between two syncs at least; Apple counts requests.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMinutes(15);

    private const string Form = "HH:mm";

    // What a schedule is measured against, so that its worth does not depend on the moment it is looked at.
    private static readonly DateTimeOffset _early = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset _late = new(2090, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan _span = TimeSpan.FromDays(8);

    /// <summary>The cron expressions of a schedule; null when it is none.</summary>
    public static IReadOnlyList<string>? CronOf(string schedule)
    {
        if (TimesOf(schedule) is { } times)
        {
            return [.. times.GroupBy(t => t.Minute).Select(g => string.Create(CultureInfo.InvariantCulture, $"0 {g.Key} {string.Join(',', g.Select(t => t.Hour))} * * ?"))];
        }

        return CronExpression.TryParse(schedule, out _) ? [schedule.Trim()] : null;
    }

    /// <summary>A schedule as people write it: the times of day, where the expression says nothing else.</summary>
    public static string ToText(string schedule)
    {
        if (schedule.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not ["0", var minute, var hours, "*", "*", "?"]
            || !int.TryParse(minute, NumberStyles.None, CultureInfo.InvariantCulture, out var at))
        {
            return schedule;
        }

        var times = new List<string>();
        foreach (var hour in hours.Split(','))
        {
            if (!int.TryParse(hour, NumberStyles.None, CultureInfo.InvariantCulture, out var h) || h > 23 || at > 59)
            {
                return schedule;
            }

            times.Add(new TimeOnly(h, at).ToString(Form, CultureInfo.InvariantCulture));
        }

        return string.Join(", ", times);
    }

    /// <summary>The zone of a schedule; null when there is none of that name.</summary>
    public static TimeZoneInfo? ZoneOf(string name) =>
        name.Length == 0 ? TimeZoneInfo.Local : TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null;

    /// <summary>The next times, the first one first; fewer when the schedule ends or cannot be read.</summary>
    public static IReadOnlyList<DateTimeOffset> Next(string schedule, string timeZone, DateTimeOffset after, int count)
    {
        var next = new List<DateTimeOffset>();
        if (CronOf(schedule) is not { } crons || ZoneOf(timeZone) is not { } zone)
        {
            return next;
        }

        var expressions = crons.Select(c => new CronExpression(c, zone)).ToList();
        while (next.Count < count && expressions.Select(e => e.GetNextValidTimeAfter(after)).Min() is { } moment)
        {
            next.Add(moment);
            after = moment;
        }

        return next;
    }

    /// <summary>Whether a schedule has no end that anybody would live to see.</summary>
    public static bool GoesOn(string schedule) => Next(schedule, "UTC", _late, 1).Count > 0;

    /// <summary>The shortest time between two syncs in the first week of a schedule, as far as it matters.</summary>
    public static TimeSpan LeastGap(string schedule)
    {
        var least = TimeSpan.MaxValue;
        if (Next(schedule, "UTC", _early, 1) is not [var moment])
        {
            return least;
        }

        for (var end = moment + _span; moment < end && least >= Shortest && Next(schedule, "UTC", moment, 1) is [var next]; moment = next)
        {
            least = next - moment < least ? next - moment : least;
        }

        return least;
    }

    private static List<TimeOnly>? TimesOf(string schedule)
    {
        var times = new SortedSet<TimeOnly>();
        foreach (var part in schedule.Split(',', StringSplitOptions.TrimEntries))
        {
            if (!TimeOnly.TryParseExact(part, ["HH:mm", "H:mm"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
            {
                return null;
            }

            times.Add(time);
        }

        return [.. times];
    }
}
