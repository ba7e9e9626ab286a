using System.Globalization;

namespace VppBooks.SimulatedCloud.Organization;

/// <summary>Fills the directory with people.</summary>
internal static class DemoDirectory
{
    public static void Fill(SimulatedDirectory directory, SimulatedCloudOptions options)
    {
        var random = new Random(options.Seed);
        var count = options.Size == OrganizationSize.District ? 100_000 : 1_200;
        Span<byte> id = stackalloc byte[16];
        lock (directory.Gate)
        {
            for (var i = 0; i < count; i++)
            {
                random.NextBytes(id);
                var name = string.Create(CultureInfo.InvariantCulture, $"person{i + 1}");
                var person = new SimulatedPerson
                {
                    Id = new Guid(id),
                    DisplayName = name,
                    GivenName = name,
                    Surname = "Noordrand",
                    UserPrincipalName = name + "@noordrand.example",
                    Mail = i % 20 == 7 ? null : name + "@noordrand.example",
                    ManagedAppleAccount = i % 5 == 2 || i % 20 == 7 ? null : name + "@appleid.noordrand.example",
                };
                directory.People.Add(person.Id, person);
            }
        }
    }
}
