using System.Diagnostics;
using VppBooks.SimulatedCloud;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.Tests.SimulatedCloud;

public sealed class DemoDirectoryTests
{
    [Fact]
    public void The_demo_organization_has_every_kind_of_person_and_group()
    {
        var directory = Fill(OrganizationSize.Demo);
        var people = directory.People.Values;

        Assert.Equal(1200, people.Count);
        Assert.Equal(40, directory.Groups.Count);
        Assert.InRange(directory.Devices.Count, 580, 620);
        Assert.Equal(30, people.Count(person => person.Mail is null && person.ManagedAppleAccount is null));
        Assert.InRange(people.Count(person => person.Mail is not null && person.ManagedAppleAccount is null), 90, 115);
        Assert.Equal(1200, people.Select(person => person.UserPrincipalName).Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Contains(people, person => person.DisplayName.Contains('\'', StringComparison.Ordinal));
        Assert.All(people, person => Assert.DoesNotMatch("[^a-zA-Z0-9.@_#-]", person.UserPrincipalName));
        Assert.Equal(900, Group(directory, "All pupils").People.Count);
        Assert.Equal(28, Group(directory, "Class 4A").People.Count);
        Assert.Empty(Group(directory, "New arrivals").People);
        Assert.StartsWith("device.", Group(directory, "School iPads").MembershipRule, StringComparison.Ordinal);
        Assert.Contains(directory.Devices.Values, device => device.BooksAppInstalled is null);
    }

    [Fact]
    public void The_same_seed_gives_the_same_people()
    {
        var first = Fill(OrganizationSize.Demo).People.Values.Select(person => (person.Id, person.DisplayName));
        var second = Fill(OrganizationSize.Demo).People.Values.Select(person => (person.Id, person.DisplayName));

        Assert.Equal(first, second);
    }

    [Fact]
    public void A_district_of_100_000_people_is_there_at_once()
    {
        var watch = Stopwatch.StartNew();

        var directory = Fill(OrganizationSize.District);

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"took {watch.Elapsed}");
        Assert.Equal(100_000, directory.People.Count);
        Assert.Equal(100_000, Group(directory, "Everyone").People.Count);
        Assert.Equal(100, Group(directory, "School 50 class 20").People.Count);
        Assert.Equal(100_000, directory.People.Values.Select(person => person.UserPrincipalName).Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    private static SimulatedDirectory Fill(OrganizationSize size)
    {
        var directory = new SimulatedDirectory();
        DemoDirectory.Fill(directory, new SimulatedCloudOptions { Size = size });
        return directory;
    }

    private static SimulatedGroup Group(SimulatedDirectory directory, string name) =>
        directory.Groups.Values.Single(group => group.DisplayName == name);
}
