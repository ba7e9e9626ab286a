using System.Globalization;
using VppBooks.Core.Licenses;
using static VppBooks.Core.Licenses.LicenseState;

namespace VppBooks.Tests.Model;

/// <summary>What must hold in the database after every step.</summary>
internal sealed class ModelInvariants(ModelWorld world)
{
    private readonly Dictionary<long, LicenseState> _states = [];
    private readonly Dictionary<(long Person, long Location), string> _clientUserIds = [];
    private long _lastChange;

    /// <summary>The database is an older copy of itself.</summary>
    public void Restored()
    {
        _states.Clear();
        _clientUserIds.Clear();
        _lastChange = 0;
    }

    public void Check()
    {
        foreach (var row in world.Files.Read("""SELECT "Text" FROM "ModelFindings" """))
        {
            world.Fail((string)row[0]);
        }

        None("I1: a person has two rows of a title", """SELECT "PersonId", "AdamId" FROM "Licenses" GROUP BY "PersonId", "AdamId", "Ordinal" HAVING COUNT(*) > 1""");
        CheckOperations();
        CheckChanges();
        CheckIds();
    }

    /// <summary>I7: whatever is open is waited for.</summary>
    private void CheckOperations()
    {
        None(
            "I7: an operation is open and nobody will look at it (state, next check)",
            """SELECT "Id", "State", "NextCheckAt" FROM "Operations" WHERE ("State" IN (1, 4) AND "NextCheckAt" IS NULL) OR ("State" IN (2, 3, 5) AND "NextCheckAt" IS NOT NULL)""");
        None(
            "I7: a license and its operation do not agree (license, state, operation, state)",
            """
            SELECT l."Id", l."State", o."Id", o."State" FROM "Licenses" AS l LEFT JOIN "Operations" AS o ON o."Id" = l."OperationId"
            WHERE (l."State" = 2 AND COALESCE(o."State", -1) <> 0) OR (l."State" = 3 AND COALESCE(o."State", -1) <> 1) OR (l."State" = 7 AND COALESCE(o."State", -1) <> 4)
            """);
        None(
            "I7: a registration waits for an operation that has ended",
            """SELECT u."Id", o."Id", o."State" FROM "VppUsers" AS u JOIN "Operations" AS o ON o."Id" = u."OperationId" WHERE o."State" IN (2, 3, 5)""");
        foreach (var row in world.Files.Read("""SELECT "Id", "LocationId" FROM "Operations" WHERE "State" = 0"""))
        {
            if (!world.Interrupted.Contains((int)(long)row[1]))
            {
                world.Fail($"I7: operation {row[0]} is intended and nobody is working on it");
            }
        }
    }

    /// <summary>I9 and I5: every change is recorded, unbroken and allowed; what is assigned only ends when Apple does not show it.</summary>
    private void CheckChanges()
    {
        foreach (var row in world.Files.Read("""SELECT "Id", "LicenseId", "From", "To", "Cause" FROM "LicenseChanges" WHERE "Id" > $1 ORDER BY "Id" """, [_lastChange]))
        {
            var (license, from, to, cause) = ((long)row[1], row[2] is long value ? (LicenseState?)value : null, (LicenseState)(long)row[3], (LicenseCause)(long)row[4]);
            if (!_states.TryGetValue(license, out var known) ? from is not null and not Assigned : from != known)
            {
                world.Fail($"I9: license {license} went from {from} to {to}, but it was {known} before");
            }

            if (!LegalChanges.Allow(from, to, cause))
            {
                world.Fail($"I9: license {license} went from {from?.ToString() ?? "nothing"} to {to} because of {cause}");
            }

            if (from == Assigned)
            {
                CheckVanished(license);
            }

            _states[license] = to;
            _lastChange = (long)row[0];
        }

        foreach (var row in world.Files.Read("""SELECT "Id", "State", "Cause" FROM "Licenses" """))
        {
            var (license, state) = ((long)row[0], (LicenseState)(long)row[1]);
            // A license found at Apple begins as assigned, without a change.
            var recorded = _states.TryGetValue(license, out var known) ? known : Assigned;
            if (state != recorded)
            {
                world.Fail($"I9: license {license} is {state}, but its last recorded change led to {recorded}");
            }

            _states[license] = state;
        }
    }

    private void CheckVanished(long license)
    {
        var row = world.Files.Read(
            """
            SELECT s."UId", b."AdamId", b."PricingParam", u."ClientUserId" FROM "Licenses" AS l
            JOIN "Books" AS b ON b."Id" = l."BookId" JOIN "Locations" AS s ON s."Id" = b."LocationId" JOIN "VppUsers" AS u ON u."PersonId" = l."PersonId" AND u."LocationId" = s."Id"
            WHERE l."Id" = $1 AND l."State" = 10
            """,
            [license]);
        foreach (var holder in row)
        {
            if (world.Cloud.Apple.Holders((string)holder[0], holder[1].ToString()!, (long)holder[2] == 1 ? "STDQ" : "PLUS").Contains((string)holder[3]))
            {
                world.Fail($"I5: license {license} of {holder[3]} counts as vanished, and Apple shows it");
            }
        }
    }

    /// <summary>I12: one id per person and location, for life.</summary>
    private void CheckIds()
    {
        foreach (var row in world.Files.Read("""SELECT "PersonId", "LocationId", "ClientUserId" FROM "VppUsers" WHERE "PersonId" IS NOT NULL"""))
        {
            var (key, id) = (((long)row[0], (long)row[1]), (string)row[2]);
            if (!_clientUserIds.TryAdd(key, id) && _clientUserIds[key] != id)
            {
                world.Fail($"I12: person {key.Item1} has the ids {_clientUserIds[key]} and {id} at location {key.Item2}");
            }
        }
    }

    private void None(string what, string sql)
    {
        if (world.Files.Read(sql) is [var first, ..])
        {
            world.Fail($"{what}: {string.Join(' ', first.Select(value => Convert.ToString(value, CultureInfo.InvariantCulture)))}");
        }
    }
}

/// <summary>Which changes of a license's state there are, and what may cause each (§1 of the invariants).</summary>
internal static class LegalChanges
{
    private static readonly LicenseState[] Unsent = [Reserved, Waiting, Held];
    private static readonly LicenseState[] Ended = [Failed, Canceled, Vanished, Declined];

    public static bool Allow(LicenseState? from, LicenseState to, LicenseCause cause) => cause switch
    {
        LicenseCause.Committed or LicenseCause.Taken => (from is null || Ended.Contains(from.Value)) && Unsent.Contains(to),
        LicenseCause.Joined => (from is null || (from != Declined && Ended.Contains(from.Value))) && Unsent.Contains(to),
        LicenseCause.NotEntitled or LicenseCause.TokenDeleted => from is Reserved or Waiting or Held && to == Canceled,
        LicenseCause.StockShort => from is Reserved or Held && to == Waiting,
        LicenseCause.StockRose => from == Waiting && to is Reserved or Held,
        LicenseCause.Approved or LicenseCause.WindowEnded => from == Held && to is Reserved or Waiting,
        LicenseCause.Rejected or LicenseCause.Undone => from is Held or Waiting && to is Declined or Canceled,
        LicenseCause.Intended => from == Reserved && to == Submitting,
        LicenseCause.Accepted => from == Submitting && to == Submitted,
        LicenseCause.Refused => from == Submitting && to is Reserved or Waiting or Failed or Unknown,
        LicenseCause.NotSent => from == Submitting && to == Reserved,
        LicenseCause.AnswerLost or LicenseCause.OwnerLost => from == Submitting && to == Unknown,
        // Or the title was seen with the person in another way, and what was set aside is not needed any more.
        LicenseCause.SeenAtApple => (from is not null and not Assigned && to == Assigned) || (from is Reserved or Waiting or Held && to == Canceled),
        LicenseCause.AbsentTwice => (from == Unknown && to is Reserved or Failed) || (from == Assigned && to == Vanished),
        LicenseCause.EventFailed => from == Submitted && to is Waiting or Reserved or Failed,
        LicenseCause.EventUnclear => from == Submitted && to == Unknown,
        _ => false,
    };
}
