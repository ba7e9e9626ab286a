using System.Globalization;

namespace VppBooks.SimulatedCloud.Organization;

/// <summary>The 40 groups of the demo organization: one of every kind that behaves differently.</summary>
internal static class DemoGroups
{
    private const int PupilsPerClass = 28;

    public static void Fill(SimulatedDirectory directory, DemoPeople people, int seed)
    {
        var ids = new SeededIds(seed);
        var pupils = new Queue<SimulatedPerson>(people.Pupils);
        var years = new List<SimulatedGroup>();
        for (var year = 3; year <= 8; year++)
        {
            var yearGroup = Add(string.Create(CultureInfo.InvariantCulture, $"Year {year}"), "All classes of the year");
            years.Add(yearGroup);
            foreach (var letter in year == 8 ? "ABC" : "ABCD")
            {
                yearGroup.Groups.Add(AddClass(string.Create(CultureInfo.InvariantCulture, $"Class {year}{letter}")).Id);
            }
        }

        var allPupils = Add("All pupils", "Every pupil, class or not");
        Join(allPupils, people.Pupils.Append(people.Reader));

        var staff = Add("Staff", "Everyone employed here");
        staff.GroupTypes.Add("DynamicMembership");
        staff.MembershipRule = "(user.department -ne \"Pupils\") and (user.userType -eq \"Member\")";
        Join(staff, people.Staff);
        Join(staff, people.SignIns.Where(person => person != people.Reader));

        var ipads = Add("School iPads", "Devices owned by the school");
        ipads.GroupTypes.Add("DynamicMembership");
        ipads.MembershipRule = "device.deviceOwnership -eq \"Company\"";
        ipads.Devices.UnionWith(directory.Devices.Values.Where(device => device.OwnerType == "company").Select(device => device.Id));

        var readingRoom = Add("Reading room", "Volunteers and the iPads on the shelf");
        Join(readingRoom, people.Staff.Take(12).Concat(people.Guests.Take(4)));
        readingRoom.Devices.UnionWith(directory.Devices.Values.Where(device => device.UserId is null).Take(15).Select(device => device.Id));

        Add("New arrivals", "Pupils who start after the summer; still empty");

        var staffRoom = Add("Staff room", "Mailbox and calendar of the staff");
        staffRoom.SecurityEnabled = false;
        staffRoom.MailEnabled = true;
        staffRoom.GroupTypes.Add("Unified");
        Join(staffRoom, people.Staff.Take(150));

        var lower = Add("Lower school", "Years 3 to 5");
        lower.Groups.UnionWith(years.Take(3).Select(group => group.Id));
        var upper = Add("Upper school", "Years 6 to 8");
        upper.Groups.UnionWith(years.Skip(3).Select(group => group.Id));
        // Four levels down to a pupil, and each pupil reached twice.
        var everyone = Add("Noordrand Schools", "Pupils and staff");
        everyone.Groups.UnionWith([lower.Id, upper.Id, allPupils.Id, staff.Id]);

        // Two groups in each other: whoever follows membership must not run in circles.
        var club = Add("Book club", "Reads a book a month");
        var committee = Add("Book club committee", "Chooses the book of the month");
        Join(club, people.Pupils.Where((_, index) => index % 45 == 7));
        Join(committee, people.Staff.Skip(20).Take(4));
        club.Groups.Add(committee.Id);
        committee.Groups.Add(club.Id);

        SimulatedGroup Add(string name, string description)
        {
            var group = new SimulatedGroup
            {
                Id = ids.Next(IdKind.Group, directory.Groups.Count),
                DisplayName = name,
                Description = description,
            };
            directory.Groups.Add(group.Id, group);
            return group;
        }

        SimulatedGroup AddClass(string name)
        {
            var group = Add(name, "Pupils of " + name);
            if (name == people.Reader.Department)
            {
                group.People.Add(people.Reader.Id);
            }

            while (group.People.Count < PupilsPerClass)
            {
                var pupil = pupils.Dequeue();
                pupil.Department = name;
                group.People.Add(pupil.Id);
            }

            return group;
        }
    }

    private static void Join(SimulatedGroup group, IEnumerable<SimulatedPerson> people) =>
        group.People.UnionWith(people.Select(person => person.Id));
}
