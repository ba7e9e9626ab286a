using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.SignIn;

public sealed class PoliciesTests
{
    private static readonly IAuthorizationService _authorization = new ServiceCollection()
        .AddLogging().AddAuthorizationCore(Policies.Register).BuildServiceProvider().GetRequiredService<IAuthorizationService>();

    [Theory]
    [InlineData(Roles.Administrator, "ReadAll ReadTokens ReadSettings ManageTokens ManageBooks Assign SyncNow ResendInvitation ReadActivity Export ManageSettings ManagePrivacy UseLibrary")]
    [InlineData(Roles.Assigner, "ReadAll ReadTokens Assign SyncNow Export UseLibrary")]
    [InlineData(Roles.Helpdesk, "ReadAll ReadTokens ReadSettings SyncNow ResendInvitation ReadActivity Export UseLibrary")]
    [InlineData(Roles.Auditor, "ReadAll ReadTokens ReadSettings ReadActivity Export UseLibrary")]
    [InlineData("Elsewhere.Administrator", "UseLibrary")]
    public async Task Role_may_exactly_this(string role, string may)
    {
        var user = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Role, role)], "test"));

        Assert.Equal(may.Split(' ').Order(), (await AllowedAsync(user)).Order());
    }

    [Fact]
    public async Task Role_that_nobody_could_confirm_for_long_reads_and_changes_nothing()
    {
        var user = SessionClaims.Marked(new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.Role, Roles.Administrator)], "test")), readOnly: true);

        Assert.Equal("Export ReadActivity ReadAll ReadSettings ReadTokens UseLibrary", string.Join(' ', (await AllowedAsync(user)).Order()));
    }

    [Fact]
    public async Task Nobody_may_nothing() => Assert.Empty(await AllowedAsync(new ClaimsPrincipal(new ClaimsIdentity())));

    private static async Task<List<string>> AllowedAsync(ClaimsPrincipal user)
    {
        List<string> allowed = [];
        foreach (var policy in Policies.Demands.Keys)
        {
            if ((await _authorization.AuthorizeAsync(user, policy)).Succeeded)
            {
                allowed.Add(policy);
            }
        }

        return allowed;
    }
}
