using VppBooks.Apple.Wire;

namespace VppBooks.Apple;

/// <summary>
/// Reads all pages of one list, several at once, and copes with a list that changes meanwhile (reference 2.3). Holds at most
/// <paramref name="parallel"/> pages besides the one handed out, however long the list is.
/// </summary>
/// <param name="fetch">Reads the page of an index, of the whole list or of what changed since a version.</param>
internal sealed class Paging<T>(
    Func<int, string?, CancellationToken, Task<WirePage<T>>> fetch, int parallel, Func<IReadOnlyList<T>, CancellationToken, ValueTask> onPage, Predicate<T> wanted, IProgress<PageProgress>? progress)
{
    /// <summary>Far beyond any real list; a list that claims more is a defect.</summary>
    private const int MaxPages = 100_000;

    /// <summary>How often a list may shrink under us before we give up.</summary>
    private const int MaxRestarts = 3;

    private int _pages;
    private long _rows;

    public int Pages => _pages;

    public long Rows => _rows;

    /// <summary>Rows that had to be left out: what is missing from the result may be one of them.</summary>
    public int Unusable { get; private set; }

    public Envelope? LastEnvelope { get; private set; }

    /// <summary>Reads the list once from beginning to end.</summary>
    /// <returns>The first page's version, and whether the data moved.</returns>
    public async Task<(string? FirstVersionId, bool Moved)> ReadAsync(string? sinceVersionId, Page<T>? first, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var underWay = new List<Task<(int Index, Page<T>? Page)>>(parallel);
        try
        {
            var page = first ?? await FetchAsync(0, sinceVersionId, cancellationToken);
            var state = new State(page);
            await HandOutAsync(page, state, cancellationToken);
            while (true)
            {
                Fill();
                if (underWay.Count == 0)
                {
                    return (state.FirstVersionId, state.Moved);
                }

                var done = await Task.WhenAny(underWay);
                underWay.Remove(done);
                var (index, arrived) = await done;
                if (arrived is null)
                {
                    arrived = await ShrinkAsync(index, state);
                    if (arrived is null)
                    {
                        continue;
                    }
                }
                else
                {
                    state.Note(arrived, index);
                }

                // The next request is on its way while this page is worked on.
                Fill();
                await HandOutAsync(arrived, state, cancellationToken);
            }

            void Fill()
            {
                while (underWay.Count < parallel && state.TryNext(out var next))
                {
                    underWay.Add(FetchOrNothingAsync(next));
                }
            }
        }
        finally
        {
            await stop.CancelAsync();
            await ((Task)Task.WhenAll(underWay)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        async Task<(int Index, Page<T>? Page)> FetchOrNothingAsync(int index)
        {
            try
            {
                return (index, await FetchAsync(index, sinceVersionId, stop.Token));
            }
            catch (AppleRefusedException exception) when (exception.Refusal.Error.Number == 9650)
            {
                return (index, null);
            }
        }

        // A page that existed is gone. Where that is no surprise, the list has simply ended; otherwise its beginning tells its new length.
        async Task<Page<T>?> ShrinkAsync(int index, State state)
        {
            if (state.EndAt(index))
            {
                return null;
            }

            if (++state.Restarts > MaxRestarts)
            {
                throw new AppleUnavailableException("The list keeps changing while it is read.");
            }

            var beginning = await FetchAsync(0, sinceVersionId, stop.Token);
            state.Restart(beginning, index);
            return beginning;
        }
    }

    private async Task<Page<T>> FetchAsync(int index, string? sinceVersionId, CancellationToken cancellationToken) => Accept(await fetch(index, sinceVersionId, cancellationToken), index);

    /// <summary>Takes a page as part of a list that can be followed to an end.</summary>
    /// <exception cref="AppleMalformedException">It is not the page asked for, or leads nowhere.</exception>
    public static Page<T> Accept(WirePage<T> answer, int index)
    {
        var page = answer.ToPage(index);
        if (page.Index != index)
        {
            throw new AppleMalformedException("Apple sent another page than the one asked for.");
        }

        // Without a number of pages only the next index leads on.
        if (page.TotalPages == 0 && answer.NextIndex is { } next)
        {
            page = page with { TotalPages = next == index + 1 ? next + 1 : throw new AppleMalformedException("Apple's pages do not follow each other.") };
        }
        else if (answer.NextIndex is { } later && later > index)
        {
            page = page with { TotalPages = Math.Max(page.TotalPages, later < int.MaxValue ? later + 1 : later) };
        }

        return page.TotalPages <= MaxPages ? page : throw new AppleMalformedException("Apple's list has no end.");
    }

    private async Task HandOutAsync(Page<T> page, State state, CancellationToken cancellationToken)
    {
        // Filters are checked here as well: Apple has been seen to send other rows than asked for (reference Q7).
        var rows = page.Rows.All(row => wanted(row)) ? page.Rows : page.Rows.Where(row => wanted(row)).ToList();
        LastEnvelope = page.Envelope;
        Unusable += page.Unusable;
        await onPage(rows, cancellationToken);
        _pages++;
        _rows += rows.Count;
        progress?.Report(new(_pages, Math.Max(state.Total, _pages), _rows));
    }

    /// <summary>How long the list is as far as we know, and what was asked already.</summary>
    private sealed class State(Page<T> first)
    {
        private readonly Queue<int> _again = new();
        private int _latestTotal = first.TotalPages;
        private int _next = 1;

        public string? FirstVersionId { get; } = first.VersionId;

        /// <summary>The longest that was seen: answers overtake each other, and reading too far only costs a request.</summary>
        public int Total { get; private set; } = first.TotalPages;

        public bool Moved { get; private set; }

        public int Restarts { get; set; }

        public bool TryNext(out int index)
        {
            if (_again.TryDequeue(out index))
            {
                return true;
            }

            index = _next;
            return _next < Total && _next++ >= 0;
        }

        public void Note(Page<T> page, int index)
        {
            _latestTotal = Math.Max(page.TotalPages, index + 1);
            Total = Math.Max(Total, _latestTotal);

            // Without versions nobody can vouch that nothing moved.
            Moved |= page.VersionId is null || page.VersionId != FirstVersionId;
        }

        /// <summary>The page does not exist; true when the latest answer said as much.</summary>
        public bool EndAt(int index)
        {
            Moved = true;
            if (index < _latestTotal)
            {
                return false;
            }

            Total = Math.Min(Total, index);
            return true;
        }

        public void Restart(Page<T> beginning, int missing)
        {
            _latestTotal = Math.Max(beginning.TotalPages, 1);
            Total = _latestTotal;
            if (missing < Total)
            {
                _again.Enqueue(missing);
            }
        }
    }
}
