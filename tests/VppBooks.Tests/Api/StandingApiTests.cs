using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Web.Settings;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Api;

/// <summary>Tokens that are still good while the person behind them is not.</summary>
public sealed class StandingApiTests : IAsyncLifetime
{
    private const string Path = "/v1.0/deviceAppManagement/vppTokens";
    private readonly ApiHouse _api = new(["--Console:RecheckEvery=00:00:01"]);

    public ValueTask InitializeAsync() => _api.InitializeAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task F56_Token_of_a_lost_account_or_of_a_withdrawn_role_is_refused_before_it_expires(bool disabled)
    {
        var person = Person("admin");
        var (token, program) = (_api.TokenOf(person), await _api.ProgramTokenAsync());
        Assert.Equal(HttpStatusCode.OK, await AskAsync(token));

        if (disabled)
        {
            _api.Cloud.Graph.DisablePerson(person.Id);
        }
        else
        {
            _api.Cloud.Graph.WithdrawRole(person.Id, Roles.Administrator);
        }

        await ApiHouse.UntilAsync(() => AskAsync(token), status => status == HttpStatusCode.Unauthorized);

        // A program that acts for itself has no account.
        Assert.Equal(HttpStatusCode.OK, await AskAsync(program));
    }

    [Fact]
    public async Task F56_While_nobody_can_say_a_token_only_reads()
    {
        var token = _api.TokenOf(Person("admin"));
        _api.Cloud.Graph.FailNext(10_000, "/users/", 503);
        _api.Services.GetRequiredService<IOptions<ConsoleSettings>>().Value.KeepRolesFor = TimeSpan.FromSeconds(2);

        await ApiHouse.UntilAsync(() => SyncAsync(token), status => status == HttpStatusCode.Forbidden);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(token));
    }

    private SimulatedPerson Person(string name)
    {
        lock (_api.Cloud.Directory.Gate)
        {
            return _api.Cloud.Directory.People.Values.Single(p => p.UserPrincipalName.StartsWith(name + "@", StringComparison.Ordinal));
        }
    }

    private async Task<HttpStatusCode> AskAsync(string token)
    {
        using var answer = await _api.SendAsync(HttpMethod.Get, Path, token: token);
        return answer.StatusCode;
    }

    private async Task<HttpStatusCode> SyncAsync(string token)
    {
        using var answer = await _api.SendAsync(HttpMethod.Post, Path + "/syncLicenseCounts", token: token);
        return answer.StatusCode;
    }
}
