using VppBooks.Apple;
using VppBooks.Core.Catalog;
using VppBooks.Core.Locations;

namespace VppBooks.Tests.Catalog.Pages;

/// <summary>A book of a list, as plain as can be.</summary>
internal static class ABook
{
    public static BookRow Row { get; } = new()
    {
        BookId = 1,
        PublicId = Guid.Parse("11111111-1111-4111-8111-111111111111"),
        LocationId = 1,
        LocationPublicId = Guid.Parse("22222222-2222-4222-8222-222222222222"),
        AdamId = 6500000011,
        PricingParam = PricingParam.STDQ,
        Title = "Max Havelaar",
        Author = "Multatuli",
        TokenName = "Education",
        Total = 500,
        Used = 412,
        Free = 88,
        Unlimited = false,
        NoLongerReported = false,
        Reserved = 0,
        Waiting = 0,
        Assignments = 0,
        RequiredAssignments = 0,
        LocationState = TokenState.Valid,
    };
}
