namespace VppBooks.Web.Components.Elements;

/// <summary>Small questions about a read.</summary>
internal static class LoadableShapes
{
    extension<T>(Loadable<T> source)
    {
        /// <summary>What was read; the type's default while there is nothing.</summary>
        public T? Value => source is Loadable<T>.Ready ready ? ready.Value : default;

        /// <summary>For pages of lists, which are never null but may hold no rows.</summary>
        public Loadable<T> EmptyWhen(Func<T, bool> nothingThere) =>
            source is Loadable<T>.Ready ready && nothingThere(ready.Value) ? new Loadable<T>.Empty() : source;
    }
}
