namespace VppBooks.SimulatedCloud.Apple;

/// <summary>Associate, disassociate and revoke.</summary>
internal sealed class AssetEvent : EventState
{
    private readonly Dictionary<((string AdamId, string PricingParam) Asset, int ErrorNumber), List<(string? User, string? Serial)>> _untold = [];

    /// <summary>Empty for revoke, which takes every revocable asset of a target.</summary>
    public required IReadOnlyList<(string AdamId, string PricingParam)> Assets { get; init; }

    public required IReadOnlyList<string> ClientUserIds { get; init; }

    public required IReadOnlyList<string> SerialNumbers { get; init; }

    protected override TaskFailure? Run(int task)
    {
        var targets = ClientUserIds.Count + SerialNumbers.Count;
        var index = task % targets;
        var (user, serial) = index < ClientUserIds.Count ? (ClientUserIds[index], (string?)null) : (null, SerialNumbers[index - ClientUserIds.Count]);
        if (Type == "REVOKE")
        {
            RevokeAll(user, serial);
            return null;
        }

        var key = Assets[task / targets];
        var error = Type == "ASSOCIATE" ? Associate(key, user, serial) : Disassociate(key, user, serial);
        Tell(key, error, user, serial);
        return error == 0 ? null : new TaskFailure(error, error == 9609 ? null : key, user, serial);
    }

    protected override void Flush()
    {
        foreach (var ((asset, error), targets) in _untold)
        {
            Send(asset, error, targets);
        }

        _untold.Clear();
    }

    private int Associate((string AdamId, string PricingParam) key, string? clientUserId, string? serial)
    {
        var switches = Simulator.Switches;
        if (switches.CompleteWithoutEffect)
        {
            return 0;
        }

        if (clientUserId is not null && Simulator.RefusedTargets.TryGetValue(clientUserId, out var refusal))
        {
            return Note(key, SpendResult.Refused, refusal);
        }

        var user = clientUserId is null ? null : Location.FindActive(clientUserId);
        if (clientUserId is not null && (user is null || (user.Status == UserStatus.Registered && !switches.AssociateRegisteredUsers)))
        {
            return Note(key, SpendResult.NoUser, 9609);
        }

        if (!Location.AssetsByKey.TryGetValue(key, out var asset))
        {
            return Note(key, SpendResult.NoLicense, 9709);
        }

        var target = user?.Index ?? Location.SerialTarget(serial!);
        if (Location.Holds(asset, target))
        {
            return switches.RepeatedAssociationFails ? Note(key, SpendResult.Refused, 9616) : Note(key, SpendResult.AlreadyHeld, 0);
        }

        if (asset.Available <= 0)
        {
            return Note(key, SpendResult.NoLicense, 9709);
        }

        Location.Assign(asset, target);
        return Note(key, SpendResult.Spent, 0);

        int Note((string AdamId, string PricingParam) about, SpendResult result, int error)
        {
            Simulator.Note(Location, about.AdamId, about.PricingParam, clientUserId ?? serial!, Id, result);
            return error;
        }
    }

    private int Disassociate((string AdamId, string PricingParam) key, string? clientUserId, string? serial)
    {
        var user = clientUserId is null ? null : Location.FindActive(clientUserId);
        if (clientUserId is not null && user is null)
        {
            return 9609;
        }

        if (Location.AssetsByKey.TryGetValue(key, out var asset) && Location.Holds(asset, user?.Index ?? Location.SerialTarget(serial!)))
        {
            Location.Unassign(asset, user?.Index ?? Location.SerialTarget(serial!));
            Simulator.Note(Location, key.AdamId, key.PricingParam, clientUserId ?? serial!, Id, SpendResult.Returned);
        }

        return 0;
    }

    private void RevokeAll(string? clientUserId, string? serial)
    {
        var user = clientUserId is null ? null : Location.FindActive(clientUserId);
        if (clientUserId is not null && user is null)
        {
            return;
        }

        var target = user?.Index ?? Location.SerialTarget(serial!);
        foreach (var asset in Location.Assets.Where(asset => !asset.IsBook && Location.Holds(asset, target)))
        {
            Location.Unassign(asset, target);
            Simulator.Note(Location, asset.AdamId, asset.PricingParam, clientUserId ?? serial!, Id, SpendResult.Returned);
            Tell((asset.AdamId, asset.PricingParam), 0, clientUserId, serial);
        }
    }

    private void Tell((string AdamId, string PricingParam) asset, int error, string? user, string? serial)
    {
        if (!_untold.TryGetValue((asset, error), out var targets))
        {
            _untold[(asset, error)] = targets = [];
        }

        targets.Add((user, serial));
        if (targets.Count == 100)
        {
            Send(asset, error, targets);
            _untold.Remove((asset, error));
        }
    }

    private void Send((string AdamId, string PricingParam) asset, int error, List<(string? User, string? Serial)> targets) =>
        Simulator.Notifications.Post(Location, "ASSET_MANAGEMENT", writer =>
        {
            writer.WriteStartArray("assignments");
            foreach (var (user, serial) in targets)
            {
                writer.WriteStartObject();
                writer.WriteString("adamId", asset.AdamId);
                writer.WriteString(user is null ? "serialNumber" : "clientUserId", user ?? serial);
                writer.WriteString("pricingParam", asset.PricingParam);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            if (error != 0)
            {
                writer.WriteStartObject("error");
                writer.WriteError(error, null);
                writer.WriteEndObject();
            }

            writer.WriteString("eventId", Id);
            writer.WriteString("result", error == 0 ? "SUCCESS" : "FAILURE");
            writer.WriteString("type", Type);
        });
}
