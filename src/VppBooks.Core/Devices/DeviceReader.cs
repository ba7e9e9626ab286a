using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Devices;

/// <summary>
/// What is known of a person's devices: a hint for whoever helps, read when the person is looked at. Nothing is spent, held back or taken away because of it.
/// </summary>
public sealed class DeviceReader(IDbContextFactory<VppBooksDbContext> contexts, GraphDevices graph, TimeProvider clock)
{
    /// <summary>How long a read is good for before looking at the person asks again.</summary>
    public static readonly TimeSpan GoodFor = TimeSpan.FromHours(1);

    /// <summary>How long a read that failed is not repeated.</summary>
    public static readonly TimeSpan RestAfterFailure = TimeSpan.FromMinutes(5);

    /// <summary>What is stored, without asking the directory; null when there is no such person.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<PersonDevices?> FindAsync(Guid personPublicId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await FindKeyAsync(db, personPublicId, cancellationToken) is { } person ? await StoredAsync(db, person.Id, cancellationToken) : null;
    }

    /// <summary>What is known now: stored when fresh, read from the directory when not. May take long; a failure is an outcome with the older list.</summary>
    /// <exception cref="NotAllowedException">The actor may not read.</exception>
    public async Task<PersonDevices?> ReadAsync(Guid personPublicId, Actor actor, CancellationToken cancellationToken)
    {
        actor.Demand(Permissions.Read);
        (int Id, Guid DirectoryId)? person;
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            person = await FindKeyAsync(db, personPublicId, cancellationToken);
            if (person is null)
            {
                return null;
            }

            var last = await db.DeviceReadings.AsNoTracking().SingleOrDefaultAsync(r => r.PersonId == person.Value.Id, cancellationToken);
            var rest = last?.Outcome == DeviceReadOutcome.Read ? GoodFor : RestAfterFailure;
            if (last is not null && last.TriedAt + rest > clock.GetUtcNow())
            {
                return await StoredAsync(db, person.Value.Id, cancellationToken);
            }
        }

        DeviceReadOutcome outcome;
        IReadOnlyList<PersonDevice>? devices = null;
        try
        {
            devices = await graph.ListAsync(person.Value.DirectoryId, cancellationToken);
            outcome = devices is null ? DeviceReadOutcome.ConsentMissing : DeviceReadOutcome.Read;
        }
        catch (HttpRequestException)
        {
            outcome = DeviceReadOutcome.Unavailable;
        }

        try
        {
            await StoreAsync(person.Value.Id, person.Value.DirectoryId, outcome, devices, cancellationToken);
        }
        catch (DbUpdateException)
        {
            // Somebody else looked at the same person at the same moment and wrote the same.
        }

        await using var read = await contexts.CreateDbContextAsync(cancellationToken);
        return await StoredAsync(read, person.Value.Id, cancellationToken);
    }

    private static async Task<(int Id, Guid DirectoryId)?> FindKeyAsync(VppBooksDbContext db, Guid publicId, CancellationToken cancellationToken)
    {
        var found = await db.People.Where(p => p.PublicId == publicId).Select(p => new { p.Id, p.DirectoryId }).SingleOrDefaultAsync(cancellationToken);
        return found is null ? null : (found.Id, found.DirectoryId);
    }

    private static async Task<PersonDevices> StoredAsync(VppBooksDbContext db, int personId, CancellationToken cancellationToken)
    {
        var reading = await db.DeviceReadings.AsNoTracking().SingleOrDefaultAsync(r => r.PersonId == personId, cancellationToken);
        if (reading is null)
        {
            return PersonDevices.Nothing;
        }

        var devices = await db.ManagedDevices
            .Where(d => d.PersonId == personId)
            .OrderBy(d => d.Name).ThenBy(d => d.Id)
            .Select(d => new PersonDevice(d.Name, d.Platform, d.OsVersion, d.UserAffinity, d.BooksApp, d.LastSeenAt) { DeviceId = d.DeviceId })
            .ToListAsync(cancellationToken);
        return new PersonDevices(reading.Outcome, reading.ReadAt, devices);
    }

    internal async Task StoreAsync(int personId, Guid directoryId, DeviceReadOutcome outcome, IReadOnlyList<PersonDevice>? devices, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        // Whoever was erased while the directory was asked is nobody to store devices for; from here to the end nobody can be.
        if (await db.People.Where(p => p.Id == personId && p.DirectoryId == directoryId).ExecuteUpdateAsync(set => set.SetProperty(p => p.DirectoryId, directoryId), cancellationToken) == 0)
        {
            return;
        }

        var now = clock.GetUtcNow();
        var reading = await db.DeviceReadings.SingleOrDefaultAsync(r => r.PersonId == personId, cancellationToken);
        if (reading is null)
        {
            db.DeviceReadings.Add(reading = new DeviceReading { PersonId = personId });
        }

        reading.Outcome = outcome;
        reading.TriedAt = now;
        if (devices is not null)
        {
            reading.ReadAt = now;
            await KeepAsync(db, personId, devices, cancellationToken);
        }

        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Rows become what was read, and a device that stays keeps its row: callers of the API hold its id, and pages go on behind it.</summary>
    private static async Task KeepAsync(VppBooksDbContext db, int personId, IReadOnlyList<PersonDevice> devices, CancellationToken cancellationToken)
    {
        var stored = await db.ManagedDevices.Where(d => d.PersonId == personId).ToListAsync(cancellationToken);
        var known = stored.Where(d => d.DeviceId is not null).ToDictionary(d => d.DeviceId!.Value);
        // Pages of the directory may overlap: a device that comes twice is one.
        var read = devices.Where(d => d.DeviceId is not null).DistinctBy(d => d.DeviceId).Concat(devices.Where(d => d.DeviceId is null)).ToList();
        var still = read.Select(d => d.DeviceId).ToHashSet();
        db.ManagedDevices.RemoveRange(stored.Where(d => d.DeviceId is null || !still.Contains(d.DeviceId)));
        foreach (var device in read)
        {
            if (device.DeviceId is not { } id || !known.TryGetValue(id, out var row))
            {
                db.ManagedDevices.Add(row = new ManagedDevice { PersonId = personId, DeviceId = device.DeviceId, Name = device.Name, Platform = device.Platform });
            }

            row.Name = device.Name;
            row.Platform = device.Platform;
            row.OsVersion = device.OsVersion;
            row.UserAffinity = device.UserAffinity;
            row.BooksApp = device.BooksApp;
            row.LastSeenAt = device.LastSeenAt;
        }
    }
}
