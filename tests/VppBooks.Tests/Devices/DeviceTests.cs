using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Devices;
using VppBooks.Core.Security;
using VppBooks.Core.Why;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Locations;
using VppBooks.Tests.Why;

namespace VppBooks.Tests.Devices;

/// <summary>What devices tell, and that nothing else depends on them.</summary>
public sealed class DeviceTests(WhyHouse why) : IClassFixture<WhyHouse>
{
    [Theory]
    [InlineData("iPadOS", "26.1", "company", true, BooksApp.Present)]
    [InlineData("iPadOS", "26.1", "company", false, BooksApp.Absent)]
    [InlineData("iPadOS", "26.1", "company", null, BooksApp.Unknown)]
    [InlineData("iPadOS", "18.7", "company", false, BooksApp.Unknown)]
    [InlineData("iOS", "26.1", "personal", false, BooksApp.Unknown)]
    [InlineData("macOS", "26.1", "company", false, BooksApp.Unknown)]
    public async Task The_Books_app_is_missing_only_where_that_can_be_known(string platform, string version, string owner, bool? installed, BooksApp expected)
    {
        var person = await why.NewReaderAsync();
        Give(person, d => (d.OperatingSystem, d.OsVersion, d.OwnerType, d.BooksAppInstalled) = (platform, version, owner, installed));

        var device = Assert.Single((await ReadAsync(person)).Devices);

        Assert.Equal((platform, version, true, expected), (device.Platform, device.OsVersion, device.UserAffinity, device.BooksApp));
        Assert.NotNull(device.LastSeenAt);
    }

    [Fact]
    public async Task A_holder_without_the_Books_app_is_shown_the_way_to_get_it_back()
    {
        var (person, step) = await HolderAsync(d => d.BooksAppInstalled = false);

        Assert.Equal((WhyState.Failed, WhyReason.BooksAppAbsent), (step.State, step.Reason));
        Assert.IsType<WhyRemedy.GetBooksApp>(Assert.Single(step.Remedies));
        Assert.Equal(["iPad of " + person.DisplayName], step.Names);
        Assert.NotNull(step.ReadAt);
    }

    [Fact]
    public async Task A_device_that_was_enrolled_without_a_user_cannot_be_given_the_book()
    {
        var (_, step) = await HolderAsync(d => d.EnrollmentType = "appleBulkWithoutUser");

        Assert.Equal((WhyState.Failed, WhyReason.DeviceWithoutAffinity), (step.State, step.Reason));
    }

    [Fact]
    public async Task A_laptop_of_another_maker_neither_hides_the_iPad_without_the_app_nor_counts_as_a_device_for_books()
    {
        var person = await why.NewReaderAsync();
        Give(person, d => (d.DeviceName, d.OperatingSystem, d.BooksAppInstalled) = ("LAPTOP-7", "Windows", null));
        await ReadAsync(person);
        var alone = (await why.AskAsync(person, await HeldAsync(person))).Steps[^1];
        Assert.Equal((WhyState.Unknown, WhyReason.NoDeviceForBooks), (alone.State, alone.Reason));

        Give(person, d => d.BooksAppInstalled = false);
        why.Core.Clock.Pass(DeviceReader.GoodFor);
        await ReadAsync(person);

        var step = (await why.AskAsync(person, await HeldAsync(person))).Steps[^1];
        Assert.Equal((WhyState.Failed, WhyReason.BooksAppAbsent), (step.State, step.Reason));
        Assert.Equal(["iPad of " + person.DisplayName], step.Names);
    }

    [Fact]
    public async Task An_inventory_that_cannot_say_is_never_a_failure()
    {
        var (_, step) = await HolderAsync(d => d.BooksAppInstalled = null);

        Assert.Equal((WhyState.Unknown, WhyReason.BooksAppUnknown), (step.State, step.Reason));
    }

    [Fact]
    public async Task A_device_with_the_app_is_enough_and_no_device_is_no_failure()
    {
        var (person, step) = await HolderAsync(d => d.BooksAppInstalled = true);
        Assert.Equal((WhyState.Passed, WhyReason.DeviceReady), (step.State, step.Reason));

        why.Core.Cloud.Directory.Devices.Clear();
        why.Core.Clock.Pass(DeviceReader.GoodFor);
        Assert.Empty((await ReadAsync(person)).Devices);
    }

    [Fact]
    public async Task Without_consent_the_devices_are_unknown_and_nothing_else_changes()
    {
        var person = await why.NewReaderAsync();
        why.Core.Cloud.Graph.FailNext(1, "managedDevices", 403);

        var devices = await ReadAsync(person);

        Assert.Equal((DeviceReadOutcome.ConsentMissing, (DateTimeOffset?)null), (devices.Outcome, devices.ReadAt));
        var answer = await why.AskAsync(person, await HeldAsync(person));
        Assert.True(answer.Holds);
        Assert.Null(answer.Obstacle);
        Assert.Equal((WhyState.Unknown, WhyReason.DevicesNotPermitted), (answer.Steps[^1].State, answer.Steps[^1].Reason));
        await using var db = await why.Core.OpenAsync();
        Assert.False(await db.DirectoryStates.AnyAsync(s => s.ConsentMissing || s.FailingSince != null));
    }

    [Fact]
    public async Task Looking_twice_asks_once_and_a_failure_keeps_what_was_known()
    {
        var person = await why.NewReaderAsync();
        Give(person, _ => { });
        await ReadAsync(person);
        var before = Requests(person);
        await ReadAsync(person);
        Assert.Equal((1, 1), (before, Requests(person)));

        why.Core.Clock.Pass(DeviceReader.GoodFor);
        why.Core.Cloud.Graph.FailNext(50, "managedDevices", 500);
        var devices = await ReadAsync(person);
        why.Core.Cloud.Graph.ClearFaults();

        Assert.Equal(DeviceReadOutcome.Unavailable, devices.Outcome);
        Assert.Single(devices.Devices);
    }

    [Fact]
    public async Task Who_may_not_read_is_not_told() => await Assert.ThrowsAsync<NotAllowedException>(
        () => why.Core.Get<DeviceReader>().ReadAsync(Guid.NewGuid(), CoreHouse.Nobody, CancellationToken.None));

    private int Requests(SimulatedPerson person) => why.Core.Cloud.Graph.Requests.Recent.Count(r => r.Path.Contains($"users/{person.Id}/managedDevices", StringComparison.OrdinalIgnoreCase));

    private void Give(SimulatedPerson person, Action<SimulatedDevice> change)
    {
        var device = new SimulatedDevice { Id = Guid.NewGuid(), DeviceName = "iPad of " + person.DisplayName, UserId = person.Id, BooksAppInstalled = true };
        change(device);
        lock (why.Core.Cloud.Directory.Gate)
        {
            why.Core.Cloud.Directory.Devices.Add(device.Id, device);
        }
    }

    private async Task<(SimulatedPerson Person, WhyStep Device)> HolderAsync(Action<SimulatedDevice> change)
    {
        var person = await why.NewReaderAsync();
        Give(person, change);
        await ReadAsync(person);
        var answer = await why.AskAsync(person, await HeldAsync(person));
        Assert.True(answer.Holds);
        return (person, answer.Steps[^1]);
    }

    private async Task<Core.Catalog.Book> HeldAsync(SimulatedPerson person)
    {
        await using var db = await why.Core.OpenAsync();
        return await db.Books.AsNoTracking().SingleAsync(b => db.Licenses.Any(l => l.BookId == b.Id && db.People.Any(p => p.Id == l.PersonId && p.DirectoryId == person.Id)));
    }

    private async Task<PersonDevices> ReadAsync(SimulatedPerson person)
    {
        await using var db = await why.Core.OpenAsync();
        var id = await db.People.Where(p => p.DirectoryId == person.Id).Select(p => p.PublicId).SingleAsync();
        var devices = await why.Core.Get<DeviceReader>().ReadAsync(id, CoreHouse.Helpdesk, CancellationToken.None);
        Assert.NotNull(devices);
        return devices;
    }
}
