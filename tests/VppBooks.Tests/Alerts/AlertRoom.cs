using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Alerts;
using VppBooks.Core.Locations;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Alerts;

/// <summary>The watch over rows that tests write themselves, and over troubles that they make up; one for all tests of a class.</summary>
public sealed class AlertRoom : IAsyncLifetime, IAlertSource
{
    internal ConcurrentDictionary<string, AlertCondition> Troubles { get; } = [];

    /// <summary>Whether looking for troubles fails.</summary>
    internal bool Broken { get; set; }

    internal CoreHouse House { get; private set; } = null!;

    internal AlertReceiver Receiver { get; private set; } = null!;

    internal int LocationId { get; private set; }

    internal AlertDesk Desk => House.Get<AlertDesk>();

    public async ValueTask InitializeAsync()
    {
        Receiver = await AlertReceiver.StartAsync();
        House = await CoreHouse.StartAsync(services =>
        {
            AlertHouse.Configure(services, Receiver, null);
            services.AddSingleton<IAlertSource>(this);
        });
        await House.ChangeAsync(db => db.Locations.Add(ALocation("1")));
        LocationId = (await House.RowAsync("1")).Id;
    }

    public async ValueTask DisposeAsync()
    {
        await House.DisposeAsync();
        await Receiver.DisposeAsync();
    }

    public Task<IReadOnlyList<AlertCondition>> ListAsync(CancellationToken cancellationToken) =>
        Broken ? throw new InvalidOperationException("broken") : Task.FromResult<IReadOnlyList<AlertCondition>>([.. Troubles.Values]);

    internal Location ALocation(string uId) => new()
    {
        PublicId = Guid.NewGuid(),
        UId = uId,
        Name = "Token " + uId,
        OrganizationName = "O",
        LocationName = "L",
        AppleAccount = "",
        CountryOrRegion = "NL",
        State = TokenState.Valid,
        TokenExpires = House.Clock.GetUtcNow() + TimeSpan.FromDays(300),
        LastSyncedAt = House.Clock.GetUtcNow(),
        SyncStatus = SyncStatus.Completed,
        CreatedAt = House.Clock.GetUtcNow(),
    };

    /// <summary>Makes a trouble up, or changes it.</summary>
    internal void Make(AlertCondition trouble) => Troubles[trouble.Key] = trouble;

    /// <summary>Ends a trouble.</summary>
    internal void End(AlertCondition trouble) => Troubles.TryRemove(trouble.Key, out _);

    /// <summary>What the watch does once a minute.</summary>
    /// <returns>What arrived at the receiver by it.</returns>
    internal async Task<IReadOnlyList<AlertMessage>> LookAsync()
    {
        var messages = Receiver.Messages.Count;
        await AlertHouse.LookAsync(House);
        return [.. Receiver.Messages.Skip(messages)];
    }

    internal async Task<Alert> RowAsync(AlertCondition trouble)
    {
        await using var db = await House.OpenAsync();
        return await db.Alerts.AsNoTracking().SingleAsync(a => a.Key == trouble.Key);
    }
}
