using System.Globalization;
using VppBooks.Web.Settings;

namespace VppBooks.Web.Hosting;

/// <summary>
/// A wall clock that is wrong by a fixed amount; time that passes is measured as always. Compiled in for the same reason as <see cref="Core.CrashPoint"/>: tests
/// start the program that ships.
/// </summary>
internal sealed class OffsetClock(TimeSpan offset) : TimeProvider
{
    /// <summary>Name of the environment variable that holds how far the clock is ahead, such as <c>00:10:00</c> or <c>-00:10:00</c>.</summary>
    public const string Variable = "VPPBOOKS_CLOCK_OFFSET";

    /// <summary>The system's clock, unless the environment sets it wrong.</summary>
    /// <param name="simulated">Whether Apple and the directory are simulated: real licenses are never spent by a wrong clock.</param>
    /// <exception cref="SettingsException">The variable cannot be used.</exception>
    public static TimeProvider Read(bool simulated)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } text)
        {
            return System;
        }

        if (!simulated)
        {
            throw new SettingsException($"{Variable} is for tests and needs the simulated cloud; remove it from the environment.");
        }

        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var offset)
            ? new OffsetClock(offset)
            : throw new SettingsException($"{Variable} must be a time span such as 00:10:00 or -00:10:00; it is \"{text}\".");
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + offset;
}
