using System.Globalization;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.SimulatedCloud.Organization;

/// <summary>Two locations with a handful of licenses: where stock runs out at once and every person and title matters. Nothing is in the store.</summary>
internal static class TinyOrganization
{
    public const string EducationUId = DemoOrganization.EducationUId;
    public const string BusinessUId = DemoOrganization.BusinessUId;

    public static void Fill(AppleSimulator simulator)
    {
        simulator.People.ReadDirectory();
        simulator.People.OfAnotherOrganization.Add(TinyDirectory.AccountElsewhere);
        var education = simulator.AddLocation(EducationUId, "Noordrand Education", "NL", "volumestore");
        var business = simulator.AddLocation(BusinessUId, "Noordrand Business", "NL", "enterprisestore");

        // The first title is owned in both qualities and at both locations, the third at both.
        education.AddAsset(AdamIdOf(0), "STDQ", isBook: true, 6, ["iOS"]);
        education.AddAsset(AdamIdOf(0), "PLUS", isBook: true, 4, ["iOS"]);
        education.AddAsset(AdamIdOf(1), "STDQ", isBook: true, 1, ["iOS"]);
        education.AddAsset(AdamIdOf(2), "STDQ", isBook: true, 8, ["iOS"]);
        education.AddAsset(AdamIdOf(3), "STDQ", isBook: true, AssetState.Unlimited, ["iOS"]);
        education.AddAsset(AdamIdOf(9), "STDQ", isBook: false, 5, ["iOS"]);
        business.AddAsset(AdamIdOf(0), "STDQ", isBook: true, 5, ["iOS"]);
        business.AddAsset(AdamIdOf(2), "STDQ", isBook: true, 3, ["iOS"]);
        business.AddAsset(AdamIdOf(4), "STDQ", isBook: true, 5, ["iOS"]);

        AddForeign(simulator, education, 4, TinyDirectory.AccountInUse);
        AddForeign(simulator, business, 2, null);
    }

    internal static string AdamIdOf(int index) => string.Create(CultureInfo.InvariantCulture, $"{6_478_120_000 + (index * 37L)}");

    private static void AddForeign(AppleSimulator simulator, LocationState location, int users, string? account)
    {
        for (var i = 0; i < users; i++)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"omdm-{location.UId[^3..]}-{i + 1:D4}");
            var user = simulator.People.Register(location, id, null);
            if (i != 1)
            {
                simulator.People.Associate(location, user, i == 0 && account is not null ? account : id + "@icloud.old.example");
            }

            location.Assign(location.Assets[i], user.Index);
            if (i == 3)
            {
                simulator.People.Retire(location, user, null);
            }
        }
    }
}

/// <summary>The people and groups of the tiny organization.</summary>
internal static class TinyDirectory
{
    /// <summary>Managed Apple Account that belongs to another organization: 9635.</summary>
    public const string AccountElsewhere = "elsewhere@" + DemoDirectory.AppleDomain;

    /// <summary>Managed Apple Account behind a record that somebody else made: 9641.</summary>
    public const string AccountInUse = "inuse@" + DemoDirectory.AppleDomain;

    public static void Fill(SimulatedDirectory directory, int seed)
    {
        var ids = new SeededIds(seed);
        var people = DemoDirectory.AddSignIns(directory, ids).ToList();
        for (var i = people.Count; i < 14; i++)
        {
            var person = DemoPeople.Person(ids, seed, 0, i);
            directory.People.Add(person.Id, person);
            people.Add(person);
        }

        people[6].Mail = null;
        people[7].AccountEnabled = false;
        people[8].ManagedAppleAccount = null;
        people[9].ManagedAppleAccount = null;
        people[10].Mail = null;
        people[10].ManagedAppleAccount = null;
        people[11].ManagedAppleAccount = null;
        people[11].UserType = "Guest";
        people[12].ManagedAppleAccount = AccountElsewhere;
        people[13].ManagedAppleAccount = AccountInUse;

        var first = Add("Class 1", 5, 6, 7, 10);
        var second = Add("Class 2", 6, 9, 12, 13);
        var staff = Add("Staff", 0, 1, 2, 8, 9);
        Add("Book club", 4, 5, 8, 11);
        Add("New arrivals");
        var school = Add("School", 3);
        school.Groups.UnionWith([first.Id, second.Id, staff.Id]);

        SimulatedGroup Add(string name, params int[] members)
        {
            var group = new SimulatedGroup { Id = ids.Next(IdKind.Group, directory.Groups.Count), DisplayName = name };
            group.People.UnionWith(members.Select(member => people[member].Id));
            directory.Groups.Add(group.Id, group);
            return group;
        }
    }
}
