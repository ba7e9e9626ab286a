using VppBooks.Core.Assignments;

namespace VppBooks.Web.Components.Assignments;

/// <summary>A group in the picker, and what it is to be given.</summary>
/// <param name="GroupId">Object id in the directory; null for all users.</param>
/// <param name="Name">Its name; null for all users.</param>
/// <param name="Intent">What it is to be given.</param>
/// <param name="Standing">What it is given now; null when it is new.</param>
public sealed record Pick(Guid? GroupId, string? Name, Intent Intent, Intent? Standing)
{
    /// <summary>Differs from what is in force.</summary>
    public bool Changed => Standing != Intent;
}
