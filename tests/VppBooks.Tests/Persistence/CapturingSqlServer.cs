using System.Collections;
using System.Collections.Concurrent;
using System.Data;
using System.Data.Common;
using Microsoft.Data.SqlClient;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using VppBooks.Core.Persistence;
using VppBooks.Core.Persistence.SqlServer;

namespace VppBooks.Tests.Persistence;

/// <summary>A context for SQL Server without a server: commands are written down, and every query answers one made-up row, so that code goes on to its next query.</summary>
internal sealed class CapturingSqlServer : IDbContextFactory<VppBooksDbContext>
{
    private readonly ConcurrentQueue<string> _procedures = new();

    /// <summary>Every captured command as a procedure, to be judged against the schema.</summary>
    public IReadOnlyList<string> Procedures => [.. _procedures];

    public VppBooksDbContext CreateDbContext() => new SqlServerVppBooksDbContext(
        new DbContextOptionsBuilder<SqlServerVppBooksDbContext>()
            .UseSqlServer("Server=nowhere;Database=nothing")
            .AddInterceptors(new NoConnection(), new Capture(_procedures))
            .Options);

    private sealed class NoConnection : DbConnectionInterceptor
    {
        public override ValueTask<InterceptionResult> ConnectionOpeningAsync(
            DbConnection connection, ConnectionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default) => ValueTask.FromResult(InterceptionResult.Suppress());

        public override ValueTask<InterceptionResult> ConnectionClosingAsync(DbConnection connection, ConnectionEventData eventData, InterceptionResult result) => ValueTask.FromResult(InterceptionResult.Suppress());
    }

    private sealed class Capture(ConcurrentQueue<string> procedures) : DbCommandInterceptor
    {
        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            var parameters = command.Parameters.Cast<SqlParameter>().Select(p => $"{p.ParameterName} {TypeOf(p)}").ToList();
            procedures.Enqueue($"CREATE PROCEDURE captured_{procedures.Count} {string.Join(", ", parameters)} AS BEGIN {command.CommandText} END");
            return ValueTask.FromResult(InterceptionResult<DbDataReader>.SuppressWithResult(new OneRow()));
        }

        private static string TypeOf(SqlParameter parameter) => parameter.SqlDbType switch
        {
            SqlDbType.NVarChar => "nvarchar(4000)",
            SqlDbType.VarChar => "varchar(8000)",
            var other => other.ToString(),
        };
    }

    /// <summary>Answers every question about its only row with something of the right type.</summary>
    private sealed class OneRow : DbDataReader
    {
        private bool _read;

        public override int Depth => 0;

        public override int FieldCount => 64;

        public override bool HasRows => true;

        public override bool IsClosed => false;

        public override int RecordsAffected => 0;

        public override object this[int ordinal] => 1;

        public override object this[string name] => 1;

        public override bool Read() => !_read && (_read = true);

        public override bool NextResult() => false;

        public override bool IsDBNull(int ordinal) => false;

        public override bool GetBoolean(int ordinal) => false;

        public override byte GetByte(int ordinal) => 1;

        public override short GetInt16(int ordinal) => 1;

        public override int GetInt32(int ordinal) => 1;

        public override long GetInt64(int ordinal) => 1;

        public override float GetFloat(int ordinal) => 1;

        public override double GetDouble(int ordinal) => 1;

        public override decimal GetDecimal(int ordinal) => 1;

        public override string GetString(int ordinal) => "[]";

        public override char GetChar(int ordinal) => 'x';

        public override Guid GetGuid(int ordinal) => Guid.Empty;

        public override DateTime GetDateTime(int ordinal) => default;

        public override T GetFieldValue<T>(int ordinal) =>
            typeof(T) == typeof(DateTimeOffset) ? (T)(object)default(DateTimeOffset) : typeof(T) == typeof(DateOnly) ? (T)(object)default(DateOnly) : typeof(T) == typeof(byte[]) ? (T)(object)Array.Empty<byte>() : default!;

        public override object GetValue(int ordinal) => 1;

        public override int GetValues(object[] values) => 0;

        public override long GetBytes(int ordinal, long dataOffset, byte[]? buffer, int bufferOffset, int length) => 0;

        public override long GetChars(int ordinal, long dataOffset, char[]? buffer, int bufferOffset, int length) => 0;

        public override string GetName(int ordinal) => "c" + ordinal;

        public override int GetOrdinal(string name) => 0;

        public override string GetDataTypeName(int ordinal) => "int";

        public override Type GetFieldType(int ordinal) => typeof(int);

        public override IEnumerator GetEnumerator() => throw new NotSupportedException();
    }
}
