namespace VppBooks.EndToEnd.Tests;

/// <summary>How the browser of a test is set up.</summary>
public sealed record BrowserKind
{
    public bool Dark { get; init; }

    /// <summary>A phone of 390 by 844; otherwise a desk of 1280 by 800.</summary>
    public bool Phone { get; init; }

    public string Locale { get; init; } = "en-US";
}
