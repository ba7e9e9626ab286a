using System.Globalization;
using VppBooks.Apple;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;

namespace VppBooks.Core.Verification;

/// <summary>One book as Apple shows it now.</summary>
internal sealed class BookAtApple(AssetKey key, long adamId)
{
    private readonly List<int> _rows = [];
    private bool _sorted = true;

    public AssetKey Key => key;

    public long AdamId => adamId;

    /// <summary>Null: Apple does not list the book.</summary>
    public Asset? Asset { get; set; }

    /// <summary>Nothing moved while its assignments were read: what is missing is not at Apple (I5).</summary>
    public bool Complete { get; set; }

    /// <summary>Number of a record times two, plus one for a retired one. Sorted, each once.</summary>
    public IReadOnlyList<int> Rows
    {
        get
        {
            if (!_sorted)
            {
                _rows.Sort();
                var kept = 0;
                for (var i = 0; i < _rows.Count; i++)
                {
                    if (kept == 0 || _rows[i] != _rows[kept - 1])
                    {
                        _rows[kept++] = _rows[i];
                    }
                }

                _rows.RemoveRange(kept, _rows.Count - kept);
                _rows.TrimExcess();
                _sorted = true;
            }

            return _rows;
        }
    }

    public void Add(int row)
    {
        _rows.Add(row);
        _sorted = false;
    }

    public void Clear() => _rows.Clear();
}

/// <summary>
/// A location read afresh and completely. An assignment takes four bytes, and a person's id is kept once, so that a million assignments fit in memory beside a
/// running console; nothing is written down and nothing has to be cleaned up.
/// </summary>
internal sealed class AppleReading(AppleClient client, AppleLocation apple, RequestMeter meter, IProgress<int> pages)
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _accounts = new(StringComparer.Ordinal);
    private readonly List<int> _accountOf = [];
    private readonly Lock _gate = new();
    private int _pageSize = 1;
    private int _pages;

    public Dictionary<AssetKey, BookAtApple> Books { get; } = [];

    /// <summary>Version of Apple's assignments; null when Apple names none.</summary>
    public string? VersionId { get; private set; }

    public int People { get; private set; }

    public int Requests => meter.Requests;

    /// <summary>People known so far, by number.</summary>
    public int KnownPeople => _accountOf.Count;

    /// <summary>The number of a person's id, the same for each of the person's records.</summary>
    public int NumberOf(string clientUserId)
    {
        if (!_numbers.TryGetValue(clientUserId, out var number))
        {
            number = _accountOf.Count;
            _numbers.Add(clientUserId, number);
            _accountOf.Add(0);
        }

        return number;
    }

    /// <summary>The same for two ids that are connected with one Apple Account; 0 when that is not known.</summary>
    public int AccountOf(int number) => _accountOf[number];

    /// <summary>Forgets the ids' texts: from here on only numbers are asked for.</summary>
    public void ForgetTexts()
    {
        _numbers.Clear();
        _numbers.TrimExcess();
        _accounts.Clear();
        _accounts.TrimExcess();
    }

    /// <exception cref="AppleException">Apple did not answer everything: nothing may be concluded.</exception>
    public async Task ReadAsync(Location location, IReadOnlyCollection<AssetKey> known, CancellationToken cancellationToken)
    {
        var config = await client.GetClientConfigAsync(apple, cancellationToken);
        if (config.Envelope.MdmInfo is not { } claim || !Guid.TryParse(claim.Id, out var claimId) || claimId != location.ClaimId)
        {
            throw new ClaimLostException(config.Envelope.MdmInfo);
        }

        foreach (var key in known)
        {
            Find(key);
        }

        await ReadBooksAsync(cancellationToken);
        await ReadPeopleAsync(cancellationToken);
        await ReadAssignmentsAsync(Books.Values.Where(b => b.Asset is null or { AssignedCount: > 0 }).ToList(), cancellationToken);
    }

    /// <summary>Reads some books once more: counts and assignments.</summary>
    /// <exception cref="AppleException">Apple did not answer everything: nothing may be concluded.</exception>
    public async Task ReadAgainAsync(IReadOnlyCollection<BookAtApple> books, CancellationToken cancellationToken)
    {
        await ReadBooksAsync(cancellationToken);
        await ReadAssignmentsAsync(books, cancellationToken);
    }

    /// <summary>Who of some books appears among what changed since a version: book and number of the person.</summary>
    /// <returns>Null when Apple does not know the version any more.</returns>
    public async Task<HashSet<(AssetKey Book, int Number)>?> ReadChangesAsync(string since, IReadOnlySet<AssetKey> books, CancellationToken cancellationToken)
    {
        var changes = new HashSet<(AssetKey, int)>();
        try
        {
            await client.ReadAssignmentsAsync(
                apple,
                new AssignmentQuery(SinceVersionId: since),
                first: null,
                (rows, _) =>
                {
                    lock (_gate)
                    {
                        Tell(1);
                        foreach (var row in rows)
                        {
                            if (row.ClientUserId is { Length: > 0 } id && new AssetKey(row.AdamId, row.PricingParam) is var key && books.Contains(key))
                            {
                                changes.Add((key, NumberOf(id)));
                            }
                        }
                    }

                    return ValueTask.CompletedTask;
                },
                progress: null,
                cancellationToken);
            return changes;
        }
        catch (AppleRefusedException refused) when (refused.Refusal.Error.Category == ErrorCategory.Version)
        {
            return null;
        }
    }

    private async Task ReadBooksAsync(CancellationToken cancellationToken)
    {
        var listed = new Dictionary<AssetKey, Asset>();
        await client.ReadAssetsAsync(
            apple,
            new AssetQuery(ProductType.Book),
            (rows, _) =>
            {
                Tell(1);
                _pageSize = Math.Max(_pageSize, rows.Count);
                foreach (var asset in rows.Where(a => a.ProductType == ProductType.Book))
                {
                    listed[asset.Key] = asset;
                }

                return ValueTask.CompletedTask;
            },
            progress: null,
            cancellationToken);
        foreach (var key in listed.Keys)
        {
            Find(key);
        }

        foreach (var book in Books.Values)
        {
            book.Asset = listed.GetValueOrDefault(book.Key);
        }
    }

    private async Task ReadPeopleAsync(CancellationToken cancellationToken)
    {
        await client.ReadUsersAsync(
            apple,
            new VppUserQuery(),
            (rows, _) =>
            {
                Tell(1);
                lock (_gate)
                {
                    People += rows.Count;
                    foreach (var row in rows.Where(r => r.ClientUserId.Length > 0))
                    {
                        var number = NumberOf(row.ClientUserId);
                        // A retired record may belong to an Apple Account of former times: the one in use counts.
                        if (row.IdHash is { Length: > 0 } hash && (_accountOf[number] == 0 || !LedgerStaging.IsRetired(row.Status)))
                        {
                            _accountOf[number] = _accounts.TryGetValue(hash, out var account) ? account : _accounts[hash] = _accounts.Count + 1;
                        }
                    }
                }

                return ValueTask.CompletedTask;
            },
            progress: null,
            cancellationToken);
    }

    private async Task ReadAssignmentsAsync(IReadOnlyCollection<BookAtApple> books, CancellationToken cancellationToken)
    {
        foreach (var book in books)
        {
            book.Clear();
        }

        // The first page tells how long the list is, apps included, and its version.
        var first = await client.GetFirstAssignmentsPageAsync(apple, new AssignmentQuery(), cancellationToken);
        VersionId = first.VersionId;
        _pageSize = Math.Max(_pageSize, first.Rows.Count);
        var wanted = books.Select(b => b.Key).ToHashSet();
        if (first.TotalPages - 1 <= books.Sum(PagesOf))
        {
            var traversal = await client.ReadAssignmentsAsync(apple, new AssignmentQuery(), first, (rows, _) => Take(rows, wanted.Contains), progress: null, cancellationToken);
            foreach (var book in books)
            {
                book.Complete = traversal.Clean;
            }
        }
        else
        {
            await Parallel.ForEachAsync(
                books,
                new ParallelOptions { MaxDegreeOfParallelism = 5, CancellationToken = cancellationToken },
                async (book, stop) =>
                {
                    var traversal = await client.ReadAssignmentsAsync(
                        apple, new AssignmentQuery(book.Key.AdamId, book.Key.PricingParam), first: null, (rows, _) => Take(rows, key => key == book.Key), progress: null, stop);
                    book.Complete = traversal.Clean;
                });
        }

        foreach (var book in Books.Values.Where(b => b.Asset?.AssignedCount == 0 && !wanted.Contains(b.Key)))
        {
            // Nobody holds it: known without reading.
            book.Clear();
            book.Complete = true;
        }
    }

    private ValueTask Take(IReadOnlyList<Assignment> rows, Func<AssetKey, bool> wanted)
    {
        lock (_gate)
        {
            Tell(1);
            foreach (var row in rows)
            {
                // Devices hold apps only.
                if (row.ClientUserId is { Length: > 0 } id && new AssetKey(row.AdamId, row.PricingParam) is var key && wanted(key) && Books.TryGetValue(key, out var book))
                {
                    book.Add((NumberOf(id) << 1) | (row.UserStatus is { } status && LedgerStaging.IsRetired(status) ? 1 : 0));
                }
            }
        }

        return ValueTask.CompletedTask;
    }

    private void Find(AssetKey key)
    {
        if (!Books.ContainsKey(key) && long.TryParse(key.AdamId, NumberStyles.None, CultureInfo.InvariantCulture, out var adamId))
        {
            Books.Add(key, new BookAtApple(key, adamId));
        }
    }

    private long PagesOf(BookAtApple book) => Math.Max(1, ((book.Asset?.AssignedCount ?? 1) + _pageSize - 1) / _pageSize);

    private void Tell(int read) => pages.Report(Interlocked.Add(ref _pages, read));
}
