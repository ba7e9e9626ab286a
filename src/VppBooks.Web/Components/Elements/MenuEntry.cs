using Microsoft.FluentUI.AspNetCore.Components;

namespace VppBooks.Web.Components.Elements;

/// <summary>One thing a row's menu offers.</summary>
public sealed record MenuEntry(string Text, Icon Icon, Func<Task> Run)
{
    /// <summary>Why it cannot be used now; null when it can.</summary>
    public string? Unavailable { get; init; }

    /// <summary>Set apart at the end: it takes something away.</summary>
    public bool Destructive { get; init; }
}
