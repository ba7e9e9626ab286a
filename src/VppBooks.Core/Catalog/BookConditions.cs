using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;

namespace VppBooks.Core.Catalog;

/// <summary>Turns conditions into SQL that both databases run.</summary>
internal static class BookConditions
{
    private static readonly Expression<Func<ListedBook, bool>> _yes = b => true;
    private static readonly Expression<Func<ListedBook, bool>> _no = b => false;

    public static Expression<Func<ListedBook, bool>> Of(BookCondition condition) => condition switch
    {
        BookCondition.All { Parts: var parts } => Join([.. parts.Select(Of)], Expression.AndAlso, _yes),
        BookCondition.Any { Parts: var parts } => Join([.. parts.Select(Of)], Expression.OrElse, _no),
        BookCondition.Not { Part: var part } => Negate(Of(part)),
        BookCondition.Always { Holds: var holds } => holds ? _yes : _no,
        BookCondition.Compare compare => Compare(compare),
        BookCondition.Match match => BookFields.Text(match.Field) is { } text ? Like(text, Pattern(match)) : _no,
        _ => throw new ArgumentOutOfRangeException(nameof(condition)),
    };

    /// <summary>Both conditions, or either, about the same row. Halves are joined, not one after another: a long list makes no deep expression.</summary>
    public static Expression<Func<TRow, bool>> Join<TRow>(
        IReadOnlyList<Expression<Func<TRow, bool>>> parts, Func<Expression, Expression, Expression> join, Expression<Func<TRow, bool>> none)
    {
        switch (parts.Count)
        {
            case 0:
                return none;
            case 1:
                return parts[0];
            default:
                var (left, right) = (Join([.. parts.Take(parts.Count / 2)], join, none), Join([.. parts.Skip(parts.Count / 2)], join, none));
                return Expression.Lambda<Func<TRow, bool>>(join(left.Body, BookFields.About(right, left.Parameters[0])), left.Parameters[0]);
        }
    }

    public static Expression<Func<TRow, bool>> Negate<TRow>(Expression<Func<TRow, bool>> condition) =>
        Expression.Lambda<Func<TRow, bool>>(Expression.Not(condition.Body), condition.Parameters);

    private static Expression<Func<ListedBook, bool>> Compare(BookCondition.Compare compare)
    {
        var (field, how, value) = compare;
        if (BookFields.Text(field) is { } text)
        {
            return value switch
            {
                null when how == BookComparison.Equal => BookFields.Test(text, Expression.Constant(null, typeof(string)), Expression.Equal),
                string wanted when how == BookComparison.Equal => Like(text, BookFilters.Like(wanted)[1..^1]),
                string wanted => NotNull(text, BookFields.Test(text, BookFields.Parameter(wanted), Operator(how))),
                _ => _no,
            };
        }

        return (BookFields.Value(field), value) switch
        {
            (Expression<Func<ListedBook, Guid>> id, string wanted) when Guid.TryParse(wanted, out var guid) => BookFields.Test(id, BookFields.Parameter(guid), Operator(how)),
            (Expression<Func<ListedBook, long>> number, decimal wanted) => CompareNumber(number, how, wanted),
            (Expression<Func<ListedBook, DateTimeOffset>> moment, var wanted) when Moment(wanted) is { } at => BookFields.Test(moment, BookFields.Parameter(at), Operator(how)),
            (Expression<Func<ListedBook, DateOnly>> day, var wanted) when Moment(wanted) is { } at => CompareDay(day, how, at),
            _ => _no,
        };
    }

    private static Expression<Func<ListedBook, bool>> CompareNumber(Expression<Func<ListedBook, long>> number, BookComparison how, decimal wanted)
    {
        if (how == BookComparison.Equal && wanted != Math.Floor(wanted))
        {
            return _no;
        }

        // Copies are whole numbers: a fraction lies between two of them.
        var bound = how is BookComparison.Less or BookComparison.GreaterOrEqual ? Math.Ceiling(wanted) : Math.Floor(wanted);
        return BookFields.Test(number, BookFields.Parameter((long)Math.Clamp(bound, long.MinValue, long.MaxValue)), Operator(how));
    }

    // A day counts as its first moment.
    private static Expression<Func<ListedBook, bool>> CompareDay(Expression<Func<ListedBook, DateOnly>> day, BookComparison how, DateTimeOffset at)
    {
        var inside = at.UtcDateTime.TimeOfDay > TimeSpan.Zero;
        var bound = BookFields.Parameter(DateOnly.FromDateTime(at.UtcDateTime));
        return (how, inside) switch
        {
            (BookComparison.Equal, true) => _no,
            (BookComparison.Less, true) => BookFields.Test(day, bound, Expression.LessThanOrEqual),
            (BookComparison.GreaterOrEqual, true) => BookFields.Test(day, bound, Expression.GreaterThan),
            _ => BookFields.Test(day, bound, Operator(how)),
        };
    }

    private static DateTimeOffset? Moment(object? value) => value switch
    {
        DateTimeOffset moment => moment.ToUniversalTime(),
        string text when DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out var moment) => moment.ToUniversalTime(),
        _ => null,
    };

    private static string Pattern(BookCondition.Match match)
    {
        var literal = BookFilters.Like(match.Text);
        return match.Place switch
        {
            TextPlace.Start => literal[1..],
            TextPlace.End => literal[..^1],
            _ => literal,
        };
    }

    // Nulls are told apart before: the opposite of "unknown" would be unknown too.
    private static Expression<Func<ListedBook, bool>> Like(Expression<Func<ListedBook, string?>> text, string pattern)
    {
        Expression<Func<string?, bool>> like = t => t != null && EF.Functions.Like(t, pattern, BookFilters.Escape);
        return Expression.Lambda<Func<ListedBook, bool>>(BookFields.Replace(like.Body, like.Parameters[0], text.Body), text.Parameters);
    }

    private static Expression<Func<ListedBook, bool>> NotNull(Expression<Func<ListedBook, string?>> text, Expression<Func<ListedBook, bool>> condition) =>
        Join([Negate(BookFields.Test(text, Expression.Constant(null, typeof(string)), Expression.Equal)), condition], Expression.AndAlso, _yes);

    private static Func<Expression, Expression, Expression> Operator(BookComparison how) => how switch
    {
        BookComparison.Greater => Expression.GreaterThan,
        BookComparison.GreaterOrEqual => Expression.GreaterThanOrEqual,
        BookComparison.Less => Expression.LessThan,
        BookComparison.LessOrEqual => Expression.LessThanOrEqual,
        _ => Expression.Equal,
    };
}
