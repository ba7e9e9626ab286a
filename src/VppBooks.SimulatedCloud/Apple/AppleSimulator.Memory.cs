using VppBooks.SimulatedCloud.Memory;

namespace VppBooks.SimulatedCloud.Apple;

/// <content>What outlives the process.</content>
public sealed partial class AppleSimulator
{
    /// <summary>Called on every change of what Apple knows, often under the gate: has to return at once.</summary>
    internal Action Changed { get; set; } = static () => { };

    internal SavedApple Save()
    {
        lock (Gate)
        {
            return new SavedApple { Run = _run, ClockAhead = _clock.Ahead, Locations = [.. _locations.Values.Select(SavedLocation.Of)], Ledger = _ledger.List() };
        }
    }

    /// <summary>Replaces the locations and the ledger; the store's titles stay.</summary>
    /// <exception cref="InvalidDataException">The parts do not fit together; nothing was replaced.</exception>
    /// <exception cref="ArgumentException">Something occurs twice; nothing was replaced.</exception>
    internal void Restore(SavedApple saved)
    {
        var locations = saved.Locations.Select(location => location.ToState(this)).ToDictionary(location => location.UId);
        lock (Gate)
        {
            _locations.Clear();
            Invitations.Clear();
            _open.Clear();
            foreach (var (uId, location) in locations)
            {
                _locations.Add(uId, location);
                _open.AddRange(location.Events.Values.Where(work => work.FinishedAt is null));
                foreach (var user in location.Users.Where(user => user is { Status: UserStatus.Registered, InviteCode: not null }))
                {
                    Invitations[user.InviteCode!] = (location, user);
                }
            }

            _ledger.Restore(saved.Ledger, saved.Ledger.Count == 0 ? 0 : saved.Ledger[^1].Seq);
            _run = saved.Run + 1;
            _clock.Advance(saved.ClockAhead);
            Settle();
        }
    }
}
