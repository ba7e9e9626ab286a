using System.Security.Cryptography;
using VppBooks.Core.Security;

namespace VppBooks.Core.Locations;

/// <summary>
/// Keeps inspected tokens for a while, so that the administrator need not upload the file twice. In memory only, sealed, for one person each,
/// and never more than <see cref="Capacity"/>.
/// </summary>
public sealed class TokenTickets(SecretSealer sealer, TimeProvider clock)
{
    /// <summary>How long a ticket lasts.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    /// <summary>Tickets kept at most; the oldest goes first.</summary>
    public const int Capacity = 200;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Entry> _entries = [];

    /// <summary>Keeps a token for one actor.</summary>
    /// <returns>The ticket: random, says nothing about the token.</returns>
    /// <exception cref="NotAllowedException">The actor may not manage tokens; thrown by all of these.</exception>
    public string Keep(string canonicalToken, Actor actor)
    {
        actor.Demand(Permissions.ManageTokens);
        var ticket = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        var entry = new Entry(sealer.Seal(canonicalToken, Purpose(ticket)), actor.Id, clock.GetUtcNow() + Lifetime);
        lock (_gate)
        {
            Sweep();
            if (_entries.Count >= Capacity)
            {
                _entries.Remove(_entries.MinBy(e => e.Value.Until).Key);
            }

            _entries.Add(ticket, entry);
        }

        return ticket;
    }

    /// <summary>The token of a ticket; null when the ticket is unknown, over, or somebody else's.</summary>
    public string? Find(string ticket, Actor actor)
    {
        actor.Demand(Permissions.ManageTokens);
        Entry? entry;
        lock (_gate)
        {
            Sweep();
            _entries.TryGetValue(ticket, out entry);
        }

        return entry is not null && entry.ActorId == actor.Id ? sealer.Open(entry.Sealed, Purpose(ticket)) : null;
    }

    /// <summary>Forgets a ticket whose token has been stored.</summary>
    public void Forget(string ticket, Actor actor)
    {
        actor.Demand(Permissions.ManageTokens);
        lock (_gate)
        {
            _entries.Remove(ticket);
        }
    }

    private static string Purpose(string ticket) => "ticket:" + ticket;

    private void Sweep()
    {
        var now = clock.GetUtcNow();
        foreach (var over in _entries.Where(e => e.Value.Until <= now).Select(e => e.Key).ToList())
        {
            _entries.Remove(over);
        }
    }

    private sealed record Entry(byte[] Sealed, string ActorId, DateTimeOffset Until);
}
