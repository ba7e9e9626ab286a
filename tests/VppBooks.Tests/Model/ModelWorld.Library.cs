using VppBooks.Core.Assignments;
using VppBooks.Core.Library;
using VppBooks.Core.Security;

namespace VppBooks.Tests.Model;

/// <content>Readers press Get.</content>
internal sealed partial class ModelWorld
{
    /// <summary>A book that is offered to a group; null: to everybody.</summary>
    private sealed record Offer(Guid Book, long BookId, long AdamId, long? Group);

    /// <summary>A person as the database knows them.</summary>
    private sealed record Person(long Id, Guid DirectoryId);

    /// <summary>An administrator offers a book to a group or two.</summary>
    private async Task OfferAsync()
    {
        var server = AnyServer();
        var groups = Groups();
        R.Shuffle(groups);
        var wishes = groups.Take(R.Next(1, 3)).Select(g => new WishedAssignment(g, Intent.Available)).ToList();
        if (await PlanAsync(server, AnyBook(), wishes: wishes) is { } plan)
        {
            await CommitAsync(server, plan);
        }
    }

    /// <summary>A reader presses Get: once, twice, on two servers at once, together with another reader, or into a crash.</summary>
    private async Task GetAsync()
    {
        if (Offers().Count == 0 || Chance(0.2))
        {
            await OfferAsync();
        }

        if (Offers() is not { Count: > 0 } offers)
        {
            return;
        }

        var scarce = offers.Where(o => Free(o.BookId) <= 1).ToList();
        var offer = Pick(scarce.Count > 0 && Chance(0.6) ? scarce : offers);
        if (AnyReader(offer) is not { } reader)
        {
            return;
        }

        switch (R.Next(8))
        {
            case 0:
                await GetTwiceAsync(offer, reader);
                break;
            case 1:
                await GetOnTwoServersAsync(offer, offers, reader);
                break;
            case 2:
                await GetTogetherAsync(offer, reader);
                break;
            case 3:
                await CrashInGetAsync(offer, reader);
                break;
            default:
                await GetAsync(AnyServer(), offer, reader);
                break;
        }

        if (Chance(0.6))
        {
            await WorkAsync(AnyServer(), Pick([TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(15)]));
        }
    }

    private async Task GetTwiceAsync(Offer offer, Person reader)
    {
        var server = AnyServer();
        var first = await GetAsync(server, offer, reader);
        var second = await GetAsync(Chance(0.5) ? server : Other(server), offer, reader);
        if (Gives(first) && second is not TakeResult.AlreadyThere)
        {
            Fail($"I8: Get was pressed again and answered {second}");
        }
    }

    /// <summary>The same reader's other Get, of the same title in another way where there is one, comes between the first one's looks at the ledger.</summary>
    private async Task GetOnTwoServersAsync(Offer offer, List<Offer> offers, Person reader)
    {
        var others = offers.Where(o => o.AdamId == offer.AdamId && o.BookId != offer.BookId).ToList();
        var other = others.Count > 0 && Chance(0.8) ? Pick(others) : offer;
        var (onlyFacts, work) = (Chance(0.5), Chance(0.3));
        TakeResult? meanwhile = null;
        First.Points.Arm(PointKind.BeforeTransaction, 1, async _ =>
        {
            Tell("meanwhile");
            var newest = Files.Count("""SELECT COALESCE(MAX("Id"), 0) FROM "Licenses" """);
            meanwhile = await GetAsync(Second, other, reader);
            if (work)
            {
                await TurnsAsync(Second);
            }

            // As on a database that shows what was committed between two looks, or lets two look before either writes.
            (First.Points.NewestHoldingSeen, First.Points.NewestLicenseSeen) = (newest, onlyFacts ? null : newest);
        });
        var result = await TakeAsync(First, offer, reader);
        First.Points.Disarm();
        (First.Points.NewestHoldingSeen, First.Points.NewestLicenseSeen) = (null, null);
        Tell($"{Describe(result)} at last");
        if (!work && Gives(result) && Gives(meanwhile!))
        {
            Fail($"I1: of two gets at once both were given the title: {meanwhile} and {result}");
        }
    }

    /// <summary>Two readers at once, mostly for the last copy.</summary>
    private async Task GetTogetherAsync(Offer offer, Person reader)
    {
        if (AnyReader(offer) is not { } other)
        {
            return;
        }

        var free = Free(offer.BookId);
        TakeResult? meanwhile = null;
        First.Points.Arm(PointKind.BeforeTransaction, 1, async _ =>
        {
            Tell("meanwhile");
            meanwhile = await GetAsync(Second, offer, other);
        });
        var result = await TakeAsync(First, offer, reader);
        First.Points.Disarm();
        Tell($"{Describe(result)} at last");
        if (free == 1 && result is TakeResult.Taken && meanwhile is TakeResult.Taken)
        {
            Fail("I3: two readers were given the last copy");
        }
    }

    private async Task CrashInGetAsync(Offer offer, Person reader)
    {
        var server = AnyServer();
        server.Points.ArmCrash(PointKind.Any, R.Next(1, 4), where => Tell($"{server.Name} crashes at {where}"));
        try
        {
            Tell(Describe(await TakeAsync(server, offer, reader)));
            // A refusal passes fewer points: the work that follows does not crash in its place.
            server.Points.Disarm();
        }
        catch (Exception) when (server.Points.Dead)
        {
            await RestartAsync(server);
        }
    }

    /// <summary>One Get that nothing comes between, judged by what stood in the database before.</summary>
    private async Task<TakeResult> GetAsync(ModelServer server, Offer offer, Person reader)
    {
        var (may, before) = (MayGet(offer, reader), Fingerprint.All(Files));
        var result = await TakeAsync(server, offer, reader);
        Tell(Describe(result));
        if (!Gives(result))
        {
            if (Fingerprint.All(Files) is var after && after != before)
            {
                Fail($"I8: a Get that was answered {result} changed data:\n{Fingerprint.Difference(before, after)}");
            }

            return result;
        }

        if (!may)
        {
            Fail($"A Get was answered {result}, and nothing offers the book to the reader");
        }

        var state = result is TakeResult.Taken ? 1 : 5;
        if (Files.Count("""SELECT COUNT(*) FROM "Licenses" WHERE "PersonId" = $1 AND "BookId" = $2 AND "State" = $3 AND "Source" = 1""", [reader.Id, offer.BookId, state]) != 1)
        {
            Fail($"A Get was answered {result}, and the ledger does not say so");
        }

        return result;
    }

    private static Task<TakeResult> TakeAsync(ModelServer server, Offer offer, Person reader) => server.Get<BookTaking>().TakeAsync(
        offer.Book, new Actor(ActorKind.Person, reader.DirectoryId.ToString("D"), "R. Reader", Permissions.None), CancellationToken.None);

    private static bool Gives(TakeResult result) => result is TakeResult.Taken or TakeResult.Waits;

    private static string Describe(TakeResult result) => $"get {result.GetType().Name}";

    private List<Offer> Offers() =>
    [
        .. Files.Read("""
            SELECT b."PublicId", b."Id", b."AdamId", a."GroupId" FROM "GroupAssignments" AS a
            JOIN "Books" AS b ON b."Id" = a."BookId" JOIN "Locations" AS l ON l."Id" = b."LocationId"
            WHERE l."DeletedAt" IS NULL AND a."Intent" = 0 ORDER BY a."Id"
            """).Select(r => new Offer(Guid.Parse((string)r[0]), (long)r[1], (long)r[2], r[3] as long?)),
    ];

    /// <summary>Mostly somebody whom the offer reaches; sometimes somebody who waits for the book, or anybody.</summary>
    private Person? AnyReader(Offer offer)
    {
        var everybody = People("""SELECT "Id", "DirectoryId" FROM "People" ORDER BY "Id" """);
        var chosen = R.Next(10) switch
        {
            0 => everybody,
            1 or 2 => People("""SELECT p."Id", p."DirectoryId" FROM "People" AS p JOIN "Licenses" AS l ON l."PersonId" = p."Id" WHERE l."BookId" = $1 AND l."State" = 5 ORDER BY p."Id" """, offer.BookId),
            _ => offer.Group is { } group
                ? People("""SELECT p."Id", p."DirectoryId" FROM "People" AS p JOIN "GroupMemberships" AS m ON m."PersonId" = p."Id" WHERE m."GroupId" = $1 ORDER BY p."Id" """, group)
                : everybody,
        };
        return chosen.Count > 0 ? Pick(chosen) : everybody.Count > 0 ? Pick(everybody) : null;
    }

    private List<Person> People(string sql, params IEnumerable<object> values) => Files.Read(sql, values).ConvertAll(r => new Person((long)r[0], Guid.Parse((string)r[1])));

    /// <summary>Copies that nobody has, for whom none is set aside and nobody waits.</summary>
    private long Free(long book) => Files.Count(
        """
        SELECT CASE WHEN b."Unlimited" = 1 THEN 1000000 ELSE b."AvailableCount" - (SELECT COUNT(*) FROM "Licenses" AS l WHERE l."BookId" = b."Id" AND l."State" IN (1, 2, 3, 5, 7, 8)) END
        FROM "Books" AS b WHERE b."Id" = $1
        """,
        [book]);

    /// <summary>Whether anything that stands reaches the reader with the book; true where a plan that can still be taken back makes that a question.</summary>
    private bool MayGet(Offer offer, Person reader)
    {
        if (Files.Count("""SELECT COUNT(*) FROM "Plans" WHERE "BookId" = $1 AND "State" IN (3, 4)""", [offer.BookId]) > 0)
        {
            return true;
        }

        var intents = Files.Read(
            """
            SELECT a."Intent" FROM "GroupAssignments" AS a
            WHERE a."BookId" = $1 AND (a."GroupId" IS NULL OR a."GroupId" IN (SELECT m."GroupId" FROM "GroupMemberships" AS m WHERE m."PersonId" = $2))
            """,
            [offer.BookId, reader.Id]).ConvertAll(r => (Intent)(long)r[0]);
        return intents.Count > 0 && !intents.Contains(Intent.Excluded);
    }
}
