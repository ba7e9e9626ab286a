using System.Globalization;
using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Devices;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;

namespace VppBooks.Core.Catalog;

/// <summary>A condition on somebody the book was given to, or on a device of such a person, that the database decides.</summary>
public abstract record BookStateCondition
{
    private BookStateCondition()
    {
    }

    /// <summary>All of them.</summary>
    public sealed record All(IReadOnlyList<BookStateCondition> Parts) : BookStateCondition;

    /// <summary>At least one of them.</summary>
    public sealed record Any(IReadOnlyList<BookStateCondition> Parts) : BookStateCondition;

    /// <summary>The opposite.</summary>
    public sealed record Not(BookStateCondition Part) : BookStateCondition;

    /// <summary>Known beforehand.</summary>
    public sealed record Always(bool Holds) : BookStateCondition;

    /// <summary>How the book stands with the person.</summary>
    public sealed record InState(HoldingState State) : BookStateCondition;

    /// <summary>The whole user principal name, whatever its case.</summary>
    public sealed record Named(string UserPrincipalName) : BookStateCondition;

    /// <summary>A text inside the user principal name, taken literally, whatever its case.</summary>
    public sealed record NameHas(TextPlace Place, string Text) : BookStateCondition;

    /// <summary>One person, by public id.</summary>
    public sealed record IsPerson(Guid PersonId) : BookStateCondition;

    /// <summary>One device of a person, by the directory's id of it. Of people, nobody is one.</summary>
    public sealed record IsDevice(Guid PersonId, Guid DeviceId) : BookStateCondition;

    /// <summary>One device of a person whose id is not known. Of people, nobody is one.</summary>
    public sealed record IsNumberedDevice(Guid PersonId, int Number) : BookStateCondition;
}

/// <summary>A license of a book with whose it is, and a device of that person where devices are asked for; a shape for queries, never handed out.</summary>
internal sealed class GivenLicense
{
    public required License License { get; init; }

    public required Person Person { get; init; }

    public ManagedDevice? Device { get; init; }
}

/// <summary>Turns conditions into SQL that both databases run.</summary>
internal static class BookStateConditions
{
    private static readonly Expression<Func<GivenLicense, bool>> _yes = g => true;
    private static readonly Expression<Func<GivenLicense, bool>> _no = g => false;

    public static Expression<Func<GivenLicense, bool>> Of(BookStateCondition condition) => condition switch
    {
        BookStateCondition.All { Parts: var parts } => BookConditions.Join([.. parts.Select(Of)], Expression.AndAlso, _yes),
        BookStateCondition.Any { Parts: var parts } => BookConditions.Join([.. parts.Select(Of)], Expression.OrElse, _no),
        BookStateCondition.Not { Part: var part } => BookConditions.Negate(Of(part)),
        BookStateCondition.Always { Holds: var holds } => holds ? _yes : _no,
        BookStateCondition.InState { State: HoldingState.Assigned } => g => g.License.State == LicenseState.Assigned,
        BookStateCondition.InState { State: HoldingState.Failed } => g => g.License.State == LicenseState.Failed,
        BookStateCondition.InState => g => g.License.State != LicenseState.Assigned && g.License.State != LicenseState.Failed,
        BookStateCondition.Named { UserPrincipalName: var name } => Like(BookFilters.Like(name)[1..^1]),
        BookStateCondition.NameHas { Place: TextPlace.Start, Text: var text } => Like(BookFilters.Like(text)[1..]),
        BookStateCondition.NameHas { Place: TextPlace.End, Text: var text } => Like(BookFilters.Like(text)[..^1]),
        BookStateCondition.NameHas { Text: var text } => Like(BookFilters.Like(text)),
        BookStateCondition.IsPerson { PersonId: var person } => g => g.Person.PublicId == person,
        BookStateCondition.IsDevice { PersonId: var person, DeviceId: var device } => g => g.Person.PublicId == person && g.Device!.DeviceId == device,
        BookStateCondition.IsNumberedDevice { PersonId: var person, Number: var number } => g => g.Person.PublicId == person && g.Device!.DeviceId == null && g.Device.Id == number,
        _ => throw new ArgumentOutOfRangeException(nameof(condition)),
    };

    /// <summary>Rows after a place in the order of a page, then by person and device.</summary>
    /// <exception cref="FormatException">A place in another list.</exception>
    public static Expression<Func<GivenLicense, bool>> After(BookStatePage page, IReadOnlyList<string> place, bool devices)
    {
        var keys = BookStateKey.Of(page.OrderBy);
        var ids = place.Skip(keys.Count).Select(w => int.Parse(w, NumberStyles.None, CultureInfo.InvariantCulture)).ToArray();
        if (ids.Length != (devices ? 2 : 1))
        {
            throw new FormatException("A place in another list.");
        }

        var (person, device) = (ids[0], ids[^1]);
        Expression<Func<GivenLicense, bool>> further = devices
            ? g => g.License.PersonId > person || (g.License.PersonId == person && g.Device!.Id > device)
            : g => g.License.PersonId > person;
        for (var i = keys.Count - 1; i >= 0; i--)
        {
            further = BookConditions.Join(
                [keys[i].Test(place[i], after: true), BookConditions.Join([keys[i].Test(place[i], after: false), further], Expression.AndAlso, _yes)],
                Expression.OrElse,
                _no);
        }

        return further;
    }

    private static Expression<Func<GivenLicense, bool>> Like(string pattern) => g => EF.Functions.Like(g.Person.UserPrincipalName, pattern, BookFilters.Escape);
}
