using System.Globalization;
using System.Linq.Expressions;
using VppBooks.Core.Devices;

namespace VppBooks.Core.Catalog;

/// <summary>What a row of people or devices is ordered by, at hand.</summary>
internal sealed record BookStateKeyed(string UserPrincipalName, Guid PersonId, ManagedDevice? Device);

/// <summary>One key of an order of people or devices: never null, so that "after this one" can be asked of it.</summary>
internal abstract class BookStateKey
{
    /// <summary>Rows by this key, after the keys before it.</summary>
    public abstract IOrderedQueryable<GivenLicense> Order(IQueryable<GivenLicense> given, IOrderedQueryable<GivenLicense>? sorted);

    /// <summary>Rows whose key equals a written one, or comes after it.</summary>
    /// <exception cref="FormatException">Nobody wrote that.</exception>
    public abstract Expression<Func<GivenLicense, bool>> Test(string written, bool after);

    /// <summary>The key of a row, for its place.</summary>
    public abstract string Write(BookStateKeyed row);

    /// <summary>The keys of an order; none for none.</summary>
    public static IReadOnlyList<BookStateKey> Of(BookStateOrder? order) => order switch
    {
        null => [],
        { Field: BookStateField.UserName, Descending: var down } => [new Key<string>(g => g.Person.UserPrincipalName, down, r => r.UserPrincipalName, t => t)],
        { Field: BookStateField.DeviceName, Descending: var down } => [new Key<string>(g => g.Device!.Name, down, r => r.Device!.Name, t => t)],
        { Field: BookStateField.LastSeen, Descending: var down } =>
        [
            new Key<DateTimeOffset>(
                g => g.Device!.LastSeenAt ?? DateTimeOffset.MinValue,
                down,
                r => (r.Device!.LastSeenAt ?? DateTimeOffset.MinValue).ToString("O", CultureInfo.InvariantCulture),
                t => DateTimeOffset.ParseExact(t, "O", CultureInfo.InvariantCulture)),
        ],
        { Field: BookStateField.Device, Descending: var down } =>
        [
            new Key<Guid>(g => g.Person.PublicId, down, r => r.PersonId.ToString(), Guid.Parse),
            new Key<Guid>(g => g.Device!.DeviceId ?? Guid.Empty, down, r => (r.Device!.DeviceId ?? Guid.Empty).ToString(), Guid.Parse),
        ],
        _ => throw new ArgumentOutOfRangeException(nameof(order)),
    };

    private sealed class Key<T>(Expression<Func<GivenLicense, T>> value, bool descending, Func<BookStateKeyed, string> write, Func<string, T> read) : BookStateKey
    {
        public override IOrderedQueryable<GivenLicense> Order(IQueryable<GivenLicense> given, IOrderedQueryable<GivenLicense>? sorted) => (sorted, descending) switch
        {
            (null, false) => given.OrderBy(value),
            (null, true) => given.OrderByDescending(value),
            (var before, false) => before.ThenBy(value),
            var (before, _) => before.ThenByDescending(value),
        };

        public override Expression<Func<GivenLicense, bool>> Test(string written, bool after) => BookFields.Test(
            value, BookFields.Parameter(read(written)), !after ? Expression.Equal : descending ? Expression.LessThan : Expression.GreaterThan);

        public override string Write(BookStateKeyed row) => write(row);
    }
}
