using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Audit;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Exports;

/// <summary>How far an export has come.</summary>
/// <param name="List">The list.</param>
/// <param name="Rows">Rows written.</param>
/// <param name="Ended">Nothing more is written.</param>
/// <param name="Complete">It ended with its last row.</param>
public sealed record ExportProgress(string List, long Rows, bool Ended, bool Complete);

/// <summary>Lets each person export one list at a time on a server, writes down that it was, and tells how far it has come.</summary>
public sealed class ExportRuns(IDbContextFactory<VppBooksDbContext> contexts, TimeProvider clock)
{
    private const int Step = 500;
    private readonly ConcurrentDictionary<string, ExportProgress> _byActor = new();

    /// <summary>Somebody's export moved on. Called on the exporting thread: hand over quickly.</summary>
    public event EventHandler? Changed;

    /// <summary>The actor's last export on this server; null when there was none.</summary>
    /// <exception cref="NotAllowedException">The actor may not export.</exception>
    public ExportProgress? Find(Actor actor)
    {
        actor.Demand(Permissions.Export);
        return _byActor.GetValueOrDefault(actor.Id);
    }

    /// <summary>Begins an export, and audits it before a row leaves.</summary>
    /// <param name="actor">Who takes the list out.</param>
    /// <param name="list">The list.</param>
    /// <param name="filtered">Not all of it. Search texts are not kept: they may be names.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>Null while another export of the same person runs.</returns>
    /// <exception cref="NotAllowedException">The actor may not export.</exception>
    public async Task<ExportRun?> BeginAsync(Actor actor, string list, bool filtered, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Export);
        var begun = new ExportProgress(list, 0, Ended: false, Complete: false);
        if (!_byActor.TryAdd(actor.Id, begun) && !(_byActor.TryGetValue(actor.Id, out var known) && known.Ended && _byActor.TryUpdate(actor.Id, begun, known)))
        {
            return null;
        }

        var run = new ExportRun(this, actor.Id, list);
        try
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            db.Audit(actor, clock.GetUtcNow(), "list.exported", default, new { list, filtered });
            await db.SaveChangesAsync(cancellationToken);
        }
        catch
        {
            run.Dispose();
            throw;
        }

        Tell();
        return run;
    }

    private void Set(string actorId, ExportProgress progress)
    {
        _byActor[actorId] = progress;
        Tell();
    }

    private void Tell()
    {
        foreach (var listener in Changed?.GetInvocationList().Cast<EventHandler>() ?? [])
        {
            try
            {
                listener(this, EventArgs.Empty);
            }
#pragma warning disable CA1031 // A page that fails must not stop the export it watches.
            catch (Exception)
#pragma warning restore CA1031
            {
            }
        }
    }

    /// <summary>One export under way. Ends when it is disposed.</summary>
    public sealed class ExportRun : IDisposable
    {
        private readonly ExportRuns _runs;
        private readonly string _actorId;
        private readonly string _list;
        private bool _complete;

        internal ExportRun(ExportRuns runs, string actorId, string list) => (_runs, _actorId, _list) = (runs, actorId, list);

        /// <summary>Rows written so far.</summary>
        public long Rows { get; private set; }

        /// <summary>A row was written.</summary>
        public void Count()
        {
            if (++Rows % Step == 0)
            {
                _runs.Set(_actorId, new ExportProgress(_list, Rows, Ended: false, Complete: false));
            }
        }

        /// <summary>The last row was written.</summary>
        public void Complete() => _complete = true;

        public void Dispose() => _runs.Set(_actorId, new ExportProgress(_list, Rows, Ended: true, _complete));
    }
}
