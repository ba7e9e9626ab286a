namespace VppBooks.SimulatedCloud.Organization;

/// <summary>The 1,200 people of the demo organization.</summary>
internal sealed record DemoPeople(
    SimulatedPerson[] SignIns, SimulatedPerson[] Pupils, SimulatedPerson[] Staff, SimulatedPerson[] Guests)
{
    private const int PupilCount = 899;
    private const int StaffCount = 286;
    private const int GuestCount = 10;

    public SimulatedPerson Reader => SignIns[^1];

    public static DemoPeople Fill(SimulatedDirectory directory, int seed)
    {
        var ids = new SeededIds(seed);
        var signIns = DemoDirectory.AddSignIns(directory, ids);
        var next = 0;
        var pupils = Many(PupilCount, Pupil);
        var staff = Many(StaffCount, Member);
        var guests = Many(GuestCount, Guest);
        return new(signIns, pupils, staff, guests);

        SimulatedPerson[] Many(int count, Func<int, SimulatedPerson> make)
        {
            var people = new SimulatedPerson[count];
            for (var i = 0; i < count; i++)
            {
                people[i] = make(i);
                directory.People.Add(people[i].Id, people[i]);
            }

            return people;
        }

        SimulatedPerson Pupil(int index)
        {
            var person = Named();
            person.Department = "Pupils";
            person.PreferredLanguage = (index % 5) switch { 1 => "nl-NL", 2 => "en-GB", 3 => "uk-UA", _ => null };
            if (index % 30 == 17)
            {
                // 30 young pupils have neither a mailbox nor a Managed Apple Account: nobody can be invited here.
                person.Mail = null;
                person.ManagedAppleAccount = null;
            }

            person.AccountEnabled = index % 60 != 44;
            return person;
        }

        SimulatedPerson Member(int index)
        {
            var person = Named();
            person.Department = (index % 4) switch { 0 => "Teachers", 1 => "Teachers", 2 => "Support", _ => "Administration" };
            if (index % 3 == 0)
            {
                // Staff who use an Apple Account of their own: they must be invited by mail.
                person.ManagedAppleAccount = null;
            }

            person.AccountEnabled = index % 40 != 25;
            return person;
        }

        SimulatedPerson Guest(int index)
        {
            var (given, surname, address) = DemoNames.Pick(next, seed);
            return new SimulatedPerson
            {
                Id = ids.Next(IdKind.Person, signIns.Length + next++),
                GivenName = given,
                Surname = surname,
                DisplayName = $"{given} {surname}",
                UserPrincipalName = $"{address}_uitgeverij.example#EXT#@{DemoDirectory.Domain}",
                Mail = $"{address}@uitgeverij.example",
                UserType = "Guest",
                AccountEnabled = index != 3,
            };
        }

        SimulatedPerson Named() => Person(ids, seed, signIns.Length, next++);
    }

    /// <summary>A person with mailbox and Managed Apple Account.</summary>
    public static SimulatedPerson Person(SeededIds ids, int seed, int firstId, int index)
    {
        var (given, surname, address) = DemoNames.Pick(index, seed);
        var mail = $"{address}@{DemoDirectory.Domain}";
        return new SimulatedPerson
        {
            Id = ids.Next(IdKind.Person, firstId + index),
            GivenName = given,
            Surname = surname,
            DisplayName = $"{given} {surname}",
            UserPrincipalName = mail,
            Mail = mail,
            ManagedAppleAccount = $"{address}@{DemoDirectory.AppleDomain}",
        };
    }
}
