using System.Text.Json;

namespace VppBooks.SimulatedCloud.Apple;

internal sealed record TaskFailure(int ErrorNumber, (string AdamId, string PricingParam)? Asset, string? ClientUserId, string? SerialNumber);

/// <summary>Accepted work. How far it is follows from the clock alone; <see cref="Advance"/> catches up. Guarded by the simulator's gate.</summary>
internal abstract class EventState
{
    public required AppleSimulator Simulator { get; init; }

    public required LocationState Location { get; init; }

    public required string Id { get; init; }

    /// <summary><c>ASSOCIATE</c>, <c>CREATE</c> …</summary>
    public required string Type { get; init; }

    public required DateTimeOffset AcceptedAt { get; init; }

    public required int Requested { get; init; }

    /// <summary>Order in which tasks run; null = as requested.</summary>
    public int[]? Order { get; init; }

    public int Done { get; private set; }

    public int Completed { get; private set; }

    public DateTimeOffset? FinishedAt { get; private set; }

    public List<TaskFailure> Failures { get; } = [];

    public string Status => FinishedAt is null ? "PENDING" : Failures.Count == 0 ? "COMPLETE" : "FAILED";

    /// <summary>Runs the tasks that are due; with <paramref name="toTheEnd"/> all of them.</summary>
    /// <returns>True when there was something to do.</returns>
    public bool Advance(DateTimeOffset now, AppleSwitches switches, bool toTheEnd)
    {
        if (FinishedAt is not null || (switches.FreezeEvents && !toTheEnd))
        {
            return false;
        }

        var before = Done;
        var elapsed = now - AcceptedAt - switches.EventDelay;
        var due = toTheEnd ? Requested
            : elapsed < TimeSpan.Zero ? 0
            : switches.EventTimePerTask <= TimeSpan.Zero ? Requested
            : (int)Math.Min(Requested, elapsed / switches.EventTimePerTask);
        for (; Done < due; Done++)
        {
            if (Run(Order is null ? Done : Order[Done]) is { } failure)
            {
                Failures.Add(failure);
            }
            else
            {
                Completed++;
            }
        }

        if (Done == Requested && (toTheEnd || elapsed >= TimeSpan.Zero))
        {
            FinishedAt = now;
            Flush();
        }

        return Done > before || FinishedAt is not null;
    }

    /// <summary>Goes on where an earlier run of the stand-in stopped. What that run did and had not told stays untold, which best effort allows.</summary>
    public void GoOnAt(int done, int completed, DateTimeOffset? finishedAt, IEnumerable<TaskFailure> failures)
    {
        (Done, Completed, FinishedAt) = (done, completed, finishedAt);
        Failures.AddRange(failures);
    }

    /// <summary>When the clock next changes anything here.</summary>
    public DateTimeOffset NextDue(AppleSwitches switches)
    {
        // A notification holds at most 100 elements, so that is how far it pays to sleep.
        var step = Math.Min(Requested, Done + 100);
        return AcceptedAt + switches.EventDelay + (switches.EventTimePerTask * step);
    }

    public void WriteStatus(Utf8JsonWriter writer, FailureShape shape)
    {
        writer.WriteString("eventStatus", Status);
        writer.WriteString("eventType", Type);
        writer.WriteNumber("numRequested", Requested);
        writer.WriteNumber("numCompleted", Completed);
        if (FinishedAt is null || Failures.Count == 0)
        {
            return;
        }

        writer.WriteStartArray("failures");
        foreach (var group in shape == FailureShape.OnePerTask ? Failures.Select(f => new[] { f }) : Failures.GroupBy(f => f.ErrorNumber).Select(g => g.ToArray()))
        {
            writer.WriteStartObject();
            writer.WriteError(group[0].ErrorNumber, shape == FailureShape.WithoutIds ? new ErrorInfo() : Describe(group));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>Does one task; null = done.</summary>
    protected abstract TaskFailure? Run(int task);

    /// <summary>Sends what is left to tell.</summary>
    protected abstract void Flush();

    private static ErrorInfo Describe(TaskFailure[] failures) => new(
        [.. failures.Where(f => f.Asset is not null).Select(f => f.Asset!.Value).Distinct()],
        [.. failures.Where(f => f.ClientUserId is not null).Select(f => f.ClientUserId!).Distinct()],
        [.. failures.Where(f => f.SerialNumber is not null).Select(f => f.SerialNumber!).Distinct()]);
}
