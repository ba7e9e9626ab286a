namespace VppBooks.Core.Alerts;

/// <summary>A trouble that exists now.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="SubjectId">Number of the location, book or operation kind that makes the key unique; 0 when there is only one.</param>
public sealed record AlertCondition(AlertKind Kind, int SubjectId)
{
    /// <summary>Kind and subject.</summary>
    public string Key => KeyOf(Kind, SubjectId);

    /// <summary>How bad.</summary>
    public AlertSeverity Severity { get; init; }

    /// <summary>Rises when it gets worse.</summary>
    public int Level { get; init; } = 1;

    /// <summary>Internal number of the location; null: of none.</summary>
    public int? LocationId { get; init; }

    /// <summary>Internal number of the book; null: of none.</summary>
    public int? BookId { get; init; }

    /// <summary>Name of the token or title.</summary>
    public string? Subject { get; init; }

    /// <summary>How many people, licenses or operations.</summary>
    public int? Count { get; init; }

    /// <summary>Apple's error number.</summary>
    public int? ErrorNumber { get; init; }

    /// <summary>The moment it is about.</summary>
    public DateTimeOffset? About { get; init; }

    /// <summary>The key of a kind and its subject.</summary>
    public static string KeyOf(AlertKind kind, int subjectId) => $"{kind}:{subjectId}";

    /// <summary>A level that rises with a number in steps that grow with it, so that one more person is no news and twice as many are.</summary>
    public static int LevelOf(int count) => count <= 0 ? 0 : 1 + (int)Math.Log2(count);
}

/// <summary>What a look found.</summary>
/// <param name="Troubles">The troubles that exist now.</param>
/// <param name="Unread">Kinds that could not be looked for: whether there are more of them, or fewer than before, nobody can say.</param>
public sealed record AlertFindings(IReadOnlyList<AlertCondition> Troubles, IReadOnlySet<AlertKind> Unread);

/// <summary>Knows of troubles that the database does not tell.</summary>
public interface IAlertSource
{
    /// <summary>The kinds that it tells of: when it fails, what is known of them stays as it is.</summary>
    IReadOnlyCollection<AlertKind> Kinds { get; }

    /// <summary>The troubles that exist now.</summary>
    Task<IReadOnlyList<AlertCondition>> ListAsync(CancellationToken cancellationToken);
}
