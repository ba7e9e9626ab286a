using System.Globalization;
using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;

namespace VppBooks.Core.Catalog;

/// <summary>One key of an order of books: never null, so that "after this one" can be asked of it.</summary>
internal abstract class BookKey
{
    public abstract IOrderedQueryable<ListedBook> Order(IQueryable<ListedBook> books);

    public abstract IOrderedQueryable<ListedBook> OrderFurther(IOrderedQueryable<ListedBook> books);

    /// <summary>Rows whose key equals a written one, or comes after it.</summary>
    /// <exception cref="FormatException">Nobody wrote that.</exception>
    public abstract Expression<Func<ListedBook, bool>> Test(string written, bool after);

    public abstract Task<string> ReadAsync(IQueryable<ListedBook> one, CancellationToken cancellationToken);

    /// <summary>The keys of an order; the last one differs for every book.</summary>
    public static IReadOnlyList<BookKey> Of(IReadOnlyList<BookOrder> order) =>
        [.. order.Select(o => Of(o.Field, o.Descending)), new Key<int>(b => b.Book.Id, false, k => k.ToString(CultureInfo.InvariantCulture), t => int.Parse(t, CultureInfo.InvariantCulture))];

    /// <summary>Rows after the one that has these keys.</summary>
    /// <exception cref="FormatException">Keys of another order.</exception>
    public static Expression<Func<ListedBook, bool>> After(IReadOnlyList<BookKey> keys, IReadOnlyList<string> values)
    {
        if (values.Count != keys.Count)
        {
            throw new FormatException("Keys of another order.");
        }

        var further = keys.Select((key, i) => BookConditions.Join(
            [.. keys.Take(i).Select((k, j) => k.Test(values[j], after: false)), key.Test(values[i], after: true)], Expression.AndAlso, b => true));
        return BookConditions.Join([.. further], Expression.OrElse, b => false);
    }

    private static BookKey Of(BookField field, bool down)
    {
        if (BookFields.Text(field) is { } text)
        {
            return new Key<string>(
                Expression.Lambda<Func<ListedBook, string>>(Expression.Coalesce(text.Body, Expression.Constant("")), text.Parameters), down, k => k, t => t);
        }

        return BookFields.Value(field) switch
        {
            Expression<Func<ListedBook, Guid>> id => new Key<Guid>(id, down, k => k.ToString(), Guid.Parse),
            Expression<Func<ListedBook, long>> number => new Key<long>(number, down, k => k.ToString(CultureInfo.InvariantCulture), t => long.Parse(t, CultureInfo.InvariantCulture)),
            Expression<Func<ListedBook, DateTimeOffset>> moment => new Key<DateTimeOffset>(
                moment, down, k => k.ToString("O", CultureInfo.InvariantCulture), t => DateTimeOffset.ParseExact(t, "O", CultureInfo.InvariantCulture)),
            Expression<Func<ListedBook, DateOnly>> day => new Key<DateOnly>(
                day, down, k => k.ToString("O", CultureInfo.InvariantCulture), t => DateOnly.ParseExact(t, "O", CultureInfo.InvariantCulture)),
            _ => throw new ArgumentOutOfRangeException(nameof(field)),
        };
    }

    private sealed class Key<T>(Expression<Func<ListedBook, T>> value, bool descending, Func<T, string> write, Func<string, T> read) : BookKey
    {
        public override IOrderedQueryable<ListedBook> Order(IQueryable<ListedBook> books) => descending ? books.OrderByDescending(value) : books.OrderBy(value);

        public override IOrderedQueryable<ListedBook> OrderFurther(IOrderedQueryable<ListedBook> books) => descending ? books.ThenByDescending(value) : books.ThenBy(value);

        public override Expression<Func<ListedBook, bool>> Test(string written, bool after) => BookFields.Test(
            value, BookFields.Parameter(read(written)), !after ? Expression.Equal : descending ? Expression.LessThan : Expression.GreaterThan);

        public override async Task<string> ReadAsync(IQueryable<ListedBook> one, CancellationToken cancellationToken) =>
            write(await one.Select(value).SingleAsync(cancellationToken));
    }
}
