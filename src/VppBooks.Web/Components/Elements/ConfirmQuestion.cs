namespace VppBooks.Web.Components.Elements;

/// <summary>What a person is asked before something happens that cannot be undone.</summary>
/// <param name="Title">The question, such as "Delete this token?".</param>
/// <param name="Text">What happens, in a sentence.</param>
/// <param name="Action">The word on the button that does it; never "OK".</param>
public sealed record ConfirmQuestion(string Title, string Text, string Action)
{
    /// <summary>What is lost for good.</summary>
    public string? Warning { get; init; }

    /// <summary>A word or number that must be typed first; null asks for nothing.</summary>
    public string? TypeToConfirm { get; init; }
}
