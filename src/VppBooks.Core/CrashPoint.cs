namespace VppBooks.Core;

/// <summary>
/// Marks the places where a test kills or holds the process. Compiled in, because a test build must be the build that ships; inert unless the
/// environment names a point.
/// </summary>
public static class CrashPoint
{
    /// <summary>Name of the environment variable that holds <c>point</c>, <c>point:nth</c> or <c>point:nth:file</c>.</summary>
    public const string Variable = "VPPBOOKS_CRASH_POINT";

    private static readonly string[] Parts = Environment.GetEnvironmentVariable(Variable)?.Split(':', 3) ?? [];
    private static readonly string? Armed = Parts is [{ Length: > 0 } point, ..] ? point : null;
    private static readonly string? HeldUntil = Parts is [_, _, var file] ? file : null;
    private static int _left = Parts is [_, var nth, ..] && int.TryParse(nth, out var n) ? n : 1;

    /// <summary>
    /// When this point is the armed one and has been passed often enough: ends the process on the spot, without cleaning up, or holds the thread until the
    /// named file exists.
    /// </summary>
    public static void Hit(string name)
    {
        if (Armed is not null && Armed == name && Interlocked.Decrement(ref _left) == 0)
        {
            if (HeldUntil is null)
            {
                System.Diagnostics.Process.GetCurrentProcess().Kill();
            }

            using var never = new ManualResetEventSlim();
            while (!File.Exists(HeldUntil))
            {
                never.Wait(10);
            }
        }
    }
}
