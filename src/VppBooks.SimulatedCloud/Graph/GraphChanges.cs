namespace VppBooks.SimulatedCloud.Graph;

/// <summary>What changed in the directory, in order; delta tokens are positions in it. Use under the directory's gate.</summary>
internal sealed class GraphChanges
{
    private readonly List<(Guid Id, Guid? Member)> _changes = [];

    /// <summary>Tells this run of the stand-in from earlier ones, whose tokens mean nothing here.</summary>
    public string Run { get; } = Guid.NewGuid().ToString("N")[..8];

    /// <summary>Moves on when all tokens are declared expired.</summary>
    public int Epoch { get; set; }

    /// <summary>How a link of before is refused.</summary>
    public (int Status, string Code) Expiry { get; set; } = (410, "syncStateNotFound");

    /// <summary>Also stamps the directory's state: snapshots made at another position are stale.</summary>
    public int Position => _changes.Count;

    /// <summary>A person or group was added, changed or deleted.</summary>
    public bool Object(Guid id)
    {
        _changes.Add((id, null));
        return true;
    }

    /// <summary>A member came or went.</summary>
    public bool Member(Guid group, Guid member)
    {
        _changes.Add((group, member));
        return true;
    }

    /// <summary>Everything touched from a position on: each object once, whether its own properties changed, and the members that came or went.</summary>
    public Dictionary<Guid, (bool Itself, HashSet<Guid> Members)> Since(int position)
    {
        var touched = new Dictionary<Guid, (bool Itself, HashSet<Guid> Members)>();
        foreach (var (id, member) in _changes.Skip(position))
        {
            var known = touched.TryGetValue(id, out var entry) ? entry : (Itself: false, Members: []);
            if (member is { } changed)
            {
                known.Members.Add(changed);
            }
            else
            {
                known.Itself = true;
            }

            touched[id] = known;
        }

        return touched;
    }
}
