namespace VppBooks.Core.Locations;

/// <summary>Every refusal of this feature in one place: its code, its status, its words.</summary>
public static class LocationRefusals
{
    /// <summary>Two files at once; the upload endpoint counts them.</summary>
    public static LocationRefusal SeveralFiles { get; } =
        new("TokenFileMultiple", 400, "Several files were sent. Upload one token file at a time.");
}
