using VppBooks.Tests.Sync;

namespace VppBooks.Tests.Persistence;

/// <summary>Where a suite about data runs.</summary>
public interface ITestDatabase
{
    internal Task<SyncFixture> StartAsync(int pageSize = 1000);
}

/// <summary>A file of its own per test.</summary>
public sealed class SqliteTestDatabase : ITestDatabase
{
    Task<SyncFixture> ITestDatabase.StartAsync(int pageSize) => SyncFixture.StartAsync(pageSize);
}

/// <summary>A database of its own per test, created and dropped on the server that <c>VPPBOOKS_TEST_SQLSERVER</c> names (a connection string without a catalog).</summary>
public sealed class SqlServerTestDatabase : ITestDatabase
{
    public const string Variable = "VPPBOOKS_TEST_SQLSERVER";

    Task<SyncFixture> ITestDatabase.StartAsync(int pageSize)
    {
        var server = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(string.IsNullOrEmpty(server), $"{Variable} names no server.");
        return SyncFixture.StartAsync(pageSize, sqlServer: server!.TrimEnd(';'));
    }
}
