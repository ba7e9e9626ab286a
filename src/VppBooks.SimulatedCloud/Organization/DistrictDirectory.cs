using System.Globalization;

namespace VppBooks.SimulatedCloud.Organization;

/// <summary>100,000 people for measuring: groups of 100, 2,000, 10,000, 50,000 and 100,000, flat and nested.</summary>
internal static class DistrictDirectory
{
    private const int PeopleCount = 100_000;
    private const int ClassSize = 100;
    private const int ClassesPerSchool = 20;
    private const int FlatGroupSize = 10_000;
    private const int DeviceCount = 1_000;

    public static void Fill(SimulatedDirectory directory, int seed)
    {
        var ids = new SeededIds(seed);
        directory.People.EnsureCapacity(PeopleCount);
        var people = new Guid[PeopleCount];
        var signIns = DemoDirectory.AddSignIns(directory, ids);
        for (var i = 0; i < PeopleCount; i++)
        {
            people[i] = i < signIns.Length ? signIns[i].Id : AddPerson(i - signIns.Length);
        }

        Add("Everyone", people);
        Add("Half of everyone", people.AsSpan(0, PeopleCount / 2));
        for (var start = 0; start < PeopleCount; start += FlatGroupSize)
        {
            Add(Numbered("Region", start / FlatGroupSize), people.AsSpan(start, FlatGroupSize));
        }

        const int schoolSize = ClassSize * ClassesPerSchool;
        for (var start = 0; start < PeopleCount; start += schoolSize)
        {
            var school = Add(Numbered("School", start / schoolSize), []);
            for (var part = 0; part < ClassesPerSchool; part++)
            {
                var name = Numbered(school.DisplayName + " class", part);
                school.Groups.Add(Add(name, people.AsSpan(start + part * ClassSize, ClassSize)).Id);
            }
        }

        for (var i = 0; i < DeviceCount; i++)
        {
            var device = new SimulatedDevice
            {
                Id = ids.Next(IdKind.Device, i),
                DeviceName = Numbered("iPad", i),
                UserId = people[i],
                SerialNumber = string.Create(CultureInfo.InvariantCulture, $"DMQX{i:0000}K9LJ"),
                BooksAppInstalled = true,
            };
            directory.Devices.Add(device.Id, device);
        }

        Guid AddPerson(int index)
        {
            var person = DemoPeople.Person(ids, seed, signIns.Length, index);
            person.AccountEnabled = index % 200 != 44;
            directory.People.Add(person.Id, person);
            return person.Id;
        }

        SimulatedGroup Add(string name, ReadOnlySpan<Guid> members)
        {
            var group = new SimulatedGroup { Id = ids.Next(IdKind.Group, directory.Groups.Count), DisplayName = name };
            group.People.EnsureCapacity(members.Length);
            foreach (var member in members)
            {
                group.People.Add(member);
            }

            directory.Groups.Add(group.Id, group);
            return group;
        }
    }

    private static string Numbered(string name, int index) => string.Create(CultureInfo.InvariantCulture, $"{name} {index + 1}");
}
