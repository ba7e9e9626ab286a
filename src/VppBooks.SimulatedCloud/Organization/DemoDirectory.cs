namespace VppBooks.SimulatedCloud.Organization;

/// <summary>Noordrand Schools: people, groups and devices that look like a school group's directory, the same for the same seed.</summary>
internal static class DemoDirectory
{
    public const string OrganizationName = "Noordrand Schools";

    public const string Domain = "noordrand.example";

    /// <summary>Managed Apple Accounts live in a domain of their own, so nothing can mistake them for sign-in names.</summary>
    public const string AppleDomain = "appleid.noordrand.example";

    /// <summary>The people offered on the sign-in page, one per role.</summary>
    public static readonly DemoSignIn[] SignIns =
    [
        new("admin", "Anouk", "de Wit", "VppBooks.Administrator", "Administrator"),
        new("assigner", "Bilal", "Çelik", "VppBooks.Assigner", "Assigner"),
        new("helpdesk", "Ciarán", "O'Neill", "VppBooks.Helpdesk", "Helpdesk"),
        new("auditor", "Dagmar", "Løvås", "VppBooks.Auditor", "Auditor"),
        new("reader", "Emma", "van 't Hof", null, "Reader"),
    ];

    public static void Fill(SimulatedDirectory directory, SimulatedCloudOptions options)
    {
        lock (directory.Gate)
        {
            if (options.Size == OrganizationSize.District)
            {
                DistrictDirectory.Fill(directory, options.Seed);
                return;
            }

            if (options.Size == OrganizationSize.Tiny)
            {
                TinyDirectory.Fill(directory, options.Seed);
                return;
            }

            var people = DemoPeople.Fill(directory, options.Seed);
            DemoDevices.Fill(directory, people, options.Seed);
            DemoGroups.Fill(directory, people, options.Seed);
        }
    }

    public static SimulatedPerson[] AddSignIns(SimulatedDirectory directory, SeededIds ids)
    {
        var people = new SimulatedPerson[SignIns.Length];
        for (var i = 0; i < people.Length; i++)
        {
            var signIn = SignIns[i];
            var address = $"{signIn.Alias}@{Domain}";
            var person = new SimulatedPerson
            {
                Id = ids.Next(IdKind.Person, i),
                GivenName = signIn.GivenName,
                Surname = signIn.Surname,
                DisplayName = $"{signIn.GivenName} {signIn.Surname}",
                UserPrincipalName = address,
                Mail = address,
                ManagedAppleAccount = $"{DemoNames.Fold(signIn.GivenName)}.{DemoNames.Fold(signIn.Surname)}@{AppleDomain}",
                Department = signIn.Role is null ? "Class 4A" : "IT",
            };
            if (signIn.Role is { } role)
            {
                person.AppRoles.Add(role);
            }

            directory.People.Add(person.Id, person);
            people[i] = person;
        }

        return people;
    }
}

/// <param name="Role">App role in the token; null for a reader.</param>
/// <param name="Label">The role as the sign-in page says it.</param>
internal sealed record DemoSignIn(string Alias, string GivenName, string Surname, string? Role, string Label);
