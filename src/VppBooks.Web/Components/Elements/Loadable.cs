using System.Collections;

namespace VppBooks.Web.Components.Elements;

/// <summary>What became of a read: still busy, failed, nothing there, or here it is.</summary>
public abstract record Loadable<T>
{
    private Loadable()
    {
    }

    public sealed record Pending : Loadable<T>;

    /// <summary>The log holds the cause under this reference.</summary>
    public sealed record Failed(string Reference) : Loadable<T>;

    public sealed record Empty : Loadable<T>;

    public sealed record Ready(T Value) : Loadable<T>;

    /// <summary>Null and a list without entries are <see cref="Empty"/>; everything else is <see cref="Ready"/>.</summary>
    internal static Loadable<T> From(T? value) => value switch
    {
        null => new Empty(),
        ICollection { Count: 0 } => new Empty(),
        IEnumerable<object> sequence when sequence.TryGetNonEnumeratedCount(out var count) && count == 0 => new Empty(),
        _ => new Ready(value),
    };
}
