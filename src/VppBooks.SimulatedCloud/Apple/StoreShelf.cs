using System.Collections.Concurrent;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud.Apple;

/// <summary>The store's items by id.</summary>
internal sealed class StoreShelf
{
    private readonly ConcurrentDictionary<string, StoreTitle> _titles = new(StringComparer.Ordinal);

    public void Add(StoreTitle title) => _titles[title.AdamId] = title;

    public StoreTitle? Find(string adamId) => _titles.GetValueOrDefault(adamId);
}
