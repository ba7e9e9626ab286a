using System.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.People;

/// <summary>
/// Gives words to people who were stored by a version that did not search by words. Once per start, some at a time: a restart in between goes on with those who
/// have none yet. Until it is through, search does not find these.
/// </summary>
internal sealed class PersonWordsFilling(IDbContextFactory<VppBooksDbContext> contexts, IBulkStore bulk, TimeProvider clock, ILogger<PersonWordsFilling> logger) : BackgroundService
{
    private const int Window = 1000;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    /// <summary>Gives words to everybody without.</summary>
    /// <returns>People looked at.</returns>
    public async Task<int> FillAsync(CancellationToken cancellationToken)
    {
        for (int last = 0, total = 0; ;)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            // Serializable, so that nobody is renamed between the read of the name and the write of its words.
            await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.Serializable, cancellationToken);
            var people = await db.People.AsNoTracking()
                .Where(p => p.Id > last && !db.PersonWords.Any(w => w.PersonId == p.Id))
                .OrderBy(p => p.Id).Take(Window).ToListAsync(cancellationToken);
            if (people.Count == 0)
            {
                return total;
            }

            await bulk.InsertWordsAsync(db, [.. people.SelectMany(p => PersonWords.Of(p), (p, word) => new PersonWord { PersonId = p.Id, Word = word })], cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            (last, total) = (people[^1].Id, total + people.Count);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var filled = await FillAsync(stoppingToken);
                if (filled > 0)
                {
                    logger.WordsFilled(filled);
                }

                return;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // A locked or full database: those who have words keep them, and the others come with the next try.
                logger.WordsNotFilled(e.GetType().Name);
                await Task.Delay(Pause, clock, stoppingToken);
            }
        }
    }
}
