using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Devices;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.Mail;
using VppBooks.Core.People;
using VppBooks.Core.Privacy;
using VppBooks.Core.Security;
using VppBooks.SimulatedCloud.Graph;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Licenses;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Privacy;

/// <summary>What is stored about a person is handed out and erased; what was spent is neither lost nor spent again.</summary>
public sealed class PrivacyTests : IAsyncLifetime
{
    private SpendingHouse _house = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private GraphSimulator Graph => _house.Core.Cloud.Graph;

    private PersonErasure Erasure => _house.Core.Get<PersonErasure>();

    public async ValueTask InitializeAsync() => _house = await SpendingHouse.StartAsync(configure: services => services.Configure<PrivacyOptions>(o => o.KeepNamesFor = TimeSpan.FromDays(30)));

    public ValueTask DisposeAsync() => _house.DisposeAsync();

    [Fact]
    public async Task An_erased_person_leaves_no_name_keeps_the_spend_and_gets_no_second_license_on_return()
    {
        var (book, holder) = await HolderAsync();
        var before = await PersonAsync(holder);
        await RememberDevicesAndMailAsync(before.Id);
        var (posts, counts) = (_house.Apple.CountAssociatePosts(), _house.Apple.Counts(SpendingHouse.UId, book.Key.AdamId, "STDQ"));
        Graph.DeletePerson(holder);
        await ReadAsync();

        Assert.Equal(ErasureResult.Erased, await Erasure.EraseAsync(before.PublicId, CoreHouse.Admin, Cancel));

        await AssertNowhereAsync([before.DisplayName, before.UserPrincipalName, before.Mail!, holder.ToString()]);
        await using (var db = await _house.Core.OpenAsync())
        {
            var row = await db.People.AsNoTracking().SingleAsync(p => p.Id == before.Id, Cancel);
            Assert.Equal(("#" + before.Id.ToString(CultureInfo.InvariantCulture), "", null, null), (row.DisplayName, row.UserPrincipalName, row.Mail, row.ManagedAppleAccount));
            Assert.Equal(("nl", null), (before.Language, row.Language));
            Assert.Equal(1, await db.Licenses.CountAsync(l => l.PersonId == before.Id && l.BookId == book.Id && l.State == LicenseState.Assigned, Cancel));
            Assert.False(await db.ManagedDevices.AnyAsync(d => d.PersonId == before.Id, Cancel));
        }

        // Apple is asked to forget the address; the book stays with the record.
        await _house.WorkAsync();
        await _house.SyncAsync();
        Assert.Equal("Retired", _house.Apple.Users(SpendingHouse.UId, ClientUserIds.For(SpendingHouse.UId, holder))[^1].Status);
        await _house.AssertLedgerIsTrueAsync(book);

        Graph.RestorePerson(holder);
        Graph.AddMember(Group("Class 4A").Id, holder);
        await ReadAsync();
        await _house.WorkAsync();
        await _house.SyncAsync();

        var after = await PersonAsync(holder);
        Assert.Equal((before.Id, before.DisplayName, null), (after.Id, after.DisplayName, after.ErasedAt));
        Assert.Equal((posts, counts), (_house.Apple.CountAssociatePosts(), _house.Apple.Counts(SpendingHouse.UId, book.Key.AdamId, "STDQ")));
        Assert.Single(await _house.AuditAsync("person.returned"));
        await _house.AssertLedgerIsTrueAsync(book);
    }

    [Fact]
    public async Task Whoever_is_still_in_the_directory_is_not_erased_and_nothing_changes()
    {
        var (_, holder) = await HolderAsync();
        var person = await PersonAsync(holder);

        Assert.Equal(ErasureResult.InDirectory, await Erasure.EraseAsync(person.PublicId, CoreHouse.Admin, Cancel));

        Assert.Equal(person.DisplayName, (await PersonAsync(holder)).DisplayName);
        Assert.Empty(await _house.AuditAsync("person.erased"));
    }

    [Fact]
    public async Task Nobody_is_erased_while_a_license_is_on_its_way()
    {
        var (_, holder) = await HolderAsync();
        Graph.DeletePerson(holder);
        await ReadAsync();
        var person = await PersonAsync(holder);
        await _house.Core.ChangeAsync(db => db.Licenses.First(l => l.PersonId == person.Id).State = LicenseState.Unknown);

        Assert.Equal(ErasureResult.LicenseOnItsWay, await Erasure.EraseAsync(person.PublicId, CoreHouse.Admin, Cancel));
        Assert.Equal(ErasureResult.NotFound, await Erasure.EraseAsync(Guid.NewGuid(), CoreHouse.Admin, Cancel));
    }

    [Fact]
    public async Task Names_go_by_themselves_after_the_configured_time_and_only_once()
    {
        var (_, holder) = await HolderAsync();
        Graph.DeletePerson(holder);
        await ReadAsync();
        Assert.Equal(0, await Erasure.EraseDueAsync(Cancel));

        _house.Core.Clock.Pass(TimeSpan.FromDays(30.1));

        Assert.Equal(1, await Erasure.EraseDueAsync(Cancel));
        Assert.Equal(0, await Erasure.EraseDueAsync(Cancel));
        Assert.Single(await _house.AuditAsync("person.erased"));
    }

    [Fact]
    public async Task What_is_handed_out_is_everything_of_that_person_and_of_nobody_else()
    {
        var (book, holder) = await HolderAsync();
        var person = await PersonAsync(holder);
        await RememberDevicesAndMailAsync(person.Id);
        var neighbor = _house.Core.Cloud.Directory.People.Values.First(p => p.Id != holder && Group("Class 4A").People.Contains(p.Id));

        var data = await _house.Core.Get<PersonDataReader>().ReadAsync(person.PublicId, CoreHouse.Admin, Cancel);

        Assert.Equal((person.DisplayName, person.Mail, holder), (data!.DisplayName, data.Mail, data.DirectoryId));
        var license = Assert.Single(data.Licenses);
        Assert.Equal((book.AdamId, LicenseState.Assigned), (license.AdamId, license.State));
        Assert.Equal(LicenseState.Assigned, license.Changes[^1].State);
        Assert.Equal(ClientUserIds.For(SpendingHouse.UId, holder), Assert.Single(data.Registrations).ClientUserId);
        Assert.Equal("Class 4A", Assert.Single(data.Groups).DisplayName);
        var device = Assert.Single(data.Devices);
        Assert.Equal(("iPad of a pupil", true, BooksApp.Present), (device.Name, device.UserAffinity, device.BooksApp));
        Assert.NotNull(data.DevicesReadAt);
        Assert.Equal(("Education", MailFailure.None), (Assert.Single(data.Mails).Token, data.Mails[0].Failure));
        var line = Assert.Single(data.Plans);
        Assert.Equal((book.AdamId, "Education", PlanState.Committed), (line.AdamId, line.Token, line.State));
        Assert.NotEqual(PlanOutcome.Cannot, line.Outcome);
        Assert.NotEqual(default, license.WantedAt);
        Assert.DoesNotContain(neighbor.Id.ToString(), JsonSerializer.Serialize(data), StringComparison.Ordinal);
        Assert.Single(await _house.AuditAsync("person.exported"));
    }

    [Fact]
    public async Task Readers_get_their_own_and_leave_no_name_in_the_audit_trail()
    {
        var (_, holder) = await HolderAsync();
        var person = await PersonAsync(holder);
        var reader = new Actor(ActorKind.Person, holder.ToString(), person.DisplayName, Permissions.None);

        var data = await _house.Core.Get<PersonDataReader>().ReadOwnAsync(reader, Cancel);

        Assert.Equal(holder, data!.DirectoryId);
        Assert.Null(await _house.Core.Get<PersonDataReader>().ReadOwnAsync(reader with { Id = Guid.NewGuid().ToString() }, Cancel));
        var row = Assert.Single(await _house.AuditAsync("person.exported"));
        Assert.Equal((person.PublicId.ToString(), "Reader", person.Id), (row.ActorId, row.ActorName, row.PersonId));
    }

    [Fact]
    public async Task Only_administrators_hand_out_and_erase()
    {
        foreach (var actor in new[] { CoreHouse.Helpdesk, CoreHouse.Nobody, Actor.System })
        {
            await Assert.ThrowsAsync<NotAllowedException>(() => Erasure.EraseAsync(Guid.NewGuid(), actor, Cancel));
            await Assert.ThrowsAsync<NotAllowedException>(() => _house.Core.Get<PersonDataReader>().ReadAsync(Guid.NewGuid(), actor, Cancel));
        }
    }

    [Theory]
    [InlineData("00:00:00")]
    [InlineData("23:00:00")]
    [InlineData("4000.00:00:00")]
    public void Keeping_names_for_too_short_or_too_long_stops_the_start(string value)
    {
        var failure = Assert.Throws<OptionsValidationException>(() => new ServiceCollection().AddVppBooksPrivacy()
            .Configure<PrivacyOptions>(o => o.KeepNamesFor = TimeSpan.Parse(value, CultureInfo.InvariantCulture))
            .BuildServiceProvider().GetRequiredService<IOptions<PrivacyOptions>>().Value);

        Assert.Contains("Privacy:KeepNamesFor must be 1 day to 10 years", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>No column of no table holds any of the texts, except where somebody else's name is the same.</summary>
    private async Task AssertNowhereAsync(string[] texts)
    {
        await using var db = await _house.Core.OpenAsync();
        await db.Database.OpenConnectionAsync(Cancel);
        using var command = db.Database.GetDbConnection().CreateCommand();
        foreach (var entity in db.Model.GetEntityTypes().Where(e => e.GetTableName() is not null))
        {
            foreach (var column in entity.GetProperties().Select(p => p.GetColumnName()))
            {
                foreach (var text in texts)
                {
                    command.CommandText = $"""SELECT COUNT(*) FROM "{entity.GetTableName()}" WHERE instr(lower(CAST("{column}" AS TEXT)), lower($text)) > 0""";
                    command.Parameters.Clear();
                    var parameter = command.CreateParameter();
                    (parameter.ParameterName, parameter.Value) = ("$text", text);
                    command.Parameters.Add(parameter);
                    Assert.True(Equals(0L, await command.ExecuteScalarAsync(Cancel)), $"{entity.GetTableName()}.{column} still has {text}.");
                }
            }
        }
    }

    private Task RememberDevicesAndMailAsync(int personId) => _house.Core.ChangeAsync(db =>
    {
        db.ManagedDevices.Add(new ManagedDevice { PersonId = personId, Name = "iPad of a pupil", Platform = "iOS", UserAffinity = true, BooksApp = BooksApp.Present });
        db.DeviceReadings.Add(new DeviceReading { PersonId = personId, Outcome = DeviceReadOutcome.Read, ReadAt = _house.Core.Clock.GetUtcNow() });
        db.OutboxMails.Add(new OutboxMail { Kind = MailKind.Resent, Reason = "resent:1", PersonId = personId, LocationId = _house.LocationId, State = MailState.Sent, QueuedAt = _house.Core.Clock.GetUtcNow() });
    });

    private async Task<(Book Book, Guid Holder)> HolderAsync()
    {
        var book = await _house.BookAsync(free: 60);
        Graph.Edit(() => Group("Class 4A").People.ToList().ForEach(p => _house.Core.Cloud.Directory.People[p].PreferredLanguage = "nl-NL"));
        await _house.AssignAsync(book, new WishedAssignment(Group("Class 4A").Id, Intent.Required));
        await _house.WorkAsync();
        await ReadAsync();
        await using var db = await _house.Core.OpenAsync();
        return (book, await db.Licenses.Where(l => l.BookId == book.Id && l.State == LicenseState.Assigned).OrderBy(l => l.Id).Join(db.People, l => l.PersonId, p => p.Id, (l, p) => p.DirectoryId).FirstAsync(Cancel));
    }

    private Task ReadAsync()
    {
        _house.Core.Clock.Pass(TimeSpan.FromMinutes(16));
        return _house.Core.Get<DirectoryWatch>().ReadDueAsync(Cancel);
    }

    private SimulatedGroup Group(string name) => _house.Core.Cloud.Directory.Groups.Values.Single(g => g.DisplayName == name);

    private async Task<Person> PersonAsync(Guid id)
    {
        await using var db = await _house.Core.OpenAsync();
        return await db.People.AsNoTracking().SingleAsync(p => p.DirectoryId == id, Cancel);
    }
}
