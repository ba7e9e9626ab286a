using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Alerts;
using VppBooks.Core.Assignments;
using VppBooks.Core.Audit;
using VppBooks.Core.Catalog;
using VppBooks.Core.Devices;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Locations;
using VppBooks.Core.Mail;
using VppBooks.Core.Notifications;
using VppBooks.Core.People;
using VppBooks.Core.Security;
using VppBooks.Core.Settings;
using VppBooks.Core.Sync;

namespace VppBooks.Core.Persistence;

/// <summary>Everything VppBooks remembers. Two derived contexts add what differs between SQLite and SQL Server.</summary>
public abstract class VppBooksDbContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<Location> Locations => Set<Location>();

    public DbSet<LocationLease> LocationLeases => Set<LocationLease>();

    public DbSet<Book> Books => Set<Book>();

    public DbSet<BookCategory> BookCategories => Set<BookCategory>();

    public DbSet<BookCategoryLink> BookCategoryLinks => Set<BookCategoryLink>();

    public DbSet<Title> Titles => Set<Title>();

    public DbSet<Cover> Covers => Set<Cover>();

    public DbSet<DirectoryGroup> Groups => Set<DirectoryGroup>();

    public DbSet<GroupMembership> GroupMemberships => Set<GroupMembership>();

    public DbSet<GroupNesting> GroupNestings => Set<GroupNesting>();

    public DbSet<DirectoryCursor> DirectoryCursors => Set<DirectoryCursor>();

    public DbSet<DirectoryState> DirectoryStates => Set<DirectoryState>();

    public DbSet<Person> People => Set<Person>();

    public DbSet<PersonWord> PersonWords => Set<PersonWord>();

    public DbSet<VppUser> VppUsers => Set<VppUser>();

    public DbSet<ManagedDevice> ManagedDevices => Set<ManagedDevice>();

    public DbSet<DeviceReading> DeviceReadings => Set<DeviceReading>();

    public DbSet<GroupAssignment> GroupAssignments => Set<GroupAssignment>();

    public DbSet<Plan> Plans => Set<Plan>();

    public DbSet<PlanLine> PlanLines => Set<PlanLine>();

    public DbSet<License> Licenses => Set<License>();

    public DbSet<LicenseChange> LicenseChanges => Set<LicenseChange>();

    public DbSet<ForeignHolding> ForeignHoldings => Set<ForeignHolding>();

    public DbSet<Operation> Operations => Set<Operation>();

    public DbSet<SyncRun> SyncRuns => Set<SyncRun>();

    public DbSet<StagedBook> StagedBooks => Set<StagedBook>();

    public DbSet<StagedUser> StagedUsers => Set<StagedUser>();

    public DbSet<StagedAssignment> StagedAssignments => Set<StagedAssignment>();

    public DbSet<StagedLicense> StagedLicenses => Set<StagedLicense>();

    public DbSet<InboxNotification> InboxNotifications => Set<InboxNotification>();

    public DbSet<IdempotentRequest> IdempotentRequests => Set<IdempotentRequest>();

    public DbSet<Alert> Alerts => Set<Alert>();

    public DbSet<AlertDelivery> AlertDeliveries => Set<AlertDelivery>();

    public DbSet<StockThreshold> StockThresholds => Set<StockThreshold>();

    public DbSet<StoredSetting> StoredSettings => Set<StoredSetting>();

    public DbSet<OutboxMail> OutboxMails => Set<OutboxMail>();

    public DbSet<AuditEvent> AuditEvents => Set<AuditEvent>();

    public DbSet<AuditChainHead> AuditChainHeads => Set<AuditChainHead>();

    public DbSet<AuditForwarding> AuditForwardings => Set<AuditForwarding>();

    public DbSet<BookCountSnapshot> BookCountSnapshots => Set<BookCountSnapshot>();

    public DbSet<RingKey> RingKeys => Set<RingKey>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(VppBooksDbContext).Assembly);
        foreach (var entity in modelBuilder.Model.GetEntityTypes().Where(e => typeof(IVersioned).IsAssignableFrom(e.ClrType)))
        {
            modelBuilder.Entity(entity.ClrType).Property(nameof(IVersioned.Version)).IsConcurrencyToken();
        }
    }
}

/// <summary>A row whose <see cref="Version"/> is raised by every change, on both databases (SQLite has no rowversion).</summary>
public interface IVersioned
{
    /// <summary>Concurrency token.</summary>
    int Version { get; set; }
}
