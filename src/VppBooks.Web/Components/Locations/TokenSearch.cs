using System.Security.Claims;
using Microsoft.Extensions.Localization;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Web.Components.Search;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Components.Locations;

/// <summary>Finds tokens by their name, organization, location or Apple Account.</summary>
internal sealed class TokenSearch(LocationDirectory directory, IStringLocalizer<TokenSearch> l) : ISearchSource
{
    public string Heading => l["Apple VPP tokens"];

    public async Task<IReadOnlyList<SearchHit>> FindAsync(string text, int limit, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        var actor = CoreActor.From(user);
        if (!actor.May(Permissions.Read))
        {
            return [];
        }

        return
        [
            .. (await directory.ListAsync(actor, cancellationToken))
                .Where(t => new[] { t.Name, t.OrganizationName, t.LocationName, t.AppleAccount }.Any(w => w.Contains(text, StringComparison.CurrentCultureIgnoreCase)))
                .Take(limit)
                .Select(t => new SearchHit(t.Name, t.LocationName == t.Name ? t.OrganizationName : t.LocationName, TokenAddresses.Of(t.PublicId))),
        ];
    }
}
