using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace VppBooks.Core.Persistence.Sqlite;

/// <summary>The embedded database.</summary>
public sealed class SqliteVppBooksDbContext(DbContextOptions<SqliteVppBooksDbContext> options) : VppBooksDbContext(options)
{
    // SQLite cannot order or compare DateTimeOffset text: UTC ticks can be.
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<UtcTicksConverter>();

    private sealed class UtcTicksConverter() : ValueConverter<DateTimeOffset, long>(
        moment => moment.UtcTicks, ticks => new DateTimeOffset(ticks, TimeSpan.Zero));
}

internal sealed class SqliteDesignTimeFactory : IDesignTimeDbContextFactory<SqliteVppBooksDbContext>
{
    public SqliteVppBooksDbContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<SqliteVppBooksDbContext>().UseSqlite("Data Source=design.db").Options);
}
