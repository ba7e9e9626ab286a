namespace VppBooks.Core.Directory;

/// <summary>What kind of group it is, for the icon and the word beside it.</summary>
public enum GroupKind
{
    /// <summary>Security group with assigned members.</summary>
    Security = 0,

    /// <summary>Security group whose members follow a rule.</summary>
    DynamicSecurity,

    /// <summary>Microsoft 365 group.</summary>
    Microsoft365,

    /// <summary>Microsoft 365 group whose members follow a rule.</summary>
    DynamicMicrosoft365,

    /// <summary>A group for mail only.</summary>
    Distribution,

    /// <summary>A group whose rule selects devices.</summary>
    Device,
}

/// <summary>Why a group cannot be picked.</summary>
public enum GroupObstacle
{
    /// <summary>It can be picked.</summary>
    None = 0,

    /// <summary>Its members are devices; books go to people.</summary>
    DeviceGroup,

    /// <summary>It is not security-enabled.</summary>
    NotSecurityEnabled,

    /// <summary>It was deleted in the directory.</summary>
    Deleted,
}

/// <summary>A group as the directory describes it now.</summary>
public sealed record DirectoryGroupEntry(
    Guid DirectoryId, string DisplayName, string? Description, bool SecurityEnabled, bool Dynamic, bool Unified, bool DeviceGroup)
{
    public GroupKind Kind => GroupKinds.Of(SecurityEnabled, Dynamic, Unified, DeviceGroup);

    public GroupObstacle Obstacle => GroupKinds.ObstacleOf(SecurityEnabled, DeviceGroup, GroupState.Active);
}

/// <summary>A user as the directory describes it now.</summary>
/// <param name="DirectoryId">Object id; never changes.</param>
/// <param name="DisplayName">Name; the user principal name when the directory gives none.</param>
/// <param name="UserPrincipalName">Sign-in name; changes with the person's name.</param>
/// <param name="Mail">Mail address; null when there is none.</param>
/// <param name="ManagedAppleAccount">By the configured rule; null when the rule gives none.</param>
/// <param name="AccountEnabled">False: may not sign in.</param>
/// <param name="Guest">Of another organization.</param>
/// <param name="Language">Language of mails, one of <see cref="Mail.MailLanguages"/>; null when the directory tells none of them.</param>
public sealed record DirectoryUser(
    Guid DirectoryId, string DisplayName, string UserPrincipalName, string? Mail, string? ManagedAppleAccount, bool AccountEnabled, bool Guest, string? Language);

/// <summary>One row of the group picker.</summary>
/// <param name="DirectoryId">Object id, the key for assigning.</param>
/// <param name="DisplayName">Name.</param>
/// <param name="Description">Description; null when there is none.</param>
/// <param name="Kind">Kind.</param>
/// <param name="Obstacle">Why it cannot be picked; <see cref="GroupObstacle.None"/> when it can.</param>
/// <param name="MemberCount">Transitive user members at the last complete read; null when never read.</param>
public sealed record GroupChoice(Guid DirectoryId, string DisplayName, string? Description, GroupKind Kind, GroupObstacle Obstacle, int? MemberCount)
{
    public bool Selectable => Obstacle == GroupObstacle.None;
}

/// <summary>Derives what screens say about a group from what the directory says.</summary>
public static class GroupKinds
{
    public static GroupKind Of(bool securityEnabled, bool dynamic, bool unified, bool deviceGroup) => (deviceGroup, unified, dynamic, securityEnabled) switch
    {
        (true, _, _, _) => GroupKind.Device,
        (_, true, true, _) => GroupKind.DynamicMicrosoft365,
        (_, true, false, _) => GroupKind.Microsoft365,
        (_, _, true, _) => GroupKind.DynamicSecurity,
        (_, _, _, true) => GroupKind.Security,
        _ => GroupKind.Distribution,
    };

    public static GroupObstacle ObstacleOf(bool securityEnabled, bool deviceGroup, GroupState state) => (state, deviceGroup, securityEnabled) switch
    {
        (not GroupState.Active, _, _) => GroupObstacle.Deleted,
        (_, true, _) => GroupObstacle.DeviceGroup,
        (_, _, false) => GroupObstacle.NotSecurityEnabled,
        _ => GroupObstacle.None,
    };
}

/// <summary>What the directory says of a group that is asked for by its id.</summary>
/// <param name="Entry">The group; null when it is not there.</param>
/// <param name="SoftDeleted">It is not there, and the recycle bin has it.</param>
/// <param name="Nested">Object ids of the groups inside it, directly or deeper.</param>
/// <param name="Failure">Why nothing can be said of this one; null when the rest holds.</param>
public sealed record GroupLook(DirectoryGroupEntry? Entry, bool SoftDeleted, IReadOnlyCollection<Guid> Nested, DirectoryException? Failure = null);

/// <summary>What changed since a delta link was given out.</summary>
/// <param name="Changed">Object ids that were added, changed or removed, or whose direct members were.</param>
/// <param name="Link">The link to ask with next time.</param>
public sealed record ChangeRound(IReadOnlySet<Guid> Changed, string Link);

/// <summary>The directory could not be read for so long that what is stored is not planned with any more (F42).</summary>
/// <param name="Since">Since when.</param>
/// <param name="ConsentMissing">Because consent is missing.</param>
/// <param name="Groups">So many groups alone, while the rest can be read; 0: the directory.</param>
public sealed record DirectoryStaleness(DateTimeOffset Since, bool ConsentMissing, int Groups = 0);
