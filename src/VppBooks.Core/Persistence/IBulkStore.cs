namespace VppBooks.Core.Persistence;

/// <summary>
/// Statements over many rows at once, one implementation per database. Rows travel as one JSON parameter per chunk (<c>json_each</c> on SQLite,
/// <c>OPENJSON</c> on SQL Server). Every method takes part in the context's current transaction.
/// </summary>
public interface IBulkStore
{
}
