namespace VppBooks.Web.Components.Elements;

/// <summary>What became of something a person asked for, said at the top of the page.</summary>
public sealed record Outcome(State State, string Text);
