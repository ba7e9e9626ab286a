namespace VppBooks.Web.Components.Settings;

/// <summary>A unit in which people give a length of time.</summary>
/// <param name="Seconds">Its length.</param>
public sealed record DurationUnit(int Seconds)
{
    /// <summary>From the shortest to the longest.</summary>
    public static IReadOnlyList<DurationUnit> All { get; } = [new(1), new(60), new(3600), new(86400)];

    /// <summary>A time as a whole number of the largest unit that fits; nothing is in minutes.</summary>
    public static (long Number, DurationUnit Unit) Split(TimeSpan time)
    {
        var seconds = (long)time.TotalSeconds;
        var unit = seconds == 0 ? All[1] : All.Last(u => seconds % u.Seconds == 0);
        return (seconds / unit.Seconds, unit);
    }
}
