using System.Diagnostics.CodeAnalysis;

namespace VppBooks.Core.Security;

/// <summary>What somebody may do. Roles map to sets of these in <see cref="Actor.ForRoles"/>.</summary>
[Flags]
public enum Permissions
{
    /// <summary>Own library page only.</summary>
    None = 0,

    /// <summary>Read everything the console shows.</summary>
    Read = 1,

    /// <summary>Create, renew, change, delete tokens; take control.</summary>
    ManageTokens = 2,

    /// <summary>Plan and commit assignments: this spends licenses.</summary>
    Assign = 4,

    /// <summary>Ask Apple for fresh numbers now.</summary>
    SyncNow = 8,

    /// <summary>Send an invitation again.</summary>
    ResendInvitation = 16,

    /// <summary>Change settings.</summary>
    ManageSettings = 32,

    /// <summary>Take notice of alerts and put them off.</summary>
    HandleAlerts = 64,

    /// <summary>Read and export who did what.</summary>
    ReadActivity = 128,

    /// <summary>Hand out or erase what is stored about a person.</summary>
    ManagePrivacy = 256,

    /// <summary>Take lists out of the console as files.</summary>
    Export = 512,

    /// <summary>Read settings.</summary>
    ReadSettings = 1024,

    /// <summary>Read tokens, and nothing else.</summary>
    ReadTokens = 2048,

    /// <summary>Keep the catalog in order: categories, and books that are gone.</summary>
    ManageBooks = 4096,
}

/// <summary>Who acts, as Core sees it: checked in every service, written into every audit row.</summary>
/// <param name="Kind">How the actor came in.</param>
/// <param name="Id">Directory object id, client id, or the name of the system's own part.</param>
/// <param name="DisplayName">For audit rows and screens; never for logs.</param>
/// <param name="Permissions">What the actor may do.</param>
public sealed record Actor(ActorKind Kind, string Id, string DisplayName, Permissions Permissions)
{
    /// <summary>A program that acts in nobody's name: there is no person behind its word.</summary>
    public bool IsProgram => Kind == ActorKind.Program;

    /// <summary>The application itself: schedules, follow-up work.</summary>
    public static Actor System { get; } = new(ActorKind.System, "system", "VppBooks", Permissions.Read | Permissions.ReadTokens | Permissions.SyncNow);

    /// <summary>A person in a matter of their own, by the id that screens use: an audit row that holds no name says nothing once the person is erased.</summary>
    public static Actor Reader(Guid publicId) => new(ActorKind.Person, publicId.ToString("D"), "Reader", Permissions.None);

    /// <summary>Permissions of a set of app roles, as listed in the architecture paper.</summary>
    public static Permissions ForRoles(IEnumerable<string> roles)
    {
        var granted = Permissions.None;
        foreach (var role in roles)
        {
            granted |= role switch
            {
                AppRoles.Administrator => Permissions.Read | Permissions.ReadTokens | Permissions.ManageTokens | Permissions.ManageBooks | Permissions.Assign | Permissions.SyncNow | Permissions.ResendInvitation | Permissions.ManageSettings | Permissions.HandleAlerts | Permissions.ReadActivity | Permissions.ManagePrivacy | Permissions.Export | Permissions.ReadSettings,
                AppRoles.Assigner => Permissions.Read | Permissions.ReadTokens | Permissions.Assign | Permissions.SyncNow | Permissions.Export,
                AppRoles.Helpdesk => Permissions.Read | Permissions.ReadTokens | Permissions.SyncNow | Permissions.ResendInvitation | Permissions.HandleAlerts | Permissions.ReadActivity | Permissions.Export | Permissions.ReadSettings,
                AppRoles.Auditor => Permissions.Read | Permissions.ReadTokens | Permissions.ReadActivity | Permissions.Export | Permissions.ReadSettings,
                _ => Permissions.None,
            };
        }

        return granted;
    }

    /// <summary>Whether the actor has all of <paramref name="needed"/>.</summary>
    public bool May(Permissions needed) => (Permissions & needed) == needed;

    /// <exception cref="NotAllowedException">The actor lacks the permission.</exception>
    public void Demand(Permissions needed)
    {
        if (!May(needed))
        {
            throw new NotAllowedException(needed);
        }
    }
}

/// <summary>How an actor came in.</summary>
public enum ActorKind : byte
{
    /// <summary>The application itself.</summary>
    System = 0,

    /// <summary>A person in the console.</summary>
    Person = 1,

    /// <summary>A person through the API.</summary>
    Api = 2,

    /// <summary>A program through the API that acts in nobody's name.</summary>
    Program = 3,
}

/// <summary>Names of the Entra app roles.</summary>
public static class AppRoles
{
    /// <summary>Everything.</summary>
    public const string Administrator = "VppBooks.Administrator";

    /// <summary>Plans and commits assignments.</summary>
    public const string Assigner = "VppBooks.Assigner";

    /// <summary>Reads everything, syncs, resends invitations; never spends.</summary>
    public const string Helpdesk = "VppBooks.Helpdesk";

    /// <summary>Reads and exports.</summary>
    public const string Auditor = "VppBooks.Auditor";
}

/// <summary>The actor may not do this.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Made in one place, with the permission that was missing.")]
public sealed class NotAllowedException(Permissions needed) : Exception($"This needs the permission {needed}.")
{
    /// <summary>The permission that was missing.</summary>
    public Permissions Needed { get; } = needed;
}
