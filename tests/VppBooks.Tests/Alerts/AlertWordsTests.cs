using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using VppBooks.Apple;
using VppBooks.Core.Alerts;
using VppBooks.Core.Catalog;
using VppBooks.Core.Settings;
using VppBooks.Tests.Locations;
using VppBooks.Web.Components.Alerts;
using VppBooks.Web.Hosting;

namespace VppBooks.Tests.Alerts;

/// <summary>Every kind of alert arrives by request and by mail in the words of the program, with the page that helps.</summary>
public sealed class AlertWordsTests(AlertRoom room) : IClassFixture<AlertRoom>
{
    private static readonly DateTimeOffset _moment = new(2027, 3, 1, 23, 30, 0, TimeSpan.Zero);

    // Kind, title in English, title in Dutch, page: L of the token, B of the book.
    private static readonly (AlertKind Kind, string English, string Dutch, string Page)[] _expected =
    [
        (AlertKind.TokenExpiring, "The token “North” expires on 1 Mar 2027 23:30 UTC.", "Het token “North” verloopt op 1 mrt 2027 23:30 UTC.", "L"),
        (AlertKind.TokenExpired, "The token “North” expired on 1 Mar 2027 23:30 UTC.", "Het token “North” is verlopen op 1 mrt 2027 23:30 UTC.", "L"),
        (AlertKind.TokenRefused, "Apple no longer accepts the token “North”.", "Apple accepteert het token “North” niet meer.", "L"),
        (AlertKind.TokenClaimedElsewhere, "“North” is managed by another device management now.", "“North” wordt nu door een ander apparaatbeheer beheerd.", "L"),
        (AlertKind.TokenReadOnly, "Apple lets the token “North” read, but not give out licenses.", "Apple laat het token “North” lezen, maar geen licenties uitgeven.", "L"),
        (AlertKind.TokenUnreadable, "The token “North” cannot be decrypted on this server.", "Het token “North” kan op deze server niet worden ontsleuteld.", "L"),
        (AlertKind.SyncFailing, "The last sync of “North” failed.", "De laatste synchronisatie van “North” is mislukt.", "L"),
        (AlertKind.SyncStale, "The numbers of “North” are old: no sync has succeeded since 1 Mar 2027 23:30 UTC.", "De aantallen van “North” zijn oud: sinds 1 mrt 2027 23:30 UTC is geen synchronisatie gelukt.", "L"),
        (AlertKind.StockShort, "3 people wait for “North”.", "3 personen wachten op “North”.", "B"),
        (AlertKind.StockLow, "3 licenses of “North” are left.", "Er zijn 3 licenties van “North” over.", "B"),
        (AlertKind.PeopleStuck, "3 people at “North” have not accepted their invitation for long.", "3 personen bij “North” hebben hun uitnodiging al lang niet aangenomen.", "/people?state=invited"),
        (AlertKind.OperationUnknown, "The outcome of 3 requests to Apple for “North” is not known.", "De uitkomst van 3 verzoeken aan Apple voor “North” is niet bekend.", "L"),
        (AlertKind.DirectoryFailing, "Groups that books are assigned to cannot be read: 3. The first of them since 1 Mar 2027 23:30 UTC.", "Groepen waaraan boeken zijn toegewezen kunnen niet worden gelezen: 3. De eerste daarvan sinds 1 mrt 2027 23:30 UTC.", "/groups"),
        (AlertKind.CertificateExpiring, "The certificate that protects stored secrets ends on 1 Mar 2027 23:30 UTC.", "Het certificaat dat opgeslagen geheimen beschermt, eindigt op 1 mrt 2027 23:30 UTC.", "/monitor/alerts"),
        (AlertKind.StorageFull, "The database has no room left.", "De database heeft geen ruimte meer.", "/monitor/alerts"),
        (AlertKind.AuditNotSealed, "The audit trail is not sealed any more: rows have waited since 1 Mar 2027 23:30 UTC.", "Het auditspoor wordt niet meer verzegeld: regels wachten sinds 1 mrt 2027 23:30 UTC.", "/monitor/alerts"),
        (AlertKind.AuditNotSigned, "An end of the audit trail that was found on 1 Mar 2027 23:30 UTC had not been signed by this installation.", "Een einde van het auditspoor dat op 1 mrt 2027 23:30 UTC is gevonden, was niet door deze installatie ondertekend.", "/monitor/verify"),
        (AlertKind.AuditNotForwarded, "The audit trail does not reach “North” any more: rows have waited since 1 Mar 2027 23:30 UTC.", "Het auditspoor bereikt “North” niet meer: regels wachten sinds 1 mrt 2027 23:30 UTC.", "/monitor/alerts"),
        (AlertKind.SyncIncomplete, "The numbers of “North” may be wrong: no sync has read everything since 1 Mar 2027 23:30 UTC.", "De aantallen van “North” kloppen misschien niet: sinds 1 mrt 2027 23:30 UTC heeft geen synchronisatie alles gelezen.", "L"),
        (AlertKind.PeopleRefused, "Apple refused to register 3 people at “North” more than a day ago.", "Apple weigerde meer dan een dag geleden 3 personen bij “North” te registreren.", "/people?state=refused&directory=here"),
        (AlertKind.CopiesUnserved, "3 copies of “North” were refused by Apple or have been stuck for more than a day.", "3 exemplaren van “North” zijn door Apple geweigerd of zitten al meer dan een dag vast.", "/monitor/reports/unserved"),
    ];

    [Fact]
    public async Task Every_kind_says_in_both_languages_what_is_the_matter_what_to_do_and_where()
    {
        Assert.Equal(Enum.GetValues<AlertKind>(), _expected.Select(e => e.Kind));
        var (location, book) = (Guid.Empty, Guid.NewGuid());
        var number = 0;
        await room.House.ChangeAsync(db =>
        {
            location = db.Locations.Single(l => l.Id == room.LocationId).PublicId;
            db.Books.Add(new Book { PublicId = book, LocationId = room.LocationId, AdamId = 1, PricingParam = PricingParam.STDQ, TotalCount = 9, AvailableCount = 9 });
        });
        await room.House.ChangeAsync(db => number = db.Books.Single().Id);

        var english = await TellAsync("en");
        var dutch = await TellAsync("nl");

        foreach (var (kind, en, nl, page) in _expected)
        {
            var path = page switch { "L" => $"/tenant/connectors/apple-vpp-tokens/{location}", "B" => Web.Components.Catalog.BookDetailPage.Href(book), _ => page };
            Assert.Equal((en, "https://books.example" + path), (english[kind].Title, english[kind].Url));
            Assert.Equal((nl, "https://books.example" + path), (dutch[kind].Title, dutch[kind].Url));
            Assert.NotEqual(english[kind].Remedy, dutch[kind].Remedy);
            Assert.True(english[kind].Remedy.Length > 20, $"{kind}: {english[kind].Remedy}");
        }

        async Task<Dictionary<AlertKind, AlertMessage>> TellAsync(string language)
        {
            await using var process = room.Process(
                new AlertOptions { Webhooks = [new(room.Receiver.Url, AlertHouse.Secret)], MailTo = ["it@noordrand.example"], ConsoleUrl = "https://books.example", StockLowShare = 0, Language = language },
                Speak);
            room.Troubles.Clear();
            await AlertHouse.LookAsync(process);
            foreach (var (kind, _, _, page) in _expected)
            {
                room.Make(new AlertCondition(kind, room.LocationId)
                {
                    Subject = "North",
                    Count = 3,
                    About = _moment,
                    LocationId = page == "L" ? room.LocationId : null,
                    BookId = page == "B" ? number : null,
                });
            }

            var (messages, mails) = (room.Receiver.Messages.Count, room.Mails.List().Count);
            await AlertHouse.LookAsync(process);
            var told = room.Receiver.Messages.Skip(messages).ToDictionary(m => m.Kind!.Value);
            var mailed = room.Mails.List().SkipLast(mails).ToDictionary(m => m.Subject);
            Assert.Equal(told.Count, mailed.Count);
            foreach (var message in told.Values)
            {
                var mail = mailed[$"VppBooks: {message.Title}"];
                Assert.Contains(message.Title + "\n\n" + message.Remedy + "\n\n" + message.Url, mail.Text.ReplaceLineEndings("\n"), StringComparison.Ordinal);
                Assert.Contains($"<html lang=\"{language}\">", mail.Html, StringComparison.Ordinal);
            }

            return told;
        }
    }

    [Fact]
    public async Task Language_that_is_set_in_the_console_is_that_of_the_next_message_and_one_that_waits_keeps_its_own()
    {
        await using var process = room.Process(new AlertOptions { Webhooks = [new(room.Receiver.Url, AlertHouse.Secret)], MailTo = ["it@noordrand.example"], StockLowShare = 0 }, Speak);
        room.Troubles.Clear();
        await AlertHouse.LookAsync(process);
        var (messages, mails) = (room.Receiver.Messages.Count, room.Mails.List().Count);

        room.Make(Shortage("1"));
        await process.GetRequiredService<AlertWatch>().LookAsync(CancellationToken.None);
        Assert.Equal(new ChangeSettingsResult.Saved(1), await room.House.Get<SettingsDesk>().ChangeAsync([new(AlertRules.Language.Key, "nl", 0)], CoreHouse.Admin, CancellationToken.None));
        await process.GetRequiredService<AlertChannels>().SendDueAsync(CancellationToken.None);
        room.Make(Shortage("2"));
        await AlertHouse.LookAsync(process);

        Assert.Equal([("3 people wait for “1”.", "en"), ("3 personen wachten op “2”.", "nl")], room.Receiver.Messages.Skip(messages).Select(m => (m.Title, m.Language!)));
        var mailed = room.Mails.List().SkipLast(mails).ToDictionary(m => m.Subject.Trim());
        Assert.Equal(["VppBooks: 3 people wait for “1”.", "VppBooks: 3 personen wachten op “2”."], mailed.Keys.Order(StringComparer.Ordinal));
        Assert.Contains("<html lang=\"en\">", mailed["VppBooks: 3 people wait for “1”."].Html, StringComparison.Ordinal);
        Assert.Contains("VppBooks sends this to", mailed["VppBooks: 3 people wait for “1”."].Text, StringComparison.Ordinal);
        Assert.Contains("<html lang=\"nl\">", mailed["VppBooks: 3 personen wachten op “2”."].Html, StringComparison.Ordinal);
        Assert.DoesNotContain("VppBooks sends this to", mailed["VppBooks: 3 personen wachten op “2”."].Text, StringComparison.Ordinal);
        await room.House.ChangeAsync(db => db.StoredSettings.RemoveRange(db.StoredSettings));

        AlertCondition Shortage(string subject) => new(AlertKind.StockShort, room.LocationId + int.Parse(subject, CultureInfo.InvariantCulture)) { Subject = subject, Count = 3 };
    }

    [Theory]
    [InlineData(AlertKind.SyncStale, null, "“North” has no numbers: no sync has succeeded yet.", "“North” heeft geen aantallen: er is nog geen synchronisatie gelukt.")]
    [InlineData(AlertKind.SyncIncomplete, null, "The numbers of “North” may be wrong: no sync has read everything yet.", "De aantallen van “North” kloppen misschien niet: nog geen synchronisatie heeft alles gelezen.")]
    [InlineData(AlertKind.DirectoryFailing, 0, "The directory cannot be read since –.", "De directory kan sinds – niet worden gelezen.")]
    [InlineData(AlertKind.PeopleRefused, 1, "Apple refused to register 1 person at “North” more than a day ago.", "Apple weigerde meer dan een dag geleden 1 persoon bij “North” te registreren.")]
    [InlineData(AlertKind.CopiesUnserved, 1, "1 copy of “North” was refused by Apple or has been stuck for more than a day.", "1 exemplaar van “North” is door Apple geweigerd of zit al meer dan een dag vast.")]
    public void What_never_happened_has_no_moment_and_one_is_no_number_of_many(AlertKind kind, int? count, string english, string dutch)
    {
        using var program = new ServiceCollection().AddLogging().AddLocalization().AddSingleton<AlertTexts>().AddSingleton<AlertLanguages>().BuildServiceProvider();
        var facts = new AlertFacts(kind, AlertSeverity.Warning, "North", count, null, null, null, null);

        Assert.Equal((english, dutch), (program.GetRequiredService<AlertLanguages>().In("en").Title(facts), program.GetRequiredService<AlertLanguages>().In("nl").Title(facts)));
    }

    [Fact]
    public void Messages_can_be_set_to_every_language_of_the_console() => Assert.Equal(Languages.Shipped, AlertRules.Language.Choices);

    private static void Speak(IServiceCollection services)
    {
        services.AddLocalization();
        services.AddSingleton<AlertTexts>();
        services.Replace(ServiceDescriptor.Singleton<IAlertLanguages, AlertLanguages>());
    }
}
