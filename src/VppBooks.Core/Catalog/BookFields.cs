using System.Linq.Expressions;

namespace VppBooks.Core.Catalog;

/// <summary>Where each field of a book is found, and comparisons with it.</summary>
internal static class BookFields
{
    /// <summary>A field that is text; null when it is none.</summary>
    // The database writes the number: it has no language, and no argument for one.
#pragma warning disable CA1305
    public static Expression<Func<ListedBook, string?>>? Text(BookField field) => field switch
    {
        BookField.DisplayName => b => b.Title!.Name ?? "Book " + b.Book.AdamId.ToString(),
        BookField.Description => b => b.Title!.Description,
        BookField.Publisher => b => b.Title!.Seller ?? b.Title.Author,
        BookField.StoreUrl => b => b.Title!.StoreUrl,
        BookField.AppleAccount => b => b.Location.AppleAccount,
        BookField.OrganizationName => b => b.Location.OrganizationName,
        BookField.Genres => b => b.Title!.Genres,
        BookField.Language => b => b.Title!.Language,
        BookField.Seller => b => b.Title!.Seller,
        _ => null,
    };
#pragma warning restore CA1305

    /// <summary>A field that is a number, a moment, a day or an id, and never null.</summary>
    public static LambdaExpression Value(BookField field) => field switch
    {
        BookField.Id => (Expression<Func<ListedBook, Guid>>)(b => b.Book.PublicId),
        BookField.Token => (Expression<Func<ListedBook, Guid>>)(b => b.Location.PublicId),
        BookField.CreatedAt => (Expression<Func<ListedBook, DateTimeOffset>>)(b => b.Book.CreatedAt),
        BookField.ModifiedAt => (Expression<Func<ListedBook, DateTimeOffset>>)(b => b.Book.ModifiedAt),
        BookField.Published => (Expression<Func<ListedBook, DateOnly>>)(b => b.Title!.ReleaseDate ?? DateOnly.MinValue),
        BookField.Total => (Expression<Func<ListedBook, long>>)(b => b.Book.Unlimited ? b.Book.AssignedCount : b.Book.TotalCount),
        BookField.Used => (Expression<Func<ListedBook, long>>)(b => b.Book.AssignedCount),
        _ => throw new ArgumentOutOfRangeException(nameof(field)),
    };

    /// <summary>A comparison of what <paramref name="field"/> finds with <paramref name="value"/>.</summary>
    public static Expression<Func<TRow, bool>> Test<TRow, T>(Expression<Func<TRow, T>> field, Expression value, Func<Expression, Expression, Expression> compare)
    {
        var (left, right) = (field.Body, value);
        if (compare != Expression.Equal && typeof(T) == typeof(string))
        {
            (left, right) = (Expression.Call(typeof(string), nameof(string.Compare), null, field.Body, value), Expression.Constant(0));
        }

        return Expression.Lambda<Func<TRow, bool>>(compare(left, right), field.Parameters);
    }

    /// <summary>A value that SQL gets as a parameter, so that its plan is kept.</summary>
    public static Expression Parameter<T>(T value)
    {
        Expression<Func<T>> captured = () => value;
        return captured.Body;
    }

    /// <summary>What a condition says, about another parameter.</summary>
    public static Expression About(LambdaExpression condition, ParameterExpression parameter) => Replace(condition.Body, condition.Parameters[0], parameter);

    public static Expression Replace(Expression body, Expression old, Expression replacement) => new Replacement(old, replacement).Visit(body)!;

    private sealed class Replacement(Expression old, Expression replacement) : ExpressionVisitor
    {
        public override Expression? Visit(Expression? node) => node == old ? replacement : base.Visit(node);
    }
}
