namespace VppBooks.Core.Assignments;

/// <summary>What a complete list of assignments changes of the one that stands. Only that is judged: what stands already was judged when it was made.</summary>
/// <param name="Added">Rows that are new, or have another intent.</param>
/// <param name="OnlyRemoves">Rows go and none comes, so that nobody can be reached whom the list did not reach before.</param>
internal sealed record WishChange(IReadOnlyList<(int? GroupId, Intent Intent)> Added, bool OnlyRemoves)
{
    public static WishChange Of(Wish standing, Wish wish)
    {
        var added = wish.Assignments.Except(standing.Assignments).ToList();
        var removed = standing.Assignments.Except(wish.Assignments).ToList();

        // Without an exclusion more people are reached than before.
        return new WishChange(added, added.Count == 0 && removed.Count > 0 && removed.TrueForAll(r => r.Intent != Intent.Excluded));
    }
}
