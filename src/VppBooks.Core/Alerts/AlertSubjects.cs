using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Alerts;

/// <summary>Public ids of the locations and books that alerts are about, read at once for all of them.</summary>
internal sealed class AlertSubjects
{
    private readonly Dictionary<int, Guid> _locations;
    private readonly Dictionary<int, Guid> _books;

    private AlertSubjects(Dictionary<int, Guid> locations, Dictionary<int, Guid> books) => (_locations, _books) = (locations, books);

    public static async Task<AlertSubjects> ReadAsync(VppBooksDbContext db, IReadOnlyCollection<Alert> alerts, CancellationToken cancellationToken)
    {
        var locations = alerts.Select(a => a.LocationId).OfType<int>().Distinct().ToArray();
        var books = alerts.Select(a => a.BookId).OfType<int>().Distinct().ToArray();
        return new AlertSubjects(
            locations.Length == 0 ? [] : await db.Locations.Where(l => EF.Parameter(locations).Contains(l.Id)).Select(l => new { l.Id, l.PublicId }).ToDictionaryAsync(l => l.Id, l => l.PublicId, cancellationToken),
            books.Length == 0 ? [] : await db.Books.Where(b => EF.Parameter(books).Contains(b.Id)).Select(b => new { b.Id, b.PublicId }).ToDictionaryAsync(b => b.Id, b => b.PublicId, cancellationToken));
    }

    /// <summary>What words about an alert are made of.</summary>
    public AlertFacts FactsOf(Alert alert) => new(
        alert.Kind, alert.Severity, alert.Subject, alert.Count, alert.ErrorNumber, alert.About, Find(_locations, alert.LocationId), Find(_books, alert.BookId));

    private static Guid? Find(Dictionary<int, Guid> ids, int? id) => id is { } known && ids.TryGetValue(known, out var found) ? found : null;
}
