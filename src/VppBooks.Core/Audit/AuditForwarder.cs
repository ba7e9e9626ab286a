using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Audit;

/// <summary>A sealed row on its way out.</summary>
/// <param name="Chain">Its chain.</param>
/// <param name="Sequence">Its place there.</param>
/// <param name="At">When it happened.</param>
/// <param name="Json">The row as one JSON object without line breaks: everything that its hash covers, and the hash.</param>
public sealed record ForwardedRow(AuditChain Chain, long Sequence, DateTimeOffset At, string Json);

/// <summary>Where sealed rows are handed on to.</summary>
public interface IAuditTarget
{
    /// <summary>Names the target; another name begins with the first row again.</summary>
    string Name { get; }

    /// <summary>Last row of a chain that the target is known to have; null when it cannot tell.</summary>
    long? LastOf(AuditChain chain);

    /// <summary>Hands a row on.</summary>
    /// <exception cref="Exception">The row did not arrive, or it is not known whether it did.</exception>
    void Write(ForwardedRow row);
}

/// <summary>
/// Hands sealed rows on to a target, in order, one server at a time. The position is kept in the database after the rows were written: none is lost. What was
/// written and not kept, because the process died between the two, is asked of the target.
/// </summary>
public sealed class AuditForwarder(IDbContextFactory<VppBooksDbContext> contexts, ProcessIdentity self, TimeProvider clock)
{
    private const int Chunk = 200;
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        // Letters stay letters; control characters and line breaks are escaped all the same.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Hands on what is sealed and was not handed on.</summary>
    /// <returns>Rows handed on; none while another server does it.</returns>
    public async Task<int> ForwardAsync(IAuditTarget target, CancellationToken cancellationToken)
    {
        if (!await LeaseAsync(target.Name, cancellationToken))
        {
            return 0;
        }

        var total = 0;
        foreach (var chain in Enum.GetValues<AuditChain>())
        {
            for (var written = Chunk; written == Chunk; total += written)
            {
                written = await ChunkAsync(target, chain, cancellationToken);
            }
        }

        return total;
    }

    private async Task<bool> LeaseAsync(string target, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var (now, until) = (clock.GetUtcNow(), clock.GetUtcNow() + Period);
        if (await TakeAsync() == 1)
        {
            return true;
        }

        if (await db.AuditForwardings.AnyAsync(f => f.Target == target, cancellationToken))
        {
            return false;
        }

        db.AuditForwardings.Add(new AuditForwarding { Target = target, Owner = self.Name, ExpiresAt = until });
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException) when (!cancellationToken.IsCancellationRequested)
        {
            // Another server made the row first.
            return false;
        }

        Task<int> TakeAsync() => db.AuditForwardings
            .Where(f => f.Target == target && (f.Owner == self.Name || f.ExpiresAt < now))
            .ExecuteUpdateAsync(set => set.SetProperty(f => f.Owner, self.Name).SetProperty(f => f.ExpiresAt, until), cancellationToken);
    }

    private async Task<int> ChunkAsync(IAuditTarget target, AuditChain chain, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var kept = await db.AuditForwardings.Where(f => f.Target == target.Name && f.Owner == self.Name).Select(f => (long?)(chain == AuditChain.Events ? f.Events : f.Licenses)).SingleOrDefaultAsync(cancellationToken);
        if (kept is not { } position)
        {
            return 0;
        }

        position = Math.Max(position, target.LastOf(chain) ?? 0);
        var rows = chain == AuditChain.Events
            ? (await db.AuditEvents.AsNoTracking().Where(a => a.Sequence > position).OrderBy(a => a.Sequence).Take(Chunk).ToListAsync(cancellationToken)).ConvertAll(Row)
            : (await db.LicenseChanges.AsNoTracking().Where(c => c.Sequence > position).OrderBy(c => c.Sequence).Take(Chunk).ToListAsync(cancellationToken)).ConvertAll(Row);
        var done = position;
        try
        {
            foreach (var row in rows)
            {
                target.Write(row);
                done = row.Sequence;
            }
        }
        finally
        {
            // Also after a row that failed: those before it have arrived.
            var (last, until) = (done, clock.GetUtcNow() + Period);
            await db.AuditForwardings.Where(f => f.Target == target.Name && f.Owner == self.Name).ExecuteUpdateAsync(
                set => set
                    .SetProperty(f => f.Events, f => chain == AuditChain.Events ? last : f.Events)
                    .SetProperty(f => f.Licenses, f => chain == AuditChain.Licenses ? last : f.Licenses)
                    .SetProperty(f => f.ExpiresAt, until),
                CancellationToken.None);
        }

        return rows.Count;
    }

    private static ForwardedRow Row(AuditEvent row) => new(AuditChain.Events, row.Sequence!.Value, row.At, JsonSerializer.Serialize(
        new
        {
            chain = nameof(AuditChain.Events),
            number = row.Sequence,
            row.Id,
            row.At,
            through = row.ActorKind.ToString(),
            row.ActorId,
            row.ActorName,
            row.Action,
            row.LocationId,
            row.BookId,
            row.GroupId,
            row.PersonId,
            row.OperationId,
            row.Details,
            row.Correlation,
            row.SealedAt,
            hash = Convert.ToHexStringLower(row.Hash!),
        },
        Options));

    private static ForwardedRow Row(LicenseChange row) => new(AuditChain.Licenses, row.Sequence!.Value, row.At, JsonSerializer.Serialize(
        new
        {
            chain = nameof(AuditChain.Licenses),
            number = row.Sequence,
            row.Id,
            row.At,
            row.LicenseId,
            row.BookId,
            from = row.From?.ToString(),
            to = row.To.ToString(),
            cause = row.Cause.ToString(),
            row.OperationId,
            row.PlanId,
            row.ErrorNumber,
            row.SealedAt,
            hash = Convert.ToHexStringLower(row.Hash!),
        },
        Options));
}
