namespace VppBooks.SimulatedCloud.Apple;

internal sealed record UserChange(string ClientUserId, string? Email, string? ManagedAppleId);

/// <summary>Create, update and retire.</summary>
internal sealed class UserEvent : EventState
{
    private readonly Dictionary<int, List<UserState>> _untold = [];

    public required IReadOnlyList<UserChange> Users { get; init; }

    protected override TaskFailure? Run(int task)
    {
        var change = Users[task];
        var (error, user) = Type switch
        {
            "CREATE" => Create(change),
            "UPDATE" => Update(change),
            _ => Retire(change),
        };

        // A failed task about nobody still has to name somebody.
        var told = user ?? new UserState { Index = -1, ClientUserId = change.ClientUserId, Email = change.Email };
        if (!_untold.TryGetValue(error, out var users))
        {
            _untold[error] = users = [];
        }

        users.Add(told);
        return error == 0 ? null : new TaskFailure(error, null, change.ClientUserId, null);
    }

    protected override void Flush()
    {
        foreach (var (error, users) in _untold)
        {
            Simulator.Notifications.Post(Location, "USER_MANAGEMENT", writer =>
            {
                if (error != 0)
                {
                    writer.WriteStartObject("error");
                    writer.WriteError(error, null);
                    writer.WriteEndObject();
                }

                writer.WriteString("eventId", Id);
                writer.WriteString("result", error == 0 ? "SUCCESS" : "FAILURE");
                writer.WriteString("type", Type);
                writer.WriteStartArray("users");
                foreach (var user in users)
                {
                    writer.WriteUser(user);
                }

                writer.WriteEndArray();
            });
        }

        _untold.Clear();
    }

    private (int Error, UserState? User) Create(UserChange change)
    {
        if (Location.FindActive(change.ClientUserId) is { } active)
        {
            return (9716, active);
        }

        var error = change.ManagedAppleId is { } account ? Simulator.People.CheckManagedAccount(Location, account) : 0;
        if (error != 0 && !Simulator.Switches.KeepRecordWhenAssociationFails)
        {
            return (error, null);
        }

        var user = Simulator.People.Register(Location, change.ClientUserId, change.Email);
        if (error == 0 && change.ManagedAppleId is not null)
        {
            Simulator.People.Associate(Location, user, change.ManagedAppleId);
        }

        return (error, user);
    }

    private (int Error, UserState? User) Update(UserChange change)
    {
        if (Location.FindActive(change.ClientUserId) is not { } user)
        {
            return (9609, null);
        }

        var error = change.ManagedAppleId is { } account && !account.Equals(user.Account, StringComparison.OrdinalIgnoreCase)
            ? Simulator.People.CheckManagedAccount(Location, account)
            : 0;
        if (error != 0)
        {
            return (error, user);
        }

        user.Email = change.Email ?? user.Email;
        if (change.ManagedAppleId is not null)
        {
            Simulator.People.Associate(Location, user, change.ManagedAppleId);
        }

        Location.TouchUser(user, Simulator.Switches.UserChangesTouchAssignments);
        return (0, user);
    }

    private (int Error, UserState? User) Retire(UserChange change)
    {
        if (Location.FindActive(change.ClientUserId) is not { } user)
        {
            return (9609, null);
        }

        Simulator.People.Retire(Location, user, Id);
        return (0, user);
    }
}
