using VppBooks.Core.Persistence;
using VppBooks.Core.Security;

namespace VppBooks.Core.Alerts;

/// <summary>Something to tell.</summary>
/// <param name="Alert">What it is about.</param>
/// <param name="Occasion">What happened to it.</param>
/// <param name="Successor">What took the place of an alert that was cleared; null: it is over, or was not cleared.</param>
internal sealed record AlertNews(Alert Alert, AlertOccasion Occasion, Alert? Successor = null);

/// <summary>Writes messages to everybody who is told. Many about one kind of trouble at once are one message that lists them.</summary>
public sealed class AlertLetters(AlertReceivers receivers, AlertRules rules, IAlertLanguages languages, IdSource ids)
{
    /// <summary>More than this of one kind and occasion in one look are told together.</summary>
    public const int MostApart = 10;

    /// <summary>
    /// Writes what there is to tell, and in the alerts that it was told. With nobody to tell nothing was: whoever is added later still hears of it. An alert whose place
    /// another took is closed at programs, which would keep it open for ever, and not told to people: they are told of the other, and would take it for an end.
    /// </summary>
    /// <returns>How many messages were written.</returns>
    internal async Task<int> WriteAsync(VppBooksDbContext db, IEnumerable<AlertNews> news, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var told = news.Where(n => n.Occasion == AlertOccasion.Cleared ? n.Alert.ToldLevel is not null : n.Alert.SnoozedUntil is null)
            .Select(n => n with { Occasion = n.Alert.ToldLevel is null ? AlertOccasion.Raised : n.Occasion })
            .ToList();
        if (told.Count == 0 || await receivers.ListAsync(db, cancellationToken) is not { Count: > 0 } everybody)
        {
            return 0;
        }

        foreach (var one in told.Where(t => t.Occasion != AlertOccasion.Cleared))
        {
            one.Alert.ToldLevel = one.Alert.Level;
        }

        var standing = await rules.ReadAsync(db, cancellationToken);
        var (words, console) = (languages.In(standing.Language), standing.ConsoleUrl);
        var subjects = await AlertSubjects.ReadAsync(db, [.. told.Select(t => t.Alert)], cancellationToken);
        var messages = 0;
        foreach (var alike in told.GroupBy(t => (t.Alert.Kind, t.Occasion, Superseded: t.Successor is not null)))
        {
            var occasion = alike.Key.Occasion;
            var items = alike.OrderByDescending(t => t.Alert.Severity).ThenByDescending(t => t.Alert.Level).ThenBy(t => t.Alert.Id)
                .Select(t => (t.Alert.Id, Told: new AlertInMessage(t.Alert.PublicId, subjects.FactsOf(t.Alert), t.Successor?.PublicId))).ToList();
            foreach (var receiver in everybody.Where(r => !(alike.Key.Superseded && r is AlertReceiver.Mailbox)))
            {
                if (items.Count > MostApart)
                {
                    Add(db, receiver, null, AlertMessage.OfMany([.. items.Select(i => i.Told)], ids.NewId(), occasion, now, words, console));
                    messages++;
                    continue;
                }

                foreach (var (id, one) in items)
                {
                    Add(db, receiver, id, AlertMessage.Of(one, ids.NewId(), occasion, now, words, console));
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
