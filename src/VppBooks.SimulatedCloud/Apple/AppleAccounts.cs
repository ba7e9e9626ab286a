using System.Security.Cryptography;
using System.Text;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud.Apple;

/// <summary>The life of user records and of the Apple Accounts behind them (reference 6 and 10.4). Guarded by the simulator's gate.</summary>
internal sealed class AppleAccounts(AppleSimulator simulator, SimulatedDirectory directory)
{
    private readonly HashSet<string> _ours = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Managed Apple Accounts of directory people that belong to another organization at Apple.</summary>
    public HashSet<string> OfAnotherOrganization { get; } = new(StringComparer.OrdinalIgnoreCase);

    public void ReadDirectory()
    {
        lock (directory.Gate)
        {
            _ours.Clear();
            foreach (var person in directory.People.Values)
            {
                if (person.ManagedAppleAccount is { Length: > 0 } account)
                {
                    _ours.Add(account);
                }
            }
        }
    }

    /// <summary>0, 9635 or 9641.</summary>
    public int CheckManagedAccount(LocationState location, string account)
    {
        if (!simulator.Switches.DownloaderHasManagedAccount || OfAnotherOrganization.Contains(account))
        {
            return 9635;
        }

        if (!_ours.Contains(account))
        {
            // Somebody may have joined the directory since it was read.
            ReadDirectory();
            if (!_ours.Contains(account))
            {
                return 9635;
            }
        }

        return location.ActiveByAccount.ContainsKey(account) ? 9641 : 0;
    }

    /// <summary>A record that waits for its invitation: the retired one again if nobody ever accepted it, otherwise a new one beside it.</summary>
    public UserState Register(LocationState location, string clientUserId, string? email)
    {
        var user = location.NewestUsers.GetValueOrDefault(clientUserId);
        if (user is { Status: UserStatus.Retired, Account: null })
        {
            location.InactiveUsers--;
            user.Email = email ?? user.Email;
        }
        else
        {
            user = location.AddUser(clientUserId, email);
        }

        user.Status = UserStatus.Registered;
        user.InviteCode = simulator.NextHex(16);
        simulator.Invitations[user.InviteCode] = (location, user);
        location.TouchUser(user, simulator.Switches.UserChangesTouchAssignments);
        return user;
    }

    /// <summary>Puts an Apple Account behind an active record. Books of a retired record of the same id and account follow.</summary>
    public void Associate(LocationState location, UserState user, string account)
    {
        if (user.Account is { } before)
        {
            location.ActiveByAccount.Remove(before);
        }

        user.Account = account;
        user.IdHash = Hash(location, account);
        user.Status = UserStatus.Associated;
        if (user.InviteCode is { } code)
        {
            simulator.Invitations.Remove(code);
            user.InviteCode = null;
        }

        location.ActiveByAccount[account] = user;
        for (var older = user.Older; older is not null; older = older.Older)
        {
            if (account.Equals(older.Account, StringComparison.OrdinalIgnoreCase))
            {
                Merge(location, older, user);
            }
        }

        location.TouchUser(user, simulator.Switches.UserChangesTouchAssignments);
    }

    public void Retire(LocationState location, UserState user, string? eventId)
    {
        foreach (var asset in location.Assets.Where(asset => !asset.IsBook && location.Holds(asset, user.Index)))
        {
            location.Unassign(asset, user.Index);
            simulator.Note(location, asset.AdamId, asset.PricingParam, user.ClientUserId, eventId, SpendResult.Returned);
        }

        if (user.Account is { } account)
        {
            location.ActiveByAccount.Remove(account);
        }

        if (user.InviteCode is { } code)
        {
            simulator.Invitations.Remove(code);
        }

        user.Status = UserStatus.Retired;
        location.InactiveUsers++;
        location.TouchUser(user, simulator.Switches.UserChangesTouchAssignments);
    }

    public static string Hash(LocationState location, string account) =>
        Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes($"{location.UId}|{account.ToUpperInvariant()}")), 0, 20);

    private void Merge(LocationState location, UserState older, UserState user)
    {
        foreach (var asset in location.Assets.Where(asset => location.Holds(asset, older.Index) && !location.Holds(asset, user.Index)))
        {
            location.Unassign(asset, older.Index);
            location.Assign(asset, user.Index);
            simulator.Note(location, asset.AdamId, asset.PricingParam, user.ClientUserId, null, SpendResult.Moved);
        }

        older.Status = UserStatus.Deleted;
        location.TouchUser(older, simulator.Switches.UserChangesTouchAssignments);
    }
}
