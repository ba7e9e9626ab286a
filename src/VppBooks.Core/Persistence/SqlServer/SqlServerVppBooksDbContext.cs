using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;

namespace VppBooks.Core.Persistence.SqlServer;

/// <summary>The production database.</summary>
public sealed class SqlServerVppBooksDbContext(DbContextOptions<SqlServerVppBooksDbContext> options) : VppBooksDbContext(options)
{
    /// <summary>Compares byte by byte, as SQLite does.</summary>
    internal const string ExactCollation = "Latin1_General_100_BIN2";

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        base.OnModelCreating(modelBuilder);

        // Apple's ids are case-sensitive; the usual collations of a server are not, and would take two people for one.
        modelBuilder.Entity<VppUser>().Property(u => u.ClientUserId).UseCollation(ExactCollation);
        modelBuilder.Entity<VppUser>().Property(u => u.IdHash).UseCollation(ExactCollation);
        modelBuilder.Entity<StagedUser>().Property(u => u.ClientUserId).UseCollation(ExactCollation);
        modelBuilder.Entity<StagedUser>().Property(u => u.IdHash).UseCollation(ExactCollation);
        modelBuilder.Entity<StagedAssignment>().Property(a => a.ClientUserId).UseCollation(ExactCollation);

        // Words are compared as ranges, which follow the order of the collation.
        modelBuilder.Entity<PersonWord>().Property(w => w.Word).UseCollation(ExactCollation);

        modelBuilder.Entity<License>().ToTable(table => table.HasTrigger(LedgerTriggers.Name));
    }
}

internal sealed class SqlServerDesignTimeFactory : IDesignTimeDbContextFactory<SqlServerVppBooksDbContext>
{
    public SqlServerVppBooksDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqlServerVppBooksDbContext>().UseSqlServer("Server=design;Database=design").Options);
}
