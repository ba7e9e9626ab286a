using Microsoft.Data.SqlClient;
using Microsoft.EntityFrameworkCore;

namespace VppBooks.Core.Persistence;

/// <summary>Tells a transaction that lost against another one from one that cannot succeed.</summary>
internal static class Contention
{
    /// <summary>SQL Server ended this transaction so that another one could go on.</summary>
    private const int Deadlock = 1205;

    /// <summary>Whether somebody else was there first: begun anew, with what is read then, it may succeed.</summary>
    /// <remarks>Entity Framework wraps what a statement met in an exception that advises retrying; a lost lease is no such thing.</remarks>
    public static bool Lost(Exception exception) => exception is DbUpdateException || IsDeadlock(exception);

    /// <summary>Whether the database itself let another transaction through instead: nothing of this one is left, and nothing was wrong with it.</summary>
    public static bool IsDeadlock(Exception exception) => exception switch
    {
        SqlException { Number: Deadlock } => true,
        DbUpdateException { InnerException: { } inner } => IsDeadlock(inner),
        InvalidOperationException { InnerException: { } inner } => IsDeadlock(inner),
        _ => false,
    };
}
