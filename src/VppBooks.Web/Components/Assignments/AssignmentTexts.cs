namespace VppBooks.Web.Components.Assignments;

/// <summary>Words of the picker and the plan.</summary>
public sealed class AssignmentTexts;
