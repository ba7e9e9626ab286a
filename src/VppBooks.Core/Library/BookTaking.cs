using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Audit;
using VppBooks.Core.Catalog;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;
using VppBooks.Core.Signals;

namespace VppBooks.Core.Library;

/// <summary>What became of a reader's wish for a book.</summary>
public abstract record TakeResult
{
    private TakeResult()
    {
    }

    /// <summary>A copy is set aside and on its way.</summary>
    public sealed record Taken : TakeResult;

    /// <summary>No copy is free: the reader is on the waiting list.</summary>
    public sealed record Waits : TakeResult;

    /// <summary>The reader has the title, or it is on its way: nothing was spent.</summary>
    public sealed record AlreadyThere(PlanReason Reason) : TakeResult;

    /// <summary>The book is not offered to this reader, or does not exist: which of the two is not told.</summary>
    public sealed record NotOffered : TakeResult;

    /// <summary>
    /// Later: the directory has not been read for so long that it is not known who is offered what (F42), or so much happened to the book at once that nothing could be
    /// written. Nothing was spent.
    /// </summary>
    public sealed record NotNow : TakeResult;

    /// <summary>The reader cannot receive books.</summary>
    public sealed record Cannot(PlanReason Reason) : TakeResult;
}

/// <summary>A reader takes a book that is offered: exactly one license, however often the button is pressed.</summary>
public sealed class BookTaking(IDbContextFactory<VppBooksDbContext> contexts, DirectoryHealth health, TimeProvider clock, WorkSignal signal, ChangeFeed feed)
{
    private const int Attempts = 4;

    /// <summary>Takes a book for the reader who asks, and for nobody else.</summary>
    /// <param name="bookId">The book's public id.</param>
    /// <param name="reader">The signed-in reader; the directory's object id says which person that is.</param>
    /// <param name="cancellationToken">Stops before the commit.</param>
    public async Task<TakeResult> TakeAsync(Guid bookId, Actor reader, CancellationToken cancellationToken)
    {
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            try
            {
                return await TryTakeAsync(bookId, reader, cancellationToken);
            }
            catch (Exception e) when (Contention.Lost(e))
            {
                // Another copy of the same wish, a plan or a sync came first: look again.
            }
        }

        return new TakeResult.NotNow();
    }

    private async Task<TakeResult> TryTakeAsync(Guid bookId, Actor reader, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var person = Guid.TryParse(reader.Id, out var directoryId) ? await db.People.AsNoTracking().SingleOrDefaultAsync(p => p.DirectoryId == directoryId, cancellationToken) : null;
        if (person is null)
        {
            return new TakeResult.NotOffered();
        }

        // A whole class presses at once: they queue at the book's row here instead of meeting at the end, where all but one would have to begin anew.
        await db.Books.Where(b => b.PublicId == bookId).ExecuteUpdateAsync(set => set.SetProperty(b => b.Version, b => b.Version + 1), cancellationToken);
        var book = await db.Books.SingleOrDefaultAsync(
            b => b.PublicId == bookId && !b.NoLongerReported && db.Locations.Any(l => l.Id == b.LocationId && l.DeletedAt == null), cancellationToken);
        if (book is null || !(await BookOffers.FindAsync(db, person, book.Id, cancellationToken)).ContainsKey(book.Id))
        {
            return new TakeResult.NotOffered();
        }

        if (await health.FindStalenessAsync(db, book.Id, cancellationToken) is not null)
        {
            return new TakeResult.NotNow();
        }

        int[] ids = [person.Id];
        var facts = await PlanFacts.PeopleAsync(db, book, ids, following: true, cancellationToken);
        var line = Planner.Plan([new PlannedWish(null, Intent.Required, ids)], facts, await PlanFacts.StockAsync(db, book, cancellationToken)).Lines.Single();
        switch (line.Outcome)
        {
            case PlanOutcome.AlreadyHas or PlanOutcome.Waits when line.Reason != PlanReason.None:
                if (await KeepAsync(db, book, person, cancellationToken))
                {
                    await transaction.CommitAsync(cancellationToken);
                    feed.Publish(new Change.OfBook(book.LocationId, book.Id));
                }

                return new TakeResult.AlreadyThere(line.Reason);
            case PlanOutcome.Cannot or PlanOutcome.Released:
                return new TakeResult.Cannot(line.Reason);
        }

        var now = clock.GetUtcNow();
        var license = await db.Licenses.SingleOrDefaultAsync(l => l.PersonId == person.Id && l.AdamId == book.AdamId && l.Ordinal == 0, cancellationToken);
        if (license is null)
        {
            license = new License { PersonId = person.Id, AdamId = book.AdamId, CreatedAt = now };
            db.Licenses.Add(license);
        }
        else if (license.State != LicenseState.Canceled)
        {
            // Wanted in another way, or sent, since the facts were read: what is under way must not be taken for something new.
            throw new DbUpdateConcurrencyException("A license of the reader has moved.");
        }

        license.BookId = book.Id;
        license.State = line.Outcome == PlanOutcome.Waits ? LicenseState.Waiting : LicenseState.Reserved;
        license.Cause = LicenseCause.Taken;
        license.Source = LicenseSource.Taken;
        license.PlanId = null;
        license.ErrorNumber = null;
        license.Attempts = 0;
        license.WantedAt = now;
        license.WaitingRank = null;
        license.ChangedAt = now;
        db.Touch(book, now);
        db.Audit(Actor.Reader(person.PublicId), now, "book.taken", new AuditSubject(book.LocationId, book.Id, PersonId: person.Id), new { state = license.State.ToString() });
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);

        signal.Wake(book.LocationId);
        feed.Publish(new Change.OfBook(book.LocationId, book.Id));
        return license.State == LicenseState.Waiting ? new TakeResult.Waits() : new TakeResult.Taken();
    }

    /// <summary>
    /// What a plan that is not decided would give up, because it offers from now on what was given until now, is the reader's own wish from now on: pressing Get is what the plan
    /// asks for.
    /// </summary>
    private async Task<bool> KeepAsync(VppBooksDbContext db, Book book, Person person, CancellationToken cancellationToken)
    {
        var kept = await PendingReleases.In(db).Where(l => l.BookId == book.Id && l.PersonId == person.Id && l.Source != LicenseSource.Taken)
            .ExecuteUpdateAsync(set => set.SetProperty(l => l.Source, LicenseSource.Taken), cancellationToken);
        if (kept > 0)
        {
            db.Audit(Actor.Reader(person.PublicId), clock.GetUtcNow(), "book.taken", new AuditSubject(book.LocationId, book.Id, PersonId: person.Id), new { state = "Kept" });
            await db.SaveChangesAsync(cancellationToken);
        }

        return kept > 0;
    }
}
