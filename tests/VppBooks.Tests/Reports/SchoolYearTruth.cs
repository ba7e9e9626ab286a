using Microsoft.EntityFrameworkCore;
using VppBooks.Apple;
using VppBooks.Core.Catalog;
using VppBooks.Core.Licenses;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.Reports;

/// <summary>A copy at Apple.</summary>
/// <param name="ClientUserId">Apple's id of the holder.</param>
/// <param name="Person">Whom that stands for in the directory; null for a record that others made.</param>
/// <param name="Accepted">The holder has an Apple Account connected.</param>
/// <param name="Left">The holder's records are retired, or the person is gone from the directory.</param>
internal sealed record TrueCopy(string ClientUserId, Guid? Person, bool Accepted, bool Left);

/// <summary>A book at Apple, and the row under which it is told of.</summary>
internal sealed record TrueBook(string UId, AssetCounts Counts, IReadOnlyList<TrueCopy> Copies, Book Row, string? Title, string Genre, Guid LocationId, string TokenName, bool Listed)
{
    public bool Unlimited => Counts.Total == int.MaxValue;

    public IEnumerable<Guid> Ours => Copies.Select(c => c.Person).OfType<Guid>();
}

/// <summary>A row of the ledger, of a person of the directory.</summary>
internal sealed record LedgerRow(long Id, Guid Person, int BookId, long AdamId, LicenseState State, LicenseSource Source, DateTimeOffset ChangedAt, byte Ordinal);

/// <summary>
/// What is true at one moment. Copies, counts, records and memberships are told by the stand-ins; what no stand-in can know, such as who waits, is read from the rows of
/// the ledger one by one.
/// </summary>
internal sealed class SchoolYearTruth
{
    private readonly Dictionary<(string UId, Guid Person), HashSet<string>> _records = [];
    private readonly Dictionary<Guid, List<int?>> _unconfirmed = [];
    private readonly HashSet<(Guid Person, long AdamId)> _wanted = [];
    private ILookup<int, LedgerRow> _rows = null!;
    private Dictionary<Guid, Guid> _publicIds = null!;
    private SchoolYear _year = null!;

    public DateTimeOffset Now { get; private init; }

    public DateOnly Day => DateOnly.FromDateTime(Now.UtcDateTime);

    public IReadOnlyList<TrueBook> Books { get; private set; } = [];

    public IReadOnlyList<LedgerRow> Ledger { get; private set; } = [];

    public IReadOnlyList<LicenseChange> Changes { get; private set; } = [];

    /// <summary>Everything that Apple did about licenses.</summary>
    public IReadOnlyList<LedgerEntry> AtApple { get; private set; } = [];

    /// <summary>Records at Apple by location that others made.</summary>
    public Dictionary<string, int> ForeignRecords { get; } = [];

    /// <summary>People of the directory who are known here, gone ones too.</summary>
    public IReadOnlyCollection<Guid> Known => _publicIds.Keys;

    public static async Task<SchoolYearTruth> ReadAsync(SchoolYear year)
    {
        var truth = new SchoolYearTruth { Now = year.House.Core.Clock.GetUtcNow(), _year = year };
        await using var db = await year.House.Core.OpenAsync();
        var people = await db.People.AsNoTracking().ToDictionaryAsync(p => p.Id);
        truth._publicIds = people.Values.ToDictionary(p => p.DirectoryId, p => p.PublicId);
        truth.Ledger = [.. (await db.Licenses.AsNoTracking().ToListAsync())
            .Select(l => new LedgerRow(l.Id, people[l.PersonId].DirectoryId, l.BookId, l.AdamId, l.State, l.Source, l.ChangedAt, l.Ordinal))];
        truth._rows = truth.Ledger.ToLookup(r => r.BookId);
        truth._wanted.UnionWith(truth.Ledger.Where(r => r.State != LicenseState.Canceled).Select(r => (r.Person, r.AdamId)));
        truth.Changes = await db.LicenseChanges.AsNoTracking().ToListAsync();
        truth.AtApple = year.House.Apple.Ledger;
        foreach (var user in await db.VppUsers.AsNoTracking().Where(u => u.PersonId != null && !u.Retired && u.Status == VppUserStatus.Unknown).ToListAsync())
        {
            var person = people[user.PersonId!.Value].DirectoryId;
            truth._unconfirmed[person] = [.. truth._unconfirmed.GetValueOrDefault(person) ?? [], user.ErrorNumber];
        }

        var locations = await db.Locations.AsNoTracking().ToDictionaryAsync(l => l.UId);
        var titles = await db.Titles.AsNoTracking().ToDictionaryAsync(t => t.Id);
        var rows = await db.Books.AsNoTracking().ToDictionaryAsync(b => (b.LocationId, b.Key.AdamId, b.PricingParam.ToString()));
        var books = new List<TrueBook>();
        foreach (var uId in year.UIds)
        {
            var records = year.House.Apple.Users(uId).ToLookup(u => u.ClientUserId, u => u.Status);
            truth.ForeignRecords[uId] = records.Where(r => year.FindPerson(uId, r.Key) is null).Sum(r => r.Count());
            foreach (var record in records)
            {
                if (year.FindPerson(uId, record.Key) is { } person)
                {
                    truth._records[(uId, person)] = [.. record];
                }
            }

            foreach (var asset in year.House.Apple.Assets(uId))
            {
                var row = rows[(locations[uId].Id, asset.AdamId, asset.PricingParam)];
                var title = row.TitleId is { } id ? titles[id] : null;
                var copies = year.House.Apple.Holders(uId, asset.AdamId, asset.PricingParam).Select(h => Copy(uId, h, records[h])).ToList();
                var listed = year.IsListed(uId, asset.AdamId, asset.PricingParam);
                books.Add(new TrueBook(
                    uId,
                    // Of what Apple no longer lists, what people have is all there is.
                    listed ? asset.Counts : new AssetCounts(copies.Count, copies.Count, 0, 0),
                    copies,
                    row,
                    title?.Name,
                    title?.Genres.Split('|')[0] ?? "",
                    locations[uId].PublicId,
                    locations[uId].Name,
                    listed));
            }
        }

        Assert.Equal(rows.Count, books.Count);
        truth.Books = books;
        return truth;

        TrueCopy Copy(string uId, string clientUserId, IEnumerable<string> records)
        {
            var person = year.FindPerson(uId, clientUserId);
            var gone = person is { } known && !year.Directory.People.ContainsKey(known);
            return new TrueCopy(clientUserId, person, records.Contains("Associated"), gone || !records.Any(r => r is "Associated" or "Registered"));
        }
    }

    public Guid PublicId(Guid person) => _publicIds[person];

    public IEnumerable<LedgerRow> Rows(TrueBook book) => _rows[book.Row.Id];

    public TrueBook Book(Guid publicId) => Books.Single(b => b.Row.PublicId == publicId);

    /// <summary>The states of somebody's records at a location.</summary>
    public IReadOnlySet<string> Records(string uId, Guid person) => _records.GetValueOrDefault((uId, person)) ?? [];

    /// <summary>Apple's numbers for the records of somebody that Apple has not confirmed; null where it has not refused.</summary>
    public IReadOnlyList<int?> Unconfirmed(Guid person) => _unconfirmed.GetValueOrDefault(person) ?? [];

    /// <summary>Somebody has the title, or has been promised it, or was refused it.</summary>
    public bool HasRow(Guid person, long adamId) => _wanted.Contains((person, adamId));

    /// <summary>People in a group and in the groups in it; of all users for null.</summary>
    public HashSet<Guid> Members(Guid? group)
    {
        var directory = _year.Directory;
        if (group is not { } id)
        {
            return [.. directory.People.Values.Where(p => p.UserType == "Member").Select(p => p.Id)];
        }

        var (members, seen, open) = (new HashSet<Guid>(), new HashSet<Guid> { id }, new Queue<Guid>([id]));
        while (open.TryDequeue(out var next))
        {
            members.UnionWith(directory.Groups[next].People.Where(directory.People.ContainsKey));
            foreach (var nested in directory.Groups[next].Groups.Where(seen.Add))
            {
                open.Enqueue(nested);
            }
        }

        return members;
    }
}
