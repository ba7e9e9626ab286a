using System.Text.Json.Serialization;

namespace VppBooks.SimulatedCloud.Organization;

/// <summary>A person of the simulated directory.</summary>
[JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
public sealed class SimulatedPerson
{
    public required Guid Id { get; init; }

    public required string DisplayName { get; set; }

    public required string GivenName { get; set; }

    public required string Surname { get; set; }

    public required string UserPrincipalName { get; set; }

    public string? Mail { get; set; }

    /// <summary>Name of the Managed Apple Account at Apple; the directory carries it as <c>extensionAttribute1</c>. Null when the person has none.</summary>
    public string? ManagedAppleAccount { get; set; }

    public bool AccountEnabled { get; set; } = true;

    public string UserType { get; set; } = "Member";

    public string? Department { get; set; }

    /// <summary>A tag such as <c>nl-NL</c>. Null, as for most people of most directories: never set.</summary>
    public string? PreferredLanguage { get; set; }

    /// <summary>App roles such as <c>VppBooks.Administrator</c> that sign-in puts into the token.</summary>
    public List<string> AppRoles { get; } = [];
}

/// <summary>A group of the simulated directory; members may be people, groups and devices.</summary>
[JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
public sealed class SimulatedGroup
{
    public required Guid Id { get; init; }

    public required string DisplayName { get; set; }

    public string? Description { get; set; }

    public bool SecurityEnabled { get; set; } = true;

    public bool MailEnabled { get; set; }

    /// <summary><c>DynamicMembership</c>, <c>Unified</c> or nothing.</summary>
    public List<string> GroupTypes { get; } = [];

    public string? MembershipRule { get; set; }

    public HashSet<Guid> People { get; } = [];

    public HashSet<Guid> Groups { get; } = [];

    public HashSet<Guid> Devices { get; } = [];
}

/// <summary>A managed device.</summary>
public sealed class SimulatedDevice
{
    public required Guid Id { get; init; }

    public required string DeviceName { get; set; }

    /// <summary>Null: no user affinity.</summary>
    public Guid? UserId { get; set; }

    public string EnrollmentType { get; set; } = "appleBulkWithUser";

    public string OperatingSystem { get; set; } = "iPadOS";

    public string OsVersion { get; set; } = "26.1";

    public string OwnerType { get; set; } = "company";

    public bool IsSupervised { get; set; } = true;

    public string SerialNumber { get; set; } = "";

    /// <summary>Null: inventory does not tell.</summary>
    public bool? BooksAppInstalled { get; set; }
}

/// <summary>The directory as data: what the Graph stand-in serves and what the Apple stand-in takes Managed Apple Accounts from. Lock <see cref="Gate"/> to read or change.</summary>
public sealed class SimulatedDirectory
{
    public Lock Gate { get; } = new();

    public Dictionary<Guid, SimulatedPerson> People { get; } = [];

    public Dictionary<Guid, SimulatedGroup> Groups { get; } = [];

    public Dictionary<Guid, SimulatedDevice> Devices { get; } = [];
}
