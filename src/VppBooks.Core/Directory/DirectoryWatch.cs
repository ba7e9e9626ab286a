using System.Runtime.ExceptionServices;
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
        var trouble = new Trouble();
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            var viewedAfter = clock.GetUtcNow() - options.Value.FollowViewedFor;
            watched = await db.Groups
                .Where(g => db.GroupAssignments.Any(a => a.GroupId == g.Id) || g.ViewedAt > viewedAfter)
                .OrderBy(g => g.UnreadableSince != null).ThenBy(g => g.MembersReadAt)
                .Select(g => g.DirectoryId)
                .ToListAsync(cancellationToken);
            everybody = await db.GroupAssignments.AnyAsync(a => a.GroupId == null, cancellationToken);
            anybody = await db.People.AnyAsync(p => p.GoneSince == null, cancellationToken);
            // Nobody reads the others any more, so that nobody would find out that they can be read.
            var followed = watched.ToArray();
            var forgotten = db.Groups.Where(g => g.UnreadableSince != null && !EF.Parameter(followed).Contains(g.DirectoryId));
            if (await forgotten.AnyAsync(cancellationToken))
            {
                await forgotten.ExecuteUpdateAsync(set => set.SetProperty(g => g.UnreadableSince, (DateTimeOffset?)null), cancellationToken);
            }
        }

        // Nothing else would find out that the directory can be read again.
        var state = await health.GetAsync(cancellationToken);
        if (state.GroupsFailingSince is not null && watched.Count == 0)
        {
            await trouble.TryAsync(() => reads.ProbeAsync(DirectoryKind.Groups, cancellationToken));
        }

        if (watched.Count > 0 || everybody || anybody)
        {
            // People first: their changes mark groups where they may have been missed. Who leaves is noticed although nothing is assigned any more: books stay with
            // people, and names do not for ever.
            await trouble.TryAsync(() => people.CheckAsync(options.Value.ReadEvery, cancellationToken));
        }
        else if (state.FailingSince is not null && state.FailingSince != state.GroupsFailingSince)
        {
            await trouble.TryAsync(() => reads.ProbeAsync(DirectoryKind.People, cancellationToken));
        }

        if (watched.Count > 0)
        {
            // Even when people cannot be read: who is in a group is another question, and may have an answer.
            await trouble.TryAsync(() => groups.EnsureMembersAsync(watched, options.Value.ReadEvery, cancellationToken));
        }

        if (everybody)
        {
            await trouble.TryAsync(() => people.EnsureAllAsync(options.Value.ReadEvery, cancellationToken));
        }

        if (watched.Count > 0 || everybody)
        {
            // Whatever could not be read: links that nobody needs would be asked for ever.
            await trouble.TryAsync(() => changes.ForgetAsync(watched, cancellationToken));
        }

        trouble.Report();
    }

    /// <summary>Goes on after what cannot be read, and tells of the first at the end.</summary>
    private sealed class Trouble
    {
        private ExceptionDispatchInfo? _first;

        public async Task TryAsync(Func<Task> read)
        {
            try
            {
                await read();
            }
            catch (DirectoryException e)
            {
                _first ??= ExceptionDispatchInfo.Capture(e);
            }
        }

        public void Report() => _first?.Throw();
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
