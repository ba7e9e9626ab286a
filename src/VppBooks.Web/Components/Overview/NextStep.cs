using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Overview;

/// <summary>Something that needs a person, as the first page says it.</summary>
/// <param name="State">How bad it is.</param>
/// <param name="Text">What is wrong, in a sentence.</param>
/// <param name="Step">The one thing to do.</param>
/// <param name="Href">Where it is done.</param>
internal sealed record NextStep(State State, string Text, string Step, string Href);
