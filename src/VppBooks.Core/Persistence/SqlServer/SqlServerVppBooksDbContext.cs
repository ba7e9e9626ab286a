using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace VppBooks.Core.Persistence.SqlServer;

/// <summary>The production database.</summary>
public sealed class SqlServerVppBooksDbContext(DbContextOptions<SqlServerVppBooksDbContext> options) : VppBooksDbContext(options);

internal sealed class SqlServerDesignTimeFactory : IDesignTimeDbContextFactory<SqlServerVppBooksDbContext>
{
    public SqlServerVppBooksDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqlServerVppBooksDbContext>().UseSqlServer("Server=design;Database=design").Options);
}
