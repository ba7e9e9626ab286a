using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.SimulatedCloud.Memory;

internal sealed record SavedKey(string AdamId, string PricingParam);

internal sealed record SavedFailure(int ErrorNumber, SavedKey? Asset, string? ClientUserId, string? SerialNumber);

/// <summary>Accepted work. What it was about is kept only until it is done.</summary>
internal sealed record SavedEvent
{
    public required string Id { get; init; }

    public required string Type { get; init; }

    public required DateTimeOffset AcceptedAt { get; init; }

    public required int Requested { get; init; }

    public int[]? Order { get; init; }

    public int Done { get; init; }

    public int Completed { get; init; }

    public DateTimeOffset? FinishedAt { get; init; }

    public IReadOnlyList<SavedFailure> Failures { get; init; } = [];

    public IReadOnlyList<SavedKey> Assets { get; init; } = [];

    public IReadOnlyList<string> ClientUserIds { get; init; } = [];

    public IReadOnlyList<string> SerialNumbers { get; init; } = [];

    public IReadOnlyList<UserChange> Users { get; init; } = [];

    public static SavedEvent Of(EventState work)
    {
        var saved = new SavedEvent
        {
            Id = work.Id,
            Type = work.Type,
            AcceptedAt = work.AcceptedAt,
            Requested = work.Requested,
            Done = work.Done,
            Completed = work.Completed,
            FinishedAt = work.FinishedAt,
            Failures = [.. work.Failures.Select(f => new SavedFailure(f.ErrorNumber, f.Asset is { } asset ? KeyOf(asset) : null, f.ClientUserId, f.SerialNumber))],
        };
        return work switch
        {
            { FinishedAt: not null } => saved,
            AssetEvent licenses => saved with
            {
                Order = work.Order,
                Assets = [.. licenses.Assets.Select(KeyOf)],
                ClientUserIds = licenses.ClientUserIds,
                SerialNumbers = licenses.SerialNumbers,
            },
            UserEvent people => saved with { Order = work.Order, Users = people.Users },
            _ => saved,
        };
    }

    /// <exception cref="InvalidDataException">The parts do not fit together.</exception>
    public EventState ToState(AppleSimulator simulator, LocationState location)
    {
        var isAboutUsers = Type is "CREATE" or "UPDATE" or "RETIRE";
        var tasks = isAboutUsers ? Users.Count : Math.Max(1, Assets.Count) * (ClientUserIds.Count + SerialNumbers.Count);
        if (Done < 0 || Done > Requested || FinishedAt is null && (tasks != Requested || Order?.Length is { } length && length != Requested))
        {
            throw new InvalidDataException("An event does not say what is left to do.");
        }

        EventState work = isAboutUsers
            ? new UserEvent { Simulator = simulator, Location = location, Id = Id, Type = Type, AcceptedAt = AcceptedAt, Requested = Requested, Order = Order, Users = Users }
            : new AssetEvent
            {
                Simulator = simulator,
                Location = location,
                Id = Id,
                Type = Type,
                AcceptedAt = AcceptedAt,
                Requested = Requested,
                Order = Order,
                Assets = [.. Assets.Select(a => (a.AdamId, a.PricingParam))],
                ClientUserIds = ClientUserIds,
                SerialNumbers = SerialNumbers,
            };
        work.GoOnAt(
            Done,
            Completed,
            FinishedAt,
            Failures.Select(f => new TaskFailure(f.ErrorNumber, f.Asset is { } asset ? (asset.AdamId, asset.PricingParam) : null, f.ClientUserId, f.SerialNumber)));
        return work;
    }

    private static SavedKey KeyOf((string AdamId, string PricingParam) key) => new(key.AdamId, key.PricingParam);
}
