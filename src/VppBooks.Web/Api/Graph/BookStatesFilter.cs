using System.Globalization;
using VppBooks.Core.Catalog;

namespace VppBooks.Web.Api.Graph;

/// <summary>The options of a report on people or devices, for the database: a book may have a hundred thousand of each.</summary>
internal static class BookStatesFilter
{
    /// <summary>The page that a request asks for.</summary>
    /// <exception cref="GraphQueryException">It is filtered or ordered by something that the database does not know.</exception>
    public static BookStatePage Page(GraphQuery query, GraphSkipTokens tokens, bool devices) => new()
    {
        Skip = query.SkipToken is null ? query.Skip : 0,
        Take = query.Top,
        After = tokens.Read(query),
        Count = query.Count,
        Where = query.Filter is { } filter ? Of(filter, devices) : null,
        OrderBy = query.OrderBy switch
        {
            [] => null,
            [("userName", var descending)] => new BookStateOrder(BookStateField.UserName, descending),
            [("deviceName", var descending)] when devices => new BookStateOrder(BookStateField.DeviceName, descending),
            [("lastSyncDateTime", var descending)] when devices => new BookStateOrder(BookStateField.LastSeen, descending),
            [("id", var descending)] when devices => new BookStateOrder(BookStateField.Device, descending),
            _ => throw new GraphQueryException(devices
                ? "Devices are ordered by one of userName, deviceName, lastSyncDateTime and id, or not at all."
                : "People are ordered by userName, or not at all."),
        },
    };

    private static BookStateCondition Of(GraphCondition condition, bool devices) => condition switch
    {
        GraphCondition.All { Parts: var parts } => new BookStateCondition.All([.. parts.Select(p => Of(p, devices))]),
        GraphCondition.Any { Parts: var parts } => new BookStateCondition.Any([.. parts.Select(p => Of(p, devices))]),
        GraphCondition.Not { Part: var part } => new BookStateCondition.Not(Of(part, devices)),
        GraphCondition.IsOf isOf => new BookStateCondition.Always(isOf.Is(devices ? BookStatesWire.DeviceType : BookStatesWire.UserType)),
        GraphCondition.Match { Property: "userName", Place: var place, Text: var text } => new BookStateCondition.NameHas(place, text),
        GraphCondition.Compare { Property: "userName", Comparison: BookComparison.Equal, Value: var value } => value is string name ? new BookStateCondition.Named(name) : Nothing,
        GraphCondition.Compare { Property: "id", Comparison: BookComparison.Equal, Value: var value } => Key(value as string, devices),
        GraphCondition.Compare { Property: "installState", Comparison: BookComparison.Equal, Value: var value } => State(value as string),
        _ => throw new GraphQueryException(devices
            ? "Devices can be filtered by installState, userName and id with eq, ne and in, and by userName with contains, startswith and endswith, joined by and, or and not."
            : "People can be filtered by userName and id with eq, ne and in, and by userName with contains, startswith and endswith, joined by and, or and not."),
    };

    private static BookStateCondition.Always Nothing => new(false);

    // Words that no device is ever in are Graph's all the same.
    private static BookStateCondition State(string? word)
    {
        foreach (var state in Enum.GetValues<HoldingState>())
        {
            if (BookStatesWire.Word(state).Equals(word, StringComparison.OrdinalIgnoreCase))
            {
                return new BookStateCondition.InState(state);
            }
        }

        return Nothing;
    }

    private static BookStateCondition Key(string? id, bool devices)
    {
        if (!devices)
        {
            return ApiId.TryParse(id, out var one) ? new BookStateCondition.IsPerson(one) : Nothing;
        }

        if (id?.Split('_') is not [var person, var device] || !Guid.TryParseExact(person, "N", out var owner))
        {
            return Nothing;
        }

        // An id has 32 digits, which no number has.
        return Guid.TryParseExact(device, "N", out var known) ? new BookStateCondition.IsDevice(owner, known)
            : int.TryParse(device, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new BookStateCondition.IsNumberedDevice(owner, number)
            : Nothing;
    }
}
