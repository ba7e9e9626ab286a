namespace VppBooks.SimulatedCloud.Apple;

/// <summary>How the whole service fails while an outage lasts.</summary>
public enum AppleOutage
{
    None,

    /// <summary>503 with 9729.</summary>
    Unavailable,

    /// <summary>500 with 9603.</summary>
    InternalError,

    /// <summary>502 with a gateway's HTML page.</summary>
    HtmlBadGateway,
}

/// <summary>How an event tells which tasks failed.</summary>
public enum FailureShape
{
    /// <summary>One entry per error number, naming everything it hit.</summary>
    Grouped,

    /// <summary>One entry per task, so that a number occurs several times.</summary>
    OnePerTask,

    /// <summary>One entry per error number with an empty <c>errorInfo</c>.</summary>
    WithoutIds,
}

/// <summary>The sizes that service config publishes. Change them to make a client reload its limits.</summary>
public sealed class AppleLimits
{
    public int MaxAssets { get; set; } = 25;

    public int MaxClientUserIds { get; set; } = 1000;

    public int MaxSerialNumbers { get; set; } = 1000;

    public int MaxRevokeClientUserIds { get; set; } = 100;

    public int MaxRevokeSerialNumbers { get; set; } = 100;

    public int MaxUsers { get; set; } = 100;

    public int MaxNotificationLength { get; set; } = 512;

    public int MaxMdmIdLength { get; set; } = 100;

    public int MaxMdmNameLength { get; set; } = 100;

    public int MaxMdmMetadataLength { get; set; } = 255;
}

/// <summary>
/// Every behavior of Apple's service that is not documented or that a test wants different. May be changed at any time; over HTTP by
/// <c>POST /_sim/switches</c> with the property names in camel case.
/// </summary>
public sealed class AppleSwitches
{
    /// <summary>Rows per page of assets, assignments and users. Default 500.</summary>
    public int PageSize { get; set; } = 500;

    /// <summary>Added to every answer. Default none.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>Requests per second and location before 9646; a full second's worth may come at once. 0 = no limit.</summary>
    public int MaxRequestsPerSecond { get; set; } = 15;

    /// <summary>Requests of one location that may be under way together before 9646. 0 = no limit.</summary>
    public int MaxConcurrentRequests { get; set; }

    /// <summary>Seconds sent as <c>Retry-After</c> with 9646; null = no header.</summary>
    public int? ThrottleRetryAfter { get; set; }

    /// <summary>The whole service is out of order. Default not.</summary>
    public AppleOutage Outage { get; set; }

    /// <summary>Seconds sent as <c>Retry-After</c> during an outage; null = no header.</summary>
    public int? OutageRetryAfter { get; set; }

    /// <summary>Published sizes, and the sizes that are enforced.</summary>
    public AppleLimits Limits { get; set; } = new();

    /// <summary>How long an accepted event stays at zero tasks. Default 2 s.</summary>
    public TimeSpan EventDelay { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Time per task after that. Default 1 ms.</summary>
    public TimeSpan EventTimePerTask { get; set; } = TimeSpan.FromMilliseconds(1);

    /// <summary>Accepted events make no progress. Default false.</summary>
    public bool FreezeEvents { get; set; }

    /// <summary>Tasks of an event run in a seeded random order instead of the request's. Default false.</summary>
    public bool ShuffleTasks { get; set; }

    /// <summary>After this time a finished event answers 9708. Default 7 days.</summary>
    public TimeSpan EventLifetime { get; set; } = TimeSpan.FromDays(7);

    public FailureShape FailureShape { get; set; }

    /// <summary>A user who is only Registered can be given licenses (otherwise 9609). Default true.</summary>
    public bool AssociateRegisteredUsers { get; set; } = true;

    /// <summary>An unknown user refuses the whole request with 9609 instead of failing its tasks. Default false.</summary>
    public bool UnknownUserRefusesAtOnce { get; set; }

    /// <summary>An asset the location does not own refuses the whole request with 9602 instead of failing its tasks with 9709. Default false.</summary>
    public bool UnownedAssetRefusesAtOnce { get; set; }

    /// <summary>Events that give licenses report COMPLETE and give nothing. Default false.</summary>
    public bool CompleteWithoutEffect { get; set; }

    /// <summary>Giving an asset again to its holder fails with 9616 instead of completing without using a license. Default false.</summary>
    public bool RepeatedAssociationFails { get; set; }

    /// <summary>A refund may take licenses that are assigned. Default false.</summary>
    public bool RefundTakesAssigned { get; set; }

    /// <summary>An asset of which no copy is left is not listed any more; false: it is, with zero counts. Default false.</summary>
    public bool EmptyAssetsVanish { get; set; }

    /// <summary>When a Managed Apple Account cannot be associated (9635, 9641) the new record stays, Registered. Default true.</summary>
    public bool KeepRecordWhenAssociationFails { get; set; } = true;

    /// <summary>Tokens were downloaded with a Managed Apple Account; otherwise every <c>managedAppleId</c> gives 9635. Default true.</summary>
    public bool DownloaderHasManagedAccount { get; set; } = true;

    /// <summary>A change of a user gives the assignments a new version and lists the user's rows in a delta. Default true.</summary>
    public bool UserChangesTouchAssignments { get; set; } = true;

    /// <summary>A delta of assignments still lists rows that were taken away since. Default false: they are just absent.</summary>
    public bool DeltaListsRemovedRows { get; set; }

    /// <summary><c>availableCount</c> of an unlimited asset is 2147483647 less the assigned ones. Default true; otherwise 2147483647.</summary>
    public bool UnlimitedCountsDown { get; set; } = true;

    /// <summary><c>totalPages</c> of an empty list is 0. Default false: 1.</summary>
    public bool EmptyListHasNoPages { get; set; }

    /// <summary>A token that Apple does not know gives 9622 inside HTTP 200. Default true; otherwise HTTP 401.</summary>
    public bool UnknownTokenAnswersOk { get; set; } = true;

    /// <summary>After a password change tokens answer 9622. Default false: 9625.</summary>
    public bool PasswordChangeAnswers9622 { get; set; }

    /// <summary>Downloading a token revokes the location's earlier ones. Default false.</summary>
    public bool NewTokenRevokesOld { get; set; }

    /// <summary><c>tokenExpirationDate</c> comes only in the last 15 days. Default false: always.</summary>
    public bool ExpirationOnlyInLastDays { get; set; }

    /// <summary>Answers carry fields that no documentation names. Default false.</summary>
    public bool ExtraFields { get; set; }

    /// <summary>The answer to a change of client config holds only what was changed. Default false: everything.</summary>
    public bool ConfigChangeAnswersPartly { get; set; }

    /// <summary>Share of notifications that never leave, 0 to 1.</summary>
    public double NotificationLoss { get; set; }

    /// <summary>Share of notifications sent twice, 0 to 1.</summary>
    public double NotificationDuplication { get; set; }

    /// <summary>A duplicate has its own <c>notificationId</c>. Default false.</summary>
    public bool DuplicatesHaveNewIds { get; set; }

    /// <summary>Notifications that become due together leave in a random order. Default false.</summary>
    public bool ReorderNotifications { get; set; }

    /// <summary>Notifications leave after a random time up to this. Default at once.</summary>
    public TimeSpan NotificationDelay { get; set; }

    /// <summary>Time to the second and again to the third attempt. Default 90 s.</summary>
    public TimeSpan NotificationRetryDelay { get; set; } = TimeSpan.FromSeconds(90);

    /// <summary>An event is worked off and its notifications are delivered before the request that caused it is answered. Default false.</summary>
    public bool NotifyBeforeAnswer { get; set; }

    /// <summary>How often another manager who claimed a location associates or retires something at random. Zero = never (default).</summary>
    public TimeSpan OtherMdmActsEvery { get; set; }
}
