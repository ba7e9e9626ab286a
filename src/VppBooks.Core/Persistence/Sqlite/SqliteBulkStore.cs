namespace VppBooks.Core.Persistence.Sqlite;

internal sealed class SqliteBulkStore : IBulkStore;
