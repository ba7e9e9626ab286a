using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Assignments;
using VppBooks.Core.Audit;
using VppBooks.Core.Devices;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Mail;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.Core.Persistence.Sqlite;
using VppBooks.Core.Privacy;

namespace VppBooks.Tests.Privacy;

/// <summary>Nothing that is stored about a person is forgotten when it is handed out.</summary>
public sealed class PersonDataTests
{
    private const string PersonId = nameof(License.PersonId);

    /// <summary>For each table about people: the record that hands a row out, columns that go by another name there, and columns left out on purpose.</summary>
    private static readonly Dictionary<Type, (Type? As, Dictionary<string, string> Renamed, string[] LeftOut)> _tables = new()
    {
        [typeof(Person)] = (typeof(PersonData), [], ["Id", "PublicId"]),
        // The words are those of the names.
        [typeof(PersonWord)] = (null, [], ["Word", PersonId]),
        [typeof(GroupMembership)] = (typeof(PersonDataGroup), new() { ["GroupId"] = "DirectoryId" }, [PersonId]),
        // Secrets, and what the program has still to do.
        [typeof(VppUser)] = (typeof(PersonDataRegistration), new() { ["LocationId"] = "Token" }, ["Id", PersonId, "InviteSecret", "InviteHash", "OperationId", "UpdateWanted", "MailMoved", "Attempts"]),
        [typeof(ManagedDevice)] = (typeof(PersonDataDevice), [], ["Id", PersonId]),
        [typeof(DeviceReading)] = (typeof(PersonData), new() { ["ReadAt"] = "DevicesReadAt" }, [PersonId, "Outcome", "TriedAt"]),
        [typeof(License)] = (typeof(PersonDataLicense), new() { ["BookId"] = "Token", ["Ordinal"] = "Copy" }, ["Id", PersonId, "OperationId", "PlanId", "Attempts", "MissedOnce"]),
        [typeof(PlanLine)] = (typeof(PersonDataPlan), new() { ["PlanId"] = "CreatedAt" }, [PersonId]),
        // Address is of mails to nobody whom we know.
        [typeof(OutboxMail)] = (typeof(PersonDataMail), new() { ["LocationId"] = "Token" }, ["Id", PersonId, "Reason", "VppUserId", "Address"]),
        // Who else or what else it is about, and what proves the row.
        [typeof(AuditEvent)] = (typeof(PersonDataEvent), new() { ["ActorName"] = "Actor" }, ["Id", PersonId, "ActorKind", "ActorId", "LocationId", "BookId", "GroupId", "OperationId", "Correlation", "Sequence", "Hash", "SealedAt"]),
        // Lives as long as a sync publishes.
        [typeof(StagedLicense)] = (null, [], ["RunId", PersonId, "BookId", "AdamId", "Copies", "Finding"]),
    };

    [Fact]
    public void Every_column_about_a_person_is_handed_out_or_left_out_on_purpose()
    {
        using var db = new SqliteVppBooksDbContext(new DbContextOptionsBuilder<SqliteVppBooksDbContext>().UseSqlite("Data Source=:memory:").Options);
        var about = db.Model.GetEntityTypes().Where(e => e.ClrType == typeof(Person) || e.FindProperty(PersonId) is not null).ToList();
        Assert.Equal(_tables.Keys.Select(t => t.Name).Order(StringComparer.Ordinal), about.Select(e => e.ClrType.Name).Order(StringComparer.Ordinal));

        foreach (var entity in about)
        {
            var (record, renamed, leftOut) = _tables[entity.ClrType];
            var columns = entity.GetProperties().Select(p => p.Name).ToHashSet();
            var handedOut = record?.GetProperties().Select(p => p.Name).ToHashSet() ?? [];
            var missing = columns.Except(leftOut).Where(c => !handedOut.Contains(renamed.GetValueOrDefault(c, c)));
            Assert.True(!missing.Any(), $"{entity.ClrType.Name}: {string.Join(", ", missing)} is neither handed out nor left out on purpose.");
            Assert.Empty(leftOut.Concat(renamed.Keys).Except(columns));
        }
    }
}
