using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Directory;

/// <summary>Reads the members of assigned groups again and again, so that joiners and leavers are noticed. Groups that are not assigned are not read.</summary>
public sealed class DirectoryWatch(
    IDbContextFactory<VppBooksDbContext> contexts, GroupReader groups, IOptions<DirectoryOptions> options, TimeProvider clock, ILogger<DirectoryWatch> logger) : BackgroundService
{
    /// <summary>Reads what is older than <see cref="DirectoryOptions.ReadEvery"/>.</summary>
    /// <exception cref="DirectoryException">The directory cannot be read; what was known stays.</exception>
    public async Task ReadDueAsync(CancellationToken cancellationToken)
    {
        List<Guid> assigned;
        bool everybody;
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            assigned = await db.Groups
                .Where(g => db.GroupAssignments.Any(a => a.GroupId == g.Id))
                .OrderBy(g => g.MembersReadAt)
                .Select(g => g.DirectoryId)
                .ToListAsync(cancellationToken);
            everybody = await db.GroupAssignments.AnyAsync(a => a.GroupId == null, cancellationToken);
        }

        await groups.EnsureMembersAsync(assigned, options.Value.ReadEvery, cancellationToken);
        if (everybody)
        {
            await groups.EnsureAllUsersAsync(options.Value.ReadEvery, cancellationToken);
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
