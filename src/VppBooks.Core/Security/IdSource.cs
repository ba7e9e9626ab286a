namespace VppBooks.Core.Security;

/// <summary>Where new ids come from; a test hands in its own to repeat a run exactly (I15).</summary>
public class IdSource
{
    /// <summary>A random id.</summary>
    public virtual Guid NewId() => Guid.NewGuid();
}
