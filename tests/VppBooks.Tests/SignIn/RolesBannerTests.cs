using System.Security.Claims;
using Bunit;
using VppBooks.Tests.Elements;
using VppBooks.Web.Components.Layout;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.SignIn;

public sealed class RolesBannerTests : ElementContext
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Banner_says_why_nothing_can_be_changed_only_while_nobody_confirms_the_role(bool readOnly)
    {
        var person = SessionClaims.Marked(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Name, "anna")], "test")), readOnly);
        AddAuthorization().SetAuthorized("anna").SetClaims([.. person.Claims]);

        var banners = Render<RolesBanner>().FindAll("[role=status]").Select(b => b.TextContent).ToList();

        Assert.Equal(readOnly ? 1 : 0, banners.Count(b => b.Contains("you can read but change nothing", StringComparison.Ordinal)));
    }
}
