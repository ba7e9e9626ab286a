using System.Globalization;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.SimulatedCloud.Organization;

/// <summary>
/// "Noordrand Schools" at Apple: three locations, about sixty books with stock, apps beside them, and what an earlier MDM left behind. Everything
/// follows from the seed.
/// </summary>
internal sealed class DemoOrganization(AppleSimulator simulator, SimulatedDirectory directory, int seed)
{
    public const string EducationUId = "3104477120056218";
    public const string BusinessUId = "3104477120056341";
    public const string LibraryUId = "3104477120056907";

    /// <summary>Has no store data: shown by its number alone.</summary>
    private const string Unlisted = "6478991234";

    private static readonly string[] Everywhere = ["NL", "BE", "DE", "FR", "ES", "GB", "US"];

    private readonly Random _random = new(seed);

    public void Fill()
    {
        simulator.People.ReadDirectory();
        var people = ManagedPeople();

        // A few accounts were made at another organization: a create with them gives 9635.
        for (var i = 0; i < people.Count && simulator.People.OfAnotherOrganization.Count < 8; i += 97)
        {
            simulator.People.OfAnotherOrganization.Add(people[i + 11 < people.Count ? i + 11 : i].ManagedAppleAccount!);
        }

        var education = simulator.AddLocation(EducationUId, "Noordrand Education", "NL", "volumestore");
        var business = simulator.AddLocation(BusinessUId, "Noordrand Business", "NL", "enterprisestore");
        var library = simulator.AddLocation(LibraryUId, "Noordrand Library", "DE", "volumestore");
        library.Claim = new MdmClaim("0a6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7711", "OtherMDM", "mdm.other.example");
        library.ClaimedByOther = true;
        library.OtherActedAt = simulator.Now;

        for (var i = 0; i < DemoTitles.Books.Length; i++)
        {
            var (name, author, language, year, genre) = DemoTitles.Books[i];
            var adamId = AdamIdOf(i);

            // Two titles left the store, which only the cookie finds; German and Library ones are sold in Germany alone.
            var germanOnly = language == "de" && i % 2 == 1;
            simulator.Store.Add(new StoreTitle(adamId, name, author, language, year, genre, IsBook: true, germanOnly ? ["DE"] : Everywhere, OffSale: i is 10 or 27));
            var location = language == "de" && i % 2 == 1 ? library : i % 5 == 4 ? library : i % 5 == 3 && language != "nl" ? business : education;
            location.AddAsset(adamId, "STDQ", isBook: true, StockOf(i), ["iOS", "macOS"]);
        }

        // Free and unlimited, owned in both qualities, owned in two locations, unknown to the store.
        education.AddAsset(AdamIdOf(0), "PLUS", isBook: true, 150, ["iOS", "macOS"]);
        business.AddAsset(AdamIdOf(12), "STDQ", isBook: true, 60, ["iOS", "macOS"]);
        education.AddAsset(Unlisted, "STDQ", isBook: true, 30, []);

        for (var i = 0; i < DemoTitles.Apps.Length; i++)
        {
            var adamId = string.Create(CultureInfo.InvariantCulture, $"{(i % 2 == 0 ? 6_500_900_000 : 1_180_500_000) + (i * 91)}");
            simulator.Store.Add(new StoreTitle(adamId, DemoTitles.Apps[i].Name, DemoTitles.Apps[i].Author, "en", 2022, "Education", IsBook: false, Everywhere));
            foreach (var location in simulator.LocationStates.Where(l => l == education || i % 2 == 0))
            {
                location.AddAsset(adamId, "STDQ", isBook: false, i == 0 ? AssetState.Unlimited : 400, ["iOS"]);
            }
        }

        AddForeign(education, people, users: 260, assignments: 2_600, managed: 6);
        AddForeign(business, people, users: 40, assignments: 160, managed: 2);
        AddForeign(library, people, users: 300, assignments: 1_500, managed: 3);
        AddDevices(education, 320);
        AddDevices(business, 24);
        AddDevices(library, 90);
    }

    /// <summary>Half of the ids are older and fit 31 bits, half are recent and do not.</summary>
    internal static string AdamIdOf(int index) =>
        string.Create(CultureInfo.InvariantCulture, $"{(index % 2 == 0 ? 6_478_120_000 + (index * 37L) : 395_211_000 + (index * 1_013L))}");

    private static int StockOf(int index) => index switch
    {
        2 => AssetState.Unlimited,
        0 => 900,
        7 => 120,
        12 => 1_400,
        _ => new[] { 30, 60, 120, 200, 250, 320, 400, 500, 640, 900 }[index * 7 % 10],
    };

    private List<SimulatedPerson> ManagedPeople()
    {
        lock (directory.Gate)
        {
            return [.. directory.People.Values.Where(p => p.ManagedAppleAccount is { Length: > 0 }).OrderBy(p => p.ManagedAppleAccount, StringComparer.Ordinal)];
        }
    }

    /// <summary>Users and assignments that an earlier MDM made. Some of its users sit on a Managed Apple Account that the directory knows: a create with it gives 9641.</summary>
    private void AddForeign(LocationState location, List<SimulatedPerson> people, int users, int assignments, int managed)
    {
        var taken = people.Count == 0 ? [] : Enumerable.Range(0, managed).Select(i => people[((i * 131) + location.UId[^1]) % people.Count].ManagedAppleAccount!).ToHashSet(StringComparer.OrdinalIgnoreCase);
        taken.ExceptWith(simulator.People.OfAnotherOrganization);
        var accounts = new Queue<string>(taken);
        for (var i = 0; i < users; i++)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"omdm-{location.UId[^3..]}-{i + 1:D4}");
            var email = i % 4 == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"reader{i + 1}@old.noordrand.example");
            var user = simulator.People.Register(location, id, email);
            if (i % 10 != 9)
            {
                simulator.People.Associate(location, user, accounts.TryDequeue(out var account) ? account : id + "@icloud.old.example");
            }
        }

        var books = location.Assets.Where(a => a.IsBook).ToArray();
        for (var tries = 0; assignments > 0 && tries < 50_000; tries++)
        {
            // Squared, so that a few books hold most of them.
            var asset = books[(int)(books.Length * Math.Pow(_random.NextDouble(), 2))];
            var user = _random.Next(location.Users.Count);
            var keep = asset.IsUnlimited ? int.MaxValue : asset.Total * 6 / 10;
            if (asset.Assigned < keep && !location.Holds(asset, user))
            {
                location.Assign(asset, user);
                assignments--;
            }
        }

        foreach (var user in location.Users.Where((u, i) => i % 17 == 5 && !people.Exists(p => p.ManagedAppleAccount == u.Account)).ToArray())
        {
            simulator.People.Retire(location, user, null);
        }
    }

    private static void AddDevices(LocationState location, int devices)
    {
        var apps = location.Assets.Where(a => !a.IsBook).ToArray();
        for (var i = 0; i < devices; i++)
        {
            var target = location.SerialTarget(string.Create(CultureInfo.InvariantCulture, $"NRD{location.UId[^3..]}{i + 1:D5}"));
            for (var app = 0; app <= i % 3; app++)
            {
                if (apps[(app + i) % apps.Length] is { Available: > 0 } asset && !location.Holds(asset, target))
                {
                    location.Assign(asset, target);
                }
            }
        }
    }
}
