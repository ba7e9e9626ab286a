using Microsoft.Extensions.Localization;
using VppBooks.Core.Locations;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Locations;

/// <summary>How notifications of a token stand, in a word.</summary>
public sealed class NotificationWords(IStringLocalizer<TokenNotifications> l)
{
    public string Word(NotificationState state) => state switch
    {
        NotificationState.Registered => l["Registered"],
        NotificationState.Unreachable => l["Unreachable"],
        NotificationState.Refused => l["Refused"],
        _ => l["Polling"],
    };

    public static State StateOf(NotificationState state) => state switch
    {
        NotificationState.Registered => State.Good,
        NotificationState.Unreachable or NotificationState.Refused => State.Warning,
        _ => State.Neutral,
    };
}
