namespace VppBooks.Web.Components.Layout;

/// <summary>Places of the shell that features fill.</summary>
public enum ShellPlace
{
    /// <summary>In the header, left of the switches: how fresh the data is, alerts.</summary>
    Header,

    /// <summary>Under the header, on every page: only for what needs a person.</summary>
    Banner,
}

/// <summary>A component that stands in the shell on every page; register it as a singleton.</summary>
public sealed record ShellPart(ShellPlace Place, Type Component, string Policy);
