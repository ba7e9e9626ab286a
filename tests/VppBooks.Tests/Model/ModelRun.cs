using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using VppBooks.Core.Licenses;

namespace VppBooks.Tests.Model;

/// <summary>Runs one seed from an empty database to rest.</summary>
internal static class ModelRun
{
    public const int Steps = 30;

    /// <summary>Names of counts in the coverage that a full run has to show.</summary>
    public const string GetsThatTook = "gets that took a license";
    public const string GetsThatWaited = "gets that waited";
    public const string Folded = "folded notifications";
    public const string DecidedGrowth = "decided growth plans";

    /// <returns>The trace: what Apple saw and did, and what was written to the audit trail.</returns>
    /// <exception cref="ModelException">An invariant does not hold.</exception>
    public static async Task<string> RunAsync(int seed, Mutation? mutation = null, ConcurrentDictionary<string, int>? coverage = null)
    {
        await using var world = new ModelWorld(seed, mutation ?? Mutation.None);
        mutation?.Prepare(world.Files);
        try
        {
            await world.BeginAsync();
            for (var step = 0; step < Steps; step++)
            {
                await world.StepAsync();
            }

            await world.DoAsync("everything heals and comes to rest", w => w.RestAsync());
            await world.DoAsync("nothing is left unexplained", w => w.CheckRestAsync());
            await world.CheckRecordsAsync();
        }
        catch (ModelException e)
        {
            e.Trace = Trace(world);
            throw;
        }

        if (coverage is not null)
        {
            Count(world, coverage);
        }

        return Trace(world);
    }

    private static void Count(ModelWorld world, ConcurrentDictionary<string, int> coverage)
    {
        foreach (var row in world.Files.Read("""SELECT "To", "Cause" FROM "LicenseChanges" """))
        {
            Add($"{(LicenseState)(long)row[0]} because of {(LicenseCause)(long)row[1]}");
        }

        foreach (var entry in world.Cloud.Apple.Ledger)
        {
            Add(entry.EventId is null ? "others: " + entry.Result : "Apple: " + entry.Result);
        }

        foreach (var word in new[] { "crashes", "stands still", "LeaseLost", "Stale", "meanwhile", "restore", "Failed", "AlreadyHas" })
        {
            coverage.AddOrUpdate(word, Regex.Count(world.Steps, word), (_, known) => known + Regex.Count(world.Steps, word));
        }

        AddCount(GetsThatTook, """SELECT COUNT(*) FROM "Licenses" WHERE "Source" = 1 AND "State" = 4""");
        AddCount(GetsThatWaited, """SELECT COUNT(*) FROM "LicenseChanges" WHERE "To" = 5 AND "Cause" = 2""");
        AddCount(Folded, """SELECT COUNT(*) FROM "ModelFolded" """);
        AddCount(DecidedGrowth, """SELECT COUNT(*) FROM "Plans" WHERE "Kind" = 1 AND "DecidedAt" IS NOT NULL""");

        void AddCount(string what, string sql)
        {
            var count = (int)world.Files.Count(sql);
            coverage.AddOrUpdate(what, count, (_, known) => known + count);
        }

        void Add(string what) => coverage.AddOrUpdate(what, 1, (_, known) => known + 1);
    }

    /// <summary>Runs many seeds, two at a time.</summary>
    /// <param name="first">First seed.</param>
    /// <param name="count">How many.</param>
    /// <param name="mutation">What is broken on purpose.</param>
    /// <param name="enough">After such a failure no further seed is begun; null: all are run.</param>
    /// <param name="coverage">Counts what happened in all of them; null: nobody wants to know.</param>
    /// <returns>The seeds that failed, in order, with what they showed.</returns>
    public static async Task<IReadOnlyList<ModelException>> RunAsync(
        int first, int count, Mutation? mutation = null, Func<ModelException, bool>? enough = null, ConcurrentDictionary<string, int>? coverage = null)
    {
        var failures = new ConcurrentBag<ModelException>();
        await Parallel.ForEachAsync(Enumerable.Range(first, count), new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (seed, _) =>
        {
            if (enough is not null && failures.Any(enough))
            {
                return;
            }

            try
            {
                await RunAsync(seed, mutation, coverage);
            }
            catch (ModelException e)
            {
                failures.Add(e);
            }
        });
        return [.. failures.OrderBy(f => f.Seed)];
    }

    private static string Trace(ModelWorld world)
    {
        var trace = new StringBuilder(world.Steps).AppendLine();
        foreach (var request in world.Cloud.Apple.Requests)
        {
            trace.AppendLine(request.ToString());
        }

        foreach (var entry in world.Cloud.Apple.Ledger)
        {
            trace.AppendLine(entry.ToString());
        }

        foreach (var row in world.Files.Read("""SELECT "Id", "At", "Action", "ActorId", "LocationId", "BookId", "OperationId", "Details" FROM "AuditEvents" ORDER BY "Id" """))
        {
            trace.AppendLine(string.Join('|', row.Select(value => Convert.ToString(value, CultureInfo.InvariantCulture))));
        }

        foreach (var row in world.Files.Read("""SELECT "Id", "LocationId", "Reason", "Full", "Result", "StartedAt", "ErrorCode" FROM "SyncRuns" ORDER BY "Id" """))
        {
            trace.AppendLine(string.Join('|', row.Select(value => Convert.ToString(value, CultureInfo.InvariantCulture))));
        }

        foreach (var row in world.Files.Read("""SELECT * FROM "LicenseChanges" ORDER BY "Id" """))
        {
            trace.AppendLine(string.Join('|', row.Select(value => Convert.ToString(value, CultureInfo.InvariantCulture))));
        }

        return trace.ToString();
    }
}
