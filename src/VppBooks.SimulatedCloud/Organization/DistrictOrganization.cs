using System.Globalization;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.SimulatedCloud.Organization;

/// <summary>One location for measuring: 2,000 books, 100,000 users, 1,000,000 book assignments of which 20 % of the books hold 80 %.</summary>
internal static class DistrictOrganization
{
    public const string UId = "3104477120059999";

    private const int Books = 2_000;
    private const int Users = 100_000;

    public static void Fill(AppleSimulator simulator)
    {
        simulator.People.ReadDirectory();
        var location = simulator.AddLocation(UId, "Noordrand District", "NL", "volumestore");
        location.Users.EnsureCapacity(Users);
        location.NewestUsers.EnsureCapacity(Users);
        location.ActiveByAccount.EnsureCapacity(Users);
        location.Held.EnsureCapacity(1_001_000);
        for (var i = 0; i < Users; i++)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"omdm-{i + 1:D6}");
            var user = location.AddUser(id, null);
            user.Status = UserStatus.Associated;
            user.Account = id + "@old.example";
            user.IdHash = AppleAccounts.Hash(location, user.Account);
            location.ActiveByAccount[user.Account] = user;
        }

        for (var i = 0; i < Books; i++)
        {
            var (name, author, language, year, genre) = DemoTitles.Books[i % DemoTitles.Books.Length];
            var volume = (i / DemoTitles.Books.Length) + 1;
            var adamId = string.Create(CultureInfo.InvariantCulture, $"{6_478_200_000 + (i * 37L)}");
            simulator.Store.Add(new StoreTitle(adamId, volume == 1 ? name : string.Create(CultureInfo.InvariantCulture, $"{name}, {volume}"), author, language, year, genre, IsBook: true, ["NL", "DE", "US"]));
            var popular = i % 5 == 0;
            var assigned = popular ? 2_000 : 125;

            // The first two have room for everybody.
            var asset = location.AddAsset(adamId, "STDQ", isBook: true, i switch { 0 => 250_000, 1 => AssetState.Unlimited, _ => assigned + (popular ? 500 : 75) }, ["iOS", "macOS"]);
            asset.Holders.EnsureCapacity(assigned);
            for (var k = 0; k < assigned; k++)
            {
                // 37 has no factor in common with the number of users, so nobody is hit twice.
                location.Assign(asset, (int)((i * 617L) + (k * 37L)) % Users);
            }
        }

        for (var i = 0; i < 6; i++)
        {
            var adamId = string.Create(CultureInfo.InvariantCulture, $"{6_500_900_000 + (i * 91)}");
            simulator.Store.Add(new StoreTitle(adamId, DemoTitles.Apps[i].Name, DemoTitles.Apps[i].Author, "en", 2022, "Education", IsBook: false, ["NL"]));
            var app = location.AddAsset(adamId, "STDQ", isBook: false, 400, ["iOS"]);
            for (var k = 0; k < 60; k++)
            {
                location.Assign(app, location.SerialTarget(string.Create(CultureInfo.InvariantCulture, $"NRD999{k + 1:D5}")));
            }
        }
    }
}
