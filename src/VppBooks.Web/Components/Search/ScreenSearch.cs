using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Localization;
using VppBooks.Web.Components.Layout;

namespace VppBooks.Web.Components.Search;

/// <summary>Finds the console's own pages by name.</summary>
internal sealed class ScreenSearch(IAuthorizationService authorization, IStringLocalizer<NavMenu> names, IStringLocalizer<SearchPage> words) : ISearchSource
{
    public string Heading => words["Pages"];

    public async Task<IReadOnlyList<SearchHit>> FindAsync(string text, int limit, ClaimsPrincipal user, CancellationToken cancellationToken)
    {
        List<SearchHit> hits = [];
        foreach (var section in Navigation.Sections)
        {
            foreach (var item in section.Items.Where(i => names[i.Text].Value.Contains(text, StringComparison.CurrentCultureIgnoreCase)))
            {
                if (hits.Count < limit && (await authorization.AuthorizeAsync(user, item.Policy)).Succeeded)
                {
                    hits.Add(new SearchHit(names[item.Text], section.Heading is null ? null : names[section.Heading].Value, item.Href));
                }
            }
        }

        return hits;
    }
}
