using System.Collections.Concurrent;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using VppBooks.Core.Alerts;
using VppBooks.Core.Locations;
using VppBooks.Core.Persistence.Sqlite;
using VppBooks.SimulatedCloud.Mail;
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

    internal Mailbox Mails { get; } = new();

    internal int LocationId { get; private set; }

    /// <summary>How often the database was asked.</summary>
    internal CommandCounter Commands { get; } = new();

    internal AlertDesk Desk => House.Get<AlertDesk>();

    public async ValueTask InitializeAsync()
    {
        Receiver = await AlertReceiver.StartAsync();
        Mails.Listen(0, TimeProvider.System);
        House = await CoreHouse.StartAsync(services =>
        {
            AlertHouse.Configure(services, Receiver, Mails);
            services.AddSingleton<IAlertSource>(this);
            services.ConfigureDbContext<SqliteVppBooksDbContext>(o => o.AddInterceptors(Commands));
        });
        await House.ChangeAsync(db => db.Locations.Add(ALocation("1")));
        LocationId = (await House.RowAsync("1")).Id;
    }

    public async ValueTask DisposeAsync()
    {
        await House.DisposeAsync();
        await Receiver.DisposeAsync();
        await Mails.DisposeAsync();
    }

    public IReadOnlyCollection<AlertKind> Kinds { get; } = Enum.GetValues<AlertKind>();

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
    internal async Task<IReadOnlyList<AlertMessage>> LookAsync() => AlertHouse.Apart(await LookTogetherAsync());

    /// <summary>The same, with messages about many as they came.</summary>
    internal async Task<IReadOnlyList<AlertMessage>> LookTogetherAsync()
    {
        var messages = Receiver.Messages.Count;
        await AlertHouse.LookAsync(House);
        return [.. Receiver.Messages.Skip(messages)];
    }

    /// <summary>Another process on the same database, which tells others.</summary>
    internal ServiceProvider Process(AlertOptions options, Action<IServiceCollection>? configure = null) => House.SecondProcess(services =>
    {
        services.Replace(ServiceDescriptor.Singleton(options));
        configure?.Invoke(services);
    });

    internal async Task<Alert> RowAsync(AlertCondition trouble)
    {
        await using var db = await House.OpenAsync();
        return await db.Alerts.AsNoTracking().SingleAsync(a => a.Key == trouble.Key);
    }

    internal sealed class CommandCounter : DbCommandInterceptor
    {
        private int _count;

        public int Count => _count;

        /// <summary>A table that cannot be read; null: all can.</summary>
        public string? Unreadable { get; set; }

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            Interlocked.Increment(ref _count);
            if (Unreadable is { } table && command.CommandText.Contains($"\"{table}\"", StringComparison.Ordinal))
            {
                throw new SqliteException($"{table} cannot be read.", 10);
            }

            return base.ReaderExecutingAsync(command, eventData, result, cancellationToken);
        }
    }
}
