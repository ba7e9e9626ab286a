namespace VppBooks.Web.Components.Elements;

/// <summary>How something stands, for icon and color.</summary>
public enum State
{
    Neutral,
    Good,
    Busy,
    Waiting,
    Warning,
    Bad,
}
