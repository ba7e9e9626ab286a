using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Directory;

/// <summary>Keeps groups that are assigned or were looked at lately, and the people in them, in step with the directory. No other group is read.</summary>
public sealed class DirectoryWatch(
    IDbContextFactory<VppBooksDbContext> contexts,
    GroupReader groups,
    GroupChanges changes,
    PeopleReader people,
    DirectoryReads reads,
    DirectoryHealth health,
    IOptions<DirectoryOptions> options,
    TimeProvider clock,
    ILogger<DirectoryWatch> logger) : BackgroundService
{
    /// <summary>Asks what has changed, if that was last done longer than <see cref="DirectoryOptions.ReadEvery"/> ago, and reads it.</summary>
    /// <exception cref="DirectoryException">The directory cannot be read; what was known stays.</exception>
    public async Task ReadDueAsync(CancellationToken cancellationToken)
    {
        List<Guid> watched;
        bool everybody, anybody;
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            var viewedAfter = clock.GetUtcNow() - options.Value.FollowViewedFor;
            watched = await db.Groups
                .Where(g => db.GroupAssignments.Any(a => a.GroupId == g.Id) || g.ViewedAt > viewedAfter)
                .OrderBy(g => g.MembersReadAt)
                .Select(g => g.DirectoryId)
                .ToListAsync(cancellationToken);
            everybody = await db.GroupAssignments.AnyAsync(a => a.GroupId == null, cancellationToken);
            anybody = await db.People.AnyAsync(p => p.GoneSince == null, cancellationToken);
        }

        if (watched.Count > 0 || everybody)
        {
            // People first: their changes mark groups where they may have been missed.
            await people.CheckAsync(options.Value.ReadEvery, cancellationToken);
            await groups.EnsureMembersAsync(watched, options.Value.ReadEvery, cancellationToken);
            if (everybody)
            {
                await people.EnsureAllAsync(options.Value.ReadEvery, cancellationToken);
            }

            await changes.ForgetAsync(watched, cancellationToken);
            return;
        }

        if ((await health.GetAsync(cancellationToken)).FailingSince is not null)
        {
            // Nothing else would find out that the directory can be read again.
            await reads.ProbeAsync(cancellationToken);
        }

        if (anybody)
        {
            // Who leaves is noticed although nothing is assigned any more: books stay with people, and names do not for ever.
            await people.CheckAsync(options.Value.ReadEvery, cancellationToken);
        }
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(1), clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await ReadDueAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // What failed is in the directory's health; planning goes on with what was known, and the next minute tries again.
                logger.WatchFailed(e.GetType().Name);
            }
        }
    }
}
