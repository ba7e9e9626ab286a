namespace VppBooks.Core.Locations;

/// <summary>A token as it comes in: the file itself, or the ticket that an inspection gave for it.</summary>
public abstract record TokenUpload
{
    private TokenUpload()
    {
    }

    /// <summary>The bytes of the file.</summary>
    public sealed record File(ReadOnlyMemory<byte> Content) : TokenUpload;

    /// <summary>The ticket of <see cref="TokenPreview.Ticket"/>.</summary>
    public sealed record Ticket(string Value) : TokenUpload;
}

/// <summary>What to store a new token with.</summary>
public sealed record CreateLocation
{
    public required TokenUpload Token { get; init; }

    /// <summary>1 to 256 characters.</summary>
    public required string Name { get; init; }

    /// <summary>The Apple account that downloaded the token, as the administrator knows it; may be empty, up to 320 characters.</summary>
    public required string AppleAccount { get; init; }

    /// <summary>Null: as Apple's answer suggests.</summary>
    public AccountType? AccountType { get; init; }

    /// <summary>Two letters; null: as Apple says.</summary>
    public string? CountryOrRegion { get; init; }

    /// <summary>Claim the location even when another device management holds it.</summary>
    public bool TakeControl { get; init; }

    /// <summary>When another device management holds the location and control is not taken: store the token all the same, and write nothing to Apple.</summary>
    public bool AllowUnclaimed { get; init; }

    /// <summary>The administrator agrees that ids of people are sent to Apple. Required.</summary>
    public bool ConsentGranted { get; init; }
}

/// <summary>What to change about a location; a null part stays as it is.</summary>
public sealed record LocationChange
{
    public string? Name { get; init; }

    public string? AppleAccount { get; init; }

    public AccountType? AccountType { get; init; }

    /// <summary>Two letters; another store rewrites titles at the next sync, which is asked for at once.</summary>
    public string? CountryOrRegion { get; init; }

    /// <summary>Consent can be given later, not withdrawn: delete the token instead.</summary>
    public bool? ConsentGranted { get; init; }
}

/// <summary>Settings of the section <c>Locations</c>.</summary>
public sealed class LocationOptions
{
    public const string SectionName = "Locations";

    /// <summary>Product name in the claim at Apple; other device managements show it.</summary>
    public const string MdmName = "VppBooks";

    /// <summary>
    /// Free text in the claim at Apple that tells other administrators which installation holds a location, such as a host name; 1 to 255
    /// characters, default <c>VppBooks</c>.
    /// </summary>
    public string MdmMetadata { get; set; } = "VppBooks";
}
