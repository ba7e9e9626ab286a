using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Alerts;

/// <summary>Writes messages to everybody who is told. Many about one kind of trouble at once are one message that lists them.</summary>
public sealed class AlertLetters(AlertReceivers receivers, AlertRules rules, IAlertLanguages languages, IdSource ids)
{
    /// <summary>More than this of one kind and occasion in one look are told together.</summary>
    public const int MostApart = 10;

    /// <summary>Writes what there is to tell, and in the alerts that it was told. With nobody to tell nothing was: whoever is added later still hears of it.</summary>
    /// <returns>How many messages were written.</returns>
    internal async Task<int> WriteAsync(VppBooksDbContext db, IEnumerable<(Alert Alert, AlertOccasion Occasion)> news, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var told = news.Where(n => n.Occasion == AlertOccasion.Cleared ? n.Alert.ToldLevel is not null : n.Alert.SnoozedUntil is null)
            .Select(n => n with { Occasion = n.Alert.ToldLevel is null ? AlertOccasion.Raised : n.Occasion })
            .ToList();
        if (told.Count == 0 || await receivers.ListAsync(db, cancellationToken) is not { Count: > 0 } everybody)
        {
            return 0;
        }

        foreach (var (alert, _) in told.Where(t => t.Occasion != AlertOccasion.Cleared))
        {
            alert.ToldLevel = alert.Level;
        }

        var standing = await rules.ReadAsync(db, cancellationToken);
        var (words, console) = (languages.In(standing.Language), standing.ConsoleUrl);
        var subjects = await AlertSubjects.ReadAsync(db, [.. told.Select(t => t.Alert)], cancellationToken);
        var messages = 0;
        foreach (var alike in told.GroupBy(t => (t.Alert.Kind, t.Occasion), t => t.Alert))
        {
            var occasion = alike.Key.Occasion;
            var items = alike.OrderByDescending(a => a.Severity).ThenByDescending(a => a.Level).ThenBy(a => a.Id).Select(a => (a.Id, a.PublicId, Facts: subjects.FactsOf(a))).ToList();
            foreach (var receiver in everybody)
            {
                if (items.Count > MostApart)
                {
                    Add(db, receiver, null, AlertMessage.OfMany([.. items.Select(i => (i.PublicId, i.Facts))], ids.NewId(), occasion, now, words, console));
                    messages++;
                    continue;
                }

                foreach (var (id, publicId, facts) in items)
                {
                    Add(db, receiver, id, AlertMessage.Of(facts, publicId, ids.NewId(), occasion, now, words, console));
                    messages++;
                }
            }
        }

        return messages;
    }

    private static void Add(VppBooksDbContext db, AlertReceiver receiver, int? alertId, AlertMessage message) => db.AlertDeliveries.Add(new AlertDelivery
    {
        PublicId = message.Id,
        AlertId = alertId,
        Occasion = message.Occasion,
        Channel = receiver.Name,
        Body = message.ToJson(),
        CreatedAt = message.At,
        DueAt = message.At,
    });
}
