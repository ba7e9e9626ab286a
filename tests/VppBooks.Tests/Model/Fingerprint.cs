using System.Globalization;

namespace VppBooks.Tests.Model;

/// <summary>Tables as text: equal before and after means that nothing was written.</summary>
internal static class Fingerprint
{
    private static readonly string[] Synced =
    [
        """SELECT "Id", "TotalCount", "AssignedCount", "AvailableCount", "Unlimited", "NoLongerReported" FROM "Books" ORDER BY 1""",
        """SELECT "Id", "PersonId", "ClientUserId", "Retired", "Status" FROM "VppUsers" ORDER BY 1""",
        """SELECT "Id", "BookId", "PersonId", "Ordinal", "State", "MissedOnce" FROM "Licenses" ORDER BY 1""",
        """SELECT "BookId", "VppUserId" FROM "ForeignHoldings" ORDER BY 1, 2""",
        """SELECT 'read', "Id", "UsersVersionId", "AssignmentsVersionId" FROM "Locations" ORDER BY 2""",
    ];

    private static readonly string[] Decided =
    [
        """SELECT "Id", "State" FROM "Operations" ORDER BY 1""",
        """SELECT "Id", "BookId", "GroupId", "Intent" FROM "GroupAssignments" ORDER BY 1""",
        """SELECT "Id", "State" FROM "Plans" ORDER BY 1""",
    ];

    /// <summary>What a sync publishes.</summary>
    public static string Data(ModelFiles files) => Of(files, Synced);

    /// <summary>That, and what administrators and the worker decided.</summary>
    public static string All(ModelFiles files) => Of(files, [.. Synced, .. Decided]);

    /// <summary>Leaves out how far Apple was read.</summary>
    public static string WithoutWatermarks(string rows) => string.Join('\n', rows.Split('\n').Where(row => !row.StartsWith("read|", StringComparison.Ordinal)));

    /// <summary>The rows that differ.</summary>
    public static string Difference(string before, string after)
    {
        var (old, fresh) = (before.Split('\n'), after.Split('\n'));
        return string.Join('\n', old.Except(fresh).Select(row => "- " + row).Concat(fresh.Except(old).Select(row => "+ " + row)));
    }

    private static string Of(ModelFiles files, string[] queries) => string.Join(
        '\n', queries.SelectMany(query => files.Read(query)).Select(row => string.Join('|', row.Select(value => Convert.ToString(value, CultureInfo.InvariantCulture)))));
}
