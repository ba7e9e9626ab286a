namespace VppBooks.Core.Persistence.SqlServer;

internal sealed class SqlServerBulkStore : IBulkStore;
