namespace VppBooks.Core;

/// <summary>
/// Marks the places where a test kills the process. Compiled in, because a test build must be the build that ships; inert unless the
/// environment names a point.
/// </summary>
public static class CrashPoint
{
    /// <summary>Name of the environment variable that holds <c>point</c> or <c>point:nth</c>.</summary>
    public const string Variable = "VPPBOOKS_CRASH_POINT";

    private static readonly string? Armed = Environment.GetEnvironmentVariable(Variable)?.Split(':')[0];
    private static int _left = Environment.GetEnvironmentVariable(Variable)?.Split(':') is [_, var nth] && int.TryParse(nth, out var n) ? n : 1;

    /// <summary>Ends the process on the spot, without cleaning up, when this point is the armed one and has been passed often enough.</summary>
    public static void Hit(string name)
    {
        if (Armed is not null && Armed == name && Interlocked.Decrement(ref _left) == 0)
        {
            System.Diagnostics.Process.GetCurrentProcess().Kill();
        }
    }
}
