using System.Globalization;
using System.Text;
using System.Text.Json;
using VppBooks.Core.Locations;
using VppBooks.Core.Notifications;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.Model;

/// <content>Apple's notifications: they arrive when the model says so, in the order it likes, twice or never; and somebody else sends some, too.</content>
internal sealed partial class ModelWorld
{
    private const int MostAtOnce = 8;

    private readonly List<Letter> _letters = [];
    private readonly bool _lettersComeAtOnce;

    private sealed record Letter(PostedNotification Content, int Attempt);

    private async Task ArriveAsync()
    {
        await ArriveAsync(AnyServer());
        if (Chance(0.7))
        {
            await TurnsAsync(AnyServer());
        }
    }

    /// <summary>They come while a turn is under way: what it read before may be what they speak of.</summary>
    private async Task ArriveInTurnAsync()
    {
        if (Connected() is not { Count: > 0 } connected)
        {
            return;
        }

        var server = AnyServer();
        server.Points.Arm(PointKind.Unlocked, R.Next(1, Pick([10, 40])), _ => ArriveAsync(Chance(0.5) ? server : Other(server)));
        await TurnAsync(server, Pick(connected));
    }

    /// <summary>Some of those that are under way, in any order.</summary>
    /// <returns>How many were stored.</returns>
    private async Task<int> ArriveAsync(ModelServer server)
    {
        var (stored, lost) = (0, 0);
        for (var count = Math.Min(_letters.Count, MostAtOnce); count > 0; count--)
        {
            var index = R.Next(_letters.Count);
            var letter = _letters[index];
            _letters.RemoveAt(index);
            var (content, times) = (letter.Content, R.Next(10));
            if (times == 0)
            {
                lost++;
                continue;
            }

            var status = await DeliverAsync(server, content);
            if (status != 200)
            {
                // What is not acknowledged comes again, three times in all.
                if (letter.Attempt < 3)
                {
                    _letters.Add(letter with { Attempt = letter.Attempt + 1 });
                }

                continue;
            }

            stored++;
            if (times is 1 or 2)
            {
                await DeliverAsync(Chance(0.5) ? server : Other(server), times == 1 ? content : WithNewId(content));
            }
        }

        if (stored + lost > 0)
        {
            Tell($"{stored} notifications arrive, {lost} are lost");
        }

        return stored;
    }

    /// <summary>What the program does with a delivery: the secret is looked at before the content, and only what is stored is acknowledged.</summary>
    private static async Task<int> DeliverAsync(ModelServer server, PostedNotification letter)
    {
        try
        {
            var location = Guid.Parse(letter.Url[(letter.Url.LastIndexOf('/') + 1)..]);
            return await server.Get<NotificationGate>().FindAsync(location, letter.Authorization, () => true, CancellationToken.None) is not { } origin ? 401
                : await server.Get<NotificationInbox>().AcceptAsync(origin, letter.Body, CancellationToken.None) is Receipt.Stored or Receipt.Ignored ? 200 : 400;
        }
        catch (Exception) when (server.Points.Dead)
        {
            return 0;
        }
    }

    /// <summary>Somebody who is not Apple sends notifications: without the secret, with the one of another location, or with a stolen one.</summary>
    private async Task ForgeAsync()
    {
        var server = AnyServer();
        if (Pick(Locations) is var uId && Cloud.Apple.Find(uId) is not { NotificationUrl: { } url, NotificationToken: { } secret })
        {
            return;
        }

        var before = Files.Count("""SELECT COUNT(*) FROM "InboxNotifications" """);
        var letter = new PostedNotification(uId, url, "Bearer " + secret, "", "", Lie(uId));
        var (refused, forged) = R.Next(5) switch
        {
            0 => (true, letter with { Authorization = Pick(["", "Bearer ", "Bearer guessed", "Basic " + secret]) }),
            1 => (true, letter with { Url = $"{PublicUrl}{NotificationOptions.Path}/{new Guid(R.Next(), 0, 0, new byte[8]):D}" }),
            2 => (true, letter with { Body = Lie(Locations.First(l => l != uId)) }),
            _ => (false, letter),
        };
        var status = await DeliverAsync(server, forged);
        Tell($"forged {status}");
        if (refused && (status == 200 || Files.Count("""SELECT COUNT(*) FROM "InboxNotifications" """) != before))
        {
            Fail($"F35: a notification without the location's secret, or of another location, was taken: {status}");
        }

        if (Chance(0.7))
        {
            await FoldAloneAsync();
        }
    }

    /// <summary>F35: whatever hints say, folding them asks nothing of Apple but to be read, and takes nothing away.</summary>
    private async Task FoldAloneAsync()
    {
        if (Connected() is not { Count: > 0 } connected)
        {
            return;
        }

        var (server, location) = (AnyServer(), Pick(connected));
        // A turn begins with what was left half done; nothing is folded before.
        var turn = await TurnAsync(server, location);
        await ArriveAsync(server);
        Clock.Advance(TimeSpan.FromSeconds(2));
        var leases = server.Get<LocationLeases>();
        if (turn.End != TurnEnd.Done || await leases.TryAcquireAsync(location, CancellationToken.None) is not { } lease)
        {
            return;
        }

        const string Rows = """
            SELECT 'license', "Id" FROM "Licenses" UNION ALL SELECT 'book', "Id" FROM "Books" UNION ALL SELECT 'registration', "Id" FROM "VppUsers" WHERE "PersonId" IS NOT NULL
            """;
        var (rows, changes, operations) = (Names(), Changes(), Files.Count("""SELECT COUNT(*) FROM "Operations" """));
        await server.Get<InboxFolder>().FoldAsync(lease, CancellationToken.None);
        await leases.ReleaseAsync(lease, CancellationToken.None);
        if (rows.Except(Names()).FirstOrDefault() is { } gone)
        {
            Fail($"F35: folding hints deleted {gone}");
        }

        if (Changes() != changes || Files.Count("""SELECT COUNT(*) FROM "Operations" """) != operations)
        {
            Fail("F35: folding hints changed something at Apple");
        }

        List<string> Names() => Files.Read(Rows).ConvertAll(r => $"{r[0]} {r[1]}");

        int Changes() => Cloud.Apple.Requests.Count(r => r.Method == "POST");
    }

    /// <summary>A body that Apple never sent: kinds, books, events and numbers that exist, mixed with some that do not.</summary>
    private byte[] Lie(string uId)
    {
        var books = Files.Read("""SELECT "AdamId" FROM "Books" ORDER BY "Id" """).ConvertAll(r => ((long)r[0]).ToString(CultureInfo.InvariantCulture));
        var events = Files.Read("""SELECT "EventId" FROM "Operations" WHERE "EventId" IS NOT NULL ORDER BY "Id" """).ConvertAll(r => (string)r[0]);
        return JsonSerializer.SerializeToUtf8Bytes(new
        {
            notification = new
            {
                adamId = AdamId(),
                pricingParam = Pick(["STDQ", "STDQ", "PLUS", "FREE"]),
                countDelta = R.Next(-1000, 1000),
                assignments = Enumerable.Range(0, R.Next(0, 3)).Select(_ => new { adamId = AdamId(), pricingParam = "STDQ", clientUserId = NewId() }).ToArray(),
                eventId = events.Count > 0 && Chance(0.7) ? Pick(events) : NewId(),
                result = Pick(["SUCCESS", "FAILURE"]),
                error = new { errorNumber = Pick([9609, 9616, 9709]) },
                users = new[] { new { clientUserId = NewId(), status = "Retired" } },
            },
            notificationId = Chance(0.9) ? NewId() : "",
            notificationType = Pick([.. NotificationTypes.Wanted, NotificationTypes.Test, "REVOKE_EVERYTHING"]),
            uId,
        });

        string AdamId() => books.Count > 0 && Chance(0.8) ? Pick(books) : R.Next(1, int.MaxValue).ToString(CultureInfo.InvariantCulture);
    }

    private PostedNotification WithNewId(PostedNotification letter)
    {
        var id = NewId();
        return letter with { Id = id, Body = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(letter.Body).Replace(letter.Id, id, StringComparison.Ordinal)) };
    }

    private string NewId()
    {
        var bytes = new byte[16];
        R.NextBytes(bytes);
        return new Guid(bytes).ToString("D");
    }

    private sealed class Carrier(ModelWorld world) : INotificationCarrier
    {
        public void Post(PostedNotification notification) => world._letters.Add(new Letter(notification, 1));

        // The address is not reached now and then; whoever is dead answers nothing.
        public async Task<int> DeliverTestAsync(PostedNotification notification) => world.Chance(0.1) ? 0 : await DeliverAsync(world.AnyServer(), notification);
    }
}
