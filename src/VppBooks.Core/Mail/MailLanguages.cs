namespace VppBooks.Core.Mail;

/// <summary>The languages that mails are written in.</summary>
public static class MailLanguages
{
    /// <summary>Two letters each.</summary>
    public static IReadOnlyList<string> Shipped { get; } = ["en", "nl"];

    /// <summary>The language of a tag such as <c>nl-BE</c>; null when mails are not written in it, or for no tag.</summary>
    /// <remarks>No more than this is kept of what somebody prefers: a rare tag says where somebody comes from. Source: Microsoft Graph, user, preferredLanguage.</remarks>
    public static string? Of(string? tag) =>
        Shipped.FirstOrDefault(l => tag is not null && tag.StartsWith(l, StringComparison.OrdinalIgnoreCase) && (tag.Length == l.Length || tag[l.Length] is '-' or '_'));
}
