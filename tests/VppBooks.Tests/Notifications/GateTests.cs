using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Notifications;
using VppBooks.Core.Persistence.Sqlite;
using VppBooks.Tests.Licenses;

namespace VppBooks.Tests.Notifications;

/// <summary>What somebody can learn who calls without a secret.</summary>
public sealed class GateTests
{
    [Fact]
    public async Task F30_A_wrong_secret_and_an_unknown_location_cost_the_same_statements_so_that_time_tells_nothing()
    {
        var said = new Statements();
        await using var house = await SpendingHouse.StartAsync(configure: services => services.ConfigureDbContext<SqliteVppBooksDbContext>(o => o.AddInterceptors(said)));
        var hash = NotificationGate.HashOfSecret("right");
        await house.Core.ChangeAsync(db => db.Locations.Single(l => l.Id == house.LocationId).NotificationSecretHash = hash);
        var known = (await house.SummaryAsync()).PublicId;
        var gate = house.Core.Get<NotificationGate>();
        Assert.NotNull(await FindAsync(known, "Bearer right"));

        foreach (var mayAsk in new[] { true, false })
        {
            // When nothing is remembered yet, and when something is.
            foreach (var pause in new[] { TimeSpan.FromMinutes(1), TimeSpan.Zero })
            {
                house.Core.Clock.Pass(pause);
                Assert.Null(await FindAsync(known, "Bearer wrong", mayAsk));
                var wrong = said.Take();
                house.Core.Clock.Pass(pause);
                Assert.Null(await FindAsync(Guid.NewGuid(), "Bearer right", mayAsk));
                Assert.Equal(wrong, said.Take());
                Assert.Equal((mayAsk ? 1 : 0) + (pause > TimeSpan.Zero ? 1 : 0), wrong.Count);
            }
        }

        async Task<NotificationOrigin?> FindAsync(Guid location, string authorization, bool mayAsk = true)
        {
            said.Take();
            return await gate.FindAsync(location, authorization, () => mayAsk, TestContext.Current.CancellationToken);
        }
    }

    private sealed class Statements : DbCommandInterceptor
    {
        private readonly Lock _lock = new();
        private List<string> _said = [];

        public List<string> Take()
        {
            lock (_lock)
            {
                var said = _said;
                _said = [];
                return said;
            }
        }

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            lock (_lock)
            {
                _said.Add(command.CommandText);
            }

            return base.ReaderExecutingAsync(command, eventData, result, cancellationToken);
        }
    }
}
