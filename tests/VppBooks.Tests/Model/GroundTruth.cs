using System.Globalization;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.Model;

/// <summary>What really happened at Apple, whatever the product believes: judged at each request and after each step.</summary>
internal sealed class GroundTruth(ModelWorld world)
{
    private static readonly TimeSpan OpenWorkEnds = TimeSpan.FromMinutes(5);

    private readonly HashSet<long> _sent = [];
    private readonly Dictionary<(string Location, string ClientUserId), string> _people = [];
    private readonly HashSet<(string Person, string AdamId)> _spent = [];
    private readonly HashSet<(string Location, string AdamId, string PricingParam, string Target)> _givenByOthers = [];
    private readonly HashSet<(string Server, string Location)> _foreignSeen = [];
    private readonly Dictionary<string, long> _mustRead = [];
    private int _judged;

    /// <summary>An administrator took control: changes are allowed again.</summary>
    public void ControlTaken(string location) => _foreignSeen.RemoveWhere(seen => seen.Location == location);

    /// <summary>The database is an older copy of itself: its ids start again, and nothing may be changed before it was compared with Apple (I14).</summary>
    public void Restored(IEnumerable<string> locations)
    {
        _sent.Clear();
        foreach (var location in locations)
        {
            _mustRead[location] = world.Files.Count("""SELECT COALESCE(MAX("Id"), 0) FROM "SyncRuns" """);
        }
    }

    /// <summary>A request that changes Apple is about to take effect.</summary>
    public void JudgeChange(ModelServer server, string? location, string path, byte[] body)
    {
        if (location is null || server.Points.PausedHere)
        {
            // Frozen after its last look at the database, it sends what it had decided as the owner.
            if (location is not null && path.EndsWith("/assets/associate", StringComparison.Ordinal))
            {
                JudgeSpend(server, location, AssociatePost.Read(body));
            }

            return;
        }

        // I13
        if (_foreignSeen.Contains((server.Name, location)))
        {
            world.Fail($"I13: {path} was sent by {server.Name} to {location} after its claim was seen to be foreign");
        }

        var state = world.Files.Read("""SELECT "State", "ClaimConfirmed", "MustReadFirst" FROM "Locations" WHERE "UId" = $1""", [location]);
        if (state.Count == 0 || state[0] is not [1L, 1L, _])
        {
            world.Fail($"I13: {path} was sent to {location} in state {(state.Count == 0 ? "unknown" : string.Join('/', state[0]))}");
        }

        // I14
        if (_mustRead.TryGetValue(location, out var run) && (state[0][2] is not 0L || !WasReadAfter(location, run)))
        {
            world.Fail($"I14: {path} was sent to {location} before it was read completely after the restore");
        }

        if (path.EndsWith("/assets/associate", StringComparison.Ordinal))
        {
            JudgeSpend(server, location, AssociatePost.Read(body));
        }
    }

    /// <summary>An answer arrived.</summary>
    public async Task NoteAnswerAsync(ModelServer server, string? location, HttpResponseMessage response)
    {
        if (location is null || !world.Cloud.Apple.Find(location).ClaimedByOther || (int)response.StatusCode != 200)
        {
            return;
        }

        var text = await response.Content.ReadAsStringAsync();
        var request = response.RequestMessage!;
        if (text.StartsWith('{') && text.EndsWith('}') && text.Contains($"\"{world.Cloud.Apple.Find(location).Claim!.Id}\"", StringComparison.Ordinal) && !text.Contains("errorNumber", StringComparison.Ordinal)
            && !request.RequestUri!.AbsolutePath.EndsWith("/client/config", StringComparison.Ordinal))
        {
            _foreignSeen.Add((server.Name, location));
        }
    }

    /// <summary>
    /// Apple's work whose answer was lost is done within minutes: where it took longer than the product waits before it believes in absence, only Apple could
    /// keep a license from being asked for twice.
    /// </summary>
    public void FinishForgottenWork(string path)
    {
        var apple = world.Cloud.Apple;
        if (!path.EndsWith("/assignments", StringComparison.Ordinal) || !(apple.Switches.FreezeEvents || apple.Switches.EventDelay > OpenWorkEnds))
        {
            return;
        }

        lock (apple.Gate)
        {
            var old = apple.LocationStates.SelectMany(l => l.Events.Values).Where(e => e.FinishedAt is null && apple.Now - e.AcceptedAt > OpenWorkEnds).ToList();
            if (old.Exists(e => world.Files.Count("""SELECT COUNT(*) FROM "Operations" WHERE "EventId" = $1 AND "State" = 1""", [e.Id]) == 0))
            {
                apple.FinishEvents();
            }
        }
    }

    /// <summary>Judges what Apple did since the last time (I1, and that nothing was asked for that was there).</summary>
    public void JudgeLedger()
    {
        foreach (var row in world.Files.Read("""
            SELECT l."UId", u."ClientUserId", p."DirectoryId" FROM "VppUsers" AS u JOIN "Locations" AS l ON l."Id" = u."LocationId" JOIN "People" AS p ON p."Id" = u."PersonId"
            """))
        {
            var (key, person) = (((string)row[0], (string)row[1]), (string)row[2]);
            if (_people.TryAdd(key, person) || _people[key] == person)
            {
                continue;
            }

            world.Fail($"I12: the id {key.Item2} belongs to another person now");
        }

        var ledger = world.Cloud.Apple.Ledger;
        for (; _judged < ledger.Count; _judged++)
        {
            Judge(ledger[_judged]);
        }
    }

    /// <summary>Directory id of the person for whom we made a record; null when somebody else made it.</summary>
    public string? FindPerson(string location, string clientUserId) => _people.GetValueOrDefault((location, clientUserId));

    /// <summary>What a refund or a return took back may be given again.</summary>
    public void Returned(string adamId) => _spent.RemoveWhere(spent => spent.AdamId == adamId);

    private void Judge(LedgerEntry entry)
    {
        var pair = (entry.Location, entry.AdamId, entry.PricingParam, entry.Target);
        if (entry.EventId is null)
        {
            _givenByOthers.Add(pair);
            return;
        }

        switch (entry.Result)
        {
            case SpendResult.AlreadyHeld or SpendResult.Refused when !_givenByOthers.Contains(pair):
                world.Fail($"I1: {entry.AdamId} {entry.PricingParam} was asked for {entry.Target}, who had it through us already ({entry.Result})");
                break;
            case SpendResult.Spent when _people.TryGetValue((entry.Location, entry.Target), out var person) && !_spent.Add((person, entry.AdamId)):
                world.Fail($"I1: {entry.AdamId} was given to person {person} for the second time ({entry.Location} {entry.PricingParam})");
                break;
        }
    }

    // A delta counts too where every book's count was found explained: a book's license never comes back.
    private bool WasReadAfter(string location, long run) =>
        world.Files.Count(
            """
            SELECT COUNT(*) FROM "SyncRuns" AS r JOIN "Locations" AS l ON l."Id" = r."LocationId"
            WHERE l."UId" = $1 AND r."Result" IN (1, 4) AND r."Id" > $2
            """,
            [location, run]) > 0;

    /// <summary>I4: written down before it is sent, by the owner of this time, and sent once.</summary>
    private void JudgeSpend(ModelServer server, string location, AssociatePost post)
    {
        var rows = world.Files.Read(
            """
            SELECT o."Id", o."FenceToken", b."AdamId", b."PricingParam", u."ClientUserId", x."Owner", x."FenceToken"
            FROM "Operations" AS o
            JOIN "Locations" AS s ON s."Id" = o."LocationId"
            JOIN "Licenses" AS l ON l."OperationId" = o."Id"
            JOIN "Books" AS b ON b."Id" = l."BookId"
            JOIN "VppUsers" AS u ON u."PersonId" = l."PersonId" AND u."LocationId" = o."LocationId" AND u."Retired" = 0
            JOIN "LocationLeases" AS x ON x."LocationId" = o."LocationId"
            WHERE s."UId" = $1 AND o."Kind" = 3 AND ((o."State" = 0 AND l."State" = 2) OR (o."State" = 4 AND l."State" = 7))
            """,
            [location]);
        var pairs = post.Pairs.ToHashSet(StringComparer.Ordinal);
        var operation = rows.GroupBy(r => (long)r[0]).FirstOrDefault(g => pairs.SetEquals(g.Select(r => string.Create(CultureInfo.InvariantCulture, $"{r[2]}|{Quality(r[3])}|{r[4]}"))));
        if (operation is null)
        {
            world.Fail($"I4: an associate was sent to {location} that nothing written down explains: {string.Join(' ', pairs)}");
            return;
        }

        if (!_sent.Add(operation.Key))
        {
            world.Fail($"I4: operation {operation.Key} was sent twice");
        }

        var facts = operation.First();
        if (!server.Points.PausedHere && ((long)facts[1] != (long)facts[6] || (string)facts[5] != server.Name))
        {
            world.Fail($"I4: operation {operation.Key} was sent by {server.Name} with fence token {facts[1]}, while {facts[5]} owns the location with {facts[6]}");
        }

        static string Quality(object value) => (long)value == 1 ? "STDQ" : "PLUS";
    }
}
