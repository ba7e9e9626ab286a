using System.Globalization;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Sync;

namespace VppBooks.Benchmarks;

/// <summary>Syncs at District size: 2,000 books, 100,000 users, 1,000,000 assignments; P1 to P5.</summary>
internal static class SyncWorkload
{
    private const int PageSize = 500;
    private const int PerSecond = 15;
    private const int Latency = 150;

    /// <summary>Licenses of apps on devices at the stand-in's location: they stand in the whole list too.</summary>
    private const int AppAssignments = 360;

    /// <summary>Fast enough never to be the limit.</summary>
    private const int Uncapped = 100_000;

    public static async Task RunAsync(bool quick, CancellationToken cancellationToken)
    {
        using var standIn = await StandIn.StartAsync(PageSize, Uncapped, 0, cancellationToken);
        await using var database = new SyncDatabase(standIn);
        await database.ConnectAsync(standIn, cancellationToken);
        Console.WriteLine($"{Environment.ProcessorCount} CPUs, {System.Runtime.InteropServices.RuntimeInformation.FrameworkDescription}, SQLite, stand-in in another process");

        // Titles and covers come once; they are not part of the floors.
        await MeasureAsync("warm-up: first sync with 2,000 titles and covers", database, cancellationToken);
        var (requests, floor) = await FloorAsync(database, cancellationToken);
        var draw = await database.DrawAsync(cancellationToken);
        Console.WriteLine(Invariant($"floors: Rmin {requests} requests, Tmin {floor.TotalSeconds:F1} s at {PerSecond}/s and {Latency} ms, Draw {draw.TotalSeconds:F1} s"));

        await database.ForgetAsync(cancellationToken);
        var (first, wall) = await MeasureAsync("P4, P5: first full sync, uncapped, 0 ms", database, cancellationToken);
        Console.WriteLine(Invariant($"    requests {first.Requests} = {(double)first.Requests / requests:F3} Rmin; wall = {wall / draw:F2} Draw"));

        (var same, wall) = await MeasureAsync("P2: nothing changed, uncapped", database, cancellationToken);
        Console.WriteLine(Invariant($"    requests {same.Requests} of at most {4 + (2_000 / PageSize)}; data rows written {same.RowsChanged}"));

        await standIn.ActAsync(SyncDatabase.UId, 10_000, cancellationToken);
        (var changed, wall) = await MeasureAsync("P3: after 10,000 acts of another manager, uncapped", database, cancellationToken);
        var fewest = 1 + (2_000 / PageSize) + Math.Max(Pages(changed.PeopleRead), 1) + Math.Max(Pages(changed.AssignmentsRead), 1);
        Console.WriteLine(Invariant($"    requests {changed.Requests} = {(double)changed.Requests / fewest:F2} of the fewest possible ({changed.PeopleRead} people, {changed.AssignmentsRead} assignments listed as changed)"));

        if (!quick)
        {
            (requests, floor) = await FloorAsync(database, cancellationToken);
            await standIn.SetAsync(new { maxRequestsPerSecond = PerSecond, latency = TimeSpan.FromMilliseconds(Latency) }, cancellationToken);
            await database.ForgetAsync(cancellationToken);
            (first, wall) = await MeasureAsync("P1: first full sync, capped", database, cancellationToken);
            Console.WriteLine(Invariant($"    requests {first.Requests} = {(double)first.Requests / requests:F3} Rmin; wall = {wall / floor:F2} Tmin"));
            (same, wall) = await MeasureAsync("P2: nothing changed, capped", database, cancellationToken);
            Console.WriteLine(Invariant($"    requests {same.Requests}, data rows written {same.RowsChanged}"));
        }
    }

    private static async Task<(SyncRun Run, TimeSpan Wall)> MeasureAsync(string name, SyncDatabase database, CancellationToken cancellationToken)
    {
        using var memory = new MemoryWatch();
        var began = TimeProvider.System.GetTimestamp();
        var run = await database.SyncAsync(cancellationToken);
        var wall = TimeProvider.System.GetElapsedTime(began);
        Console.WriteLine(Invariant($"{name}: {run.Result}, {wall.TotalSeconds:F1} s, {run.Requests} requests, {run.RowsChanged} rows changed, peak {memory.PeakAboveIdle:F0} MiB above idle {memory.Idle / 1048576} MiB; {run.Phases}"));
        return (run, wall);
    }

    /// <summary>Rmin and Tmin of a first full sync, from what is known after one.</summary>
    private static async Task<(int Requests, TimeSpan Time)> FloorAsync(SyncDatabase database, CancellationToken cancellationToken)
    {
        await using var db = database.Open();
        var books = await db.Books.Select(b => b.AssignedCount).ToListAsync(cancellationToken);
        var users = await db.VppUsers.CountAsync(cancellationToken);
        var requests = (int)(2 + Pages(books.Count) + Pages(users) + Math.Min(Pages(books.Sum() + AppAssignments), books.Sum(Pages)));
        return (requests, TimeSpan.FromSeconds(Math.Max((double)requests / PerSecond, Math.Ceiling(requests / 5.0) * Latency / 1000)));
    }

    private static long Pages(long rows) => (rows + PageSize - 1) / PageSize;

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
