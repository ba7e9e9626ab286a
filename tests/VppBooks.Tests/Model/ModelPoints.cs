using System.Data.Common;
using System.Globalization;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace VppBooks.Tests.Model;

/// <summary>Where something can happen to a running server.</summary>
[Flags]
internal enum PointKind
{
    BeforeRequest = 1,
    AfterRequest = 2,
    BeforeTransaction = 4,
    BeforeCommit = 8,
    AfterCommit = 16,

    /// <summary>Where another server can do something without waiting for a lock of this one.</summary>
    Unlocked = BeforeRequest | AfterRequest | BeforeTransaction | AfterCommit,

    Any = Unlocked | BeforeCommit,
}

/// <summary>The points that a server passes; one of them can be armed. A dead server touches neither network nor database.</summary>
internal sealed class ModelPoints
{
    private (PointKind Kinds, int Left, Func<string, Task> What)? _armed;

    public ModelPoints() => Interceptors = [new Transactions(this), new Commands(this), new Connections()];

    public IInterceptor[] Interceptors { get; }

    public bool Dead { get; private set; }

    /// <summary>The server stood still at the point it is at, while others went on.</summary>
    public bool PausedHere { get; private set; }

    /// <summary>
    /// Set: the next look of a commit at the licenses of a title does not find newer ones than this. So two transactions see the world on a server that lets
    /// both read before either writes; SQLite alone would make one wait for the other.
    /// </summary>
    public long? NewestLicenseSeen { get; set; }

    /// <summary>The same for the next look at what people have of a title, which comes before the look at the license that is changed.</summary>
    public long? NewestHoldingSeen { get; set; }

    /// <summary>Has something done at the <paramref name="nth"/> point of some kinds, once.</summary>
    public void Arm(PointKind kinds, int nth, Func<string, Task> what) => _armed = (kinds, nth, what);

    /// <returns>Whether what was armed has not happened.</returns>
    public bool Disarm()
    {
        var armed = _armed is not null;
        _armed = null;
        return armed;
    }

    /// <summary>Ends the program at such a point.</summary>
    public void ArmCrash(PointKind kinds, int nth, Action<string> told) => Arm(kinds, nth, where =>
    {
        told(where);
        Dead = true;
        throw new CrashedException();
    });

    public async Task PassAsync(PointKind kind, string name)
    {
        ThrowIfDead();
        PausedHere = false;
        if (_armed is not { } armed || !armed.Kinds.HasFlag(kind))
        {
            return;
        }

        _armed = armed with { Left = armed.Left - 1 };
        if (armed.Left <= 1)
        {
            _armed = null;
            await armed.What($"{kind} {name}".TrimEnd());
            PausedHere = true;
        }
    }

    private void ThrowIfDead()
    {
        if (Dead)
        {
            throw new CrashedException();
        }
    }

    private sealed class Transactions(ModelPoints points) : DbTransactionInterceptor
    {
        public override async ValueTask<InterceptionResult<DbTransaction>> TransactionStartingAsync(
            DbConnection connection, TransactionStartingEventData eventData, InterceptionResult<DbTransaction> result, CancellationToken cancellationToken = default)
        {
            await points.PassAsync(PointKind.BeforeTransaction, "");
            return result;
        }

        public override async ValueTask<InterceptionResult> TransactionCommittingAsync(
            DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        {
            await points.PassAsync(PointKind.BeforeCommit, "");
            return result;
        }

        public override async Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default) =>
            await points.PassAsync(PointKind.AfterCommit, "");
    }

    private sealed class Commands(ModelPoints points) : DbCommandInterceptor
    {
        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            points.ThrowIfDead();
            if (points.NewestHoldingSeen is { } held && command.CommandText.Contains("SELECT \"l\".\"PersonId\", \"l\".\"BookId\", \"l\".\"State\", \"l\".\"Source\"", StringComparison.Ordinal))
            {
                points.NewestHoldingSeen = null;
                Hide(command, held);
            }
            else if (points.NewestLicenseSeen is { } newest && command.CommandText.Contains("FROM \"Licenses\" AS \"l\"", StringComparison.Ordinal) && command.CommandText.Contains("\"l\".\"Ordinal\" = 0", StringComparison.Ordinal))
            {
                points.NewestLicenseSeen = null;
                Hide(command, newest);
            }

            return ValueTask.FromResult(result);
        }

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            points.ThrowIfDead();
            return ValueTask.FromResult(result);
        }

        private static void Hide(DbCommand command, long newest)
        {
            // A limit, where there is one, comes after the conditions.
            var limit = command.CommandText.LastIndexOf("LIMIT", StringComparison.Ordinal);
#pragma warning disable CA2100 // A number.
            command.CommandText = command.CommandText.Insert(limit < 0 ? command.CommandText.Length : limit, string.Create(CultureInfo.InvariantCulture, $" AND \"l\".\"Id\" <= {newest} "));
#pragma warning restore CA2100
        }
    }

    private sealed class Connections : DbConnectionInterceptor
    {
        public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            ModelFiles.Relax(connection);
            return Task.CompletedTask;
        }
    }
}
