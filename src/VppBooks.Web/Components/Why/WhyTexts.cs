namespace VppBooks.Web.Components.Why;

/// <summary>Words of the explanations, and of devices.</summary>
public sealed class WhyTexts;
