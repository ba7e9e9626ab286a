using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Graph;
using VppBooks.Core.Directory;
using VppBooks.Core.Security;
using VppBooks.SimulatedCloud;
using VppBooks.SimulatedCloud.Entra;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Shell;
using VppBooks.Tests.SimulatedCloud;
using VppBooks.Web.Settings;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.SignIn;

/// <summary>Whether a sign-in still holds, asked of the stand-in for Graph while the time is ours.</summary>
public sealed class StandingTests : IAsyncLifetime
{
    private static readonly TimeSpan _minute = TimeSpan.FromMinutes(1);

    private readonly CountingClock _clock = new();
    private readonly ConsoleSettings _console = new();
    private SimulatedMicrosoft _microsoft = null!;
    private GraphServiceClient _graph = null!;
    private Standings _standings = null!;
    private EndedSessions _ended = null!;
    private Sessions _sessions = null!;

    public async ValueTask InitializeAsync()
    {
        _microsoft = await SimulatedMicrosoft.StartAsync(size: OrganizationSize.Tiny);
        _graph = _microsoft.GraphClient();
        _ended = new EndedSessions(_clock, Options.Create(_console));
        _standings = new Standings(
            new StandingReader(_graph, _clock), Options.Create(new SignInSettings { ClientId = EntraSimulator.ConsoleClientId }), Options.Create(_console), _clock, NullLogger<Standings>.Instance);
        _sessions = new Sessions(_ended, _standings, _clock, Options.Create(_console), NullLogger<Sessions>.Instance);
    }

    public async ValueTask DisposeAsync()
    {
        _standings.Dispose();
        _graph.Dispose();
        await _microsoft.DisposeAsync();
    }

    [Theory]
    [InlineData("disabled")]
    [InlineData("deleted")]
    [InlineData("withdrawn")]
    [InlineData("withdrawn, roles under their short name")]
    public async Task F56_A_lost_account_or_role_ends_open_pages_and_sessions_within_five_minutes(string change)
    {
        var admin = Person("admin");
        var user = SignIn(admin, change.EndsWith("short name", StringComparison.Ordinal) ? "roles" : ClaimTypes.Role);
        using var page = new CircuitSession(_ended, _sessions, _clock, NullLogger<CircuitSession>.Instance);
        page.SetAuthenticationState(Task.FromResult(new AuthenticationState(user)));
        switch (change)
        {
            case "disabled":
                _microsoft.Graph.DisablePerson(admin.Id);
                break;
            case "deleted":
                _microsoft.Graph.DeletePerson(admin.Id);
                break;
            default:
                _microsoft.Graph.WithdrawRole(admin.Id, Roles.Administrator);
                break;
        }

        var started = _clock.GetUtcNow();
        while (_clock.GetUtcNow() - started < 4 * _minute)
        {
            Assert.True(await IsSignedInAsync(page), $"Ended after {_clock.GetUtcNow() - started}, before anybody could know.");
            var timers = _clock.Timers;
            _clock.Advance(_minute);
            await UntilAsync(async () => _clock.Timers > timers || !await IsSignedInAsync(page));
        }

        await UntilAsync(async () => !await IsSignedInAsync(page));
        Assert.True(_clock.GetUtcNow() - started <= 5 * _minute);
        Assert.Null(await _sessions.CheckAsync(user, CancellationToken.None));

        // Over is over: the old session does not come back with the account.
        _microsoft.Graph.Edit(() => admin.AccountEnabled = true);
        _clock.Advance(5 * _minute);
        Assert.Null(await _sessions.CheckAsync(user, CancellationToken.None));
    }

    [Fact]
    public async Task F56_Before_something_is_changed_in_an_open_page_the_directory_is_asked_now()
    {
        var person = Person("assigner");
        using var page = new CircuitSession(_ended, _sessions, _clock, NullLogger<CircuitSession>.Instance);
        page.SetAuthenticationState(Task.FromResult(new AuthenticationState(SignIn(person))));
        await using var services = new ServiceCollection().AddSingleton<AuthenticationStateProvider>(page).BuildServiceProvider();
        var actors = new CoreActor(new CurrentActor(new HttpContextAccessor(), services, _sessions));
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.True((await actors.ConfirmAsync()).May(Permissions.Assign));
        var asked = _microsoft.Graph.Requests.Total;
        Assert.NotEqual(0, asked);

        // Clicks of one moment rest on one answer.
        _clock.Advance(TimeSpan.FromSeconds(9));
        Assert.True((await actors.ConfirmAsync()).May(Permissions.Assign));
        Assert.Equal(asked, _microsoft.Graph.Requests.Total);

        _microsoft.Graph.WithdrawRole(person.Id, Roles.Assigner);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.True((await actors.FindAsync()).May(Permissions.Assign));
        Assert.False((await actors.ConfirmAsync()).May(Permissions.Assign));
        Assert.False((await actors.FindAsync()).May(Permissions.Read));
    }

    [Fact]
    public async Task F56_While_the_directory_is_silent_roles_hold_for_a_while_and_then_only_read()
    {
        var user = SignIn(Person("admin"));
        _microsoft.Graph.FailNext(1000, "/users/", 503);

        _clock.Advance(_console.KeepRolesFor);
        Assert.Same(user, await _sessions.CheckAsync(user, CancellationToken.None));

        _clock.Advance(_minute);
        var unconfirmed = (await _sessions.CheckAsync(user, CancellationToken.None))!;
        Assert.Equal(Permissions.Read | Permissions.ReadTokens | Permissions.ReadActivity | Permissions.ReadSettings | Permissions.Export, CoreActor.From(unconfirmed).Permissions);
        Assert.True(unconfirmed.IsInRole(Roles.Administrator));

        // The directory answers again, and so does everything else.
        _microsoft.Graph.ClearFaults();
        _clock.Advance(_minute);
        var again = (await _sessions.CheckAsync(unconfirmed, CancellationToken.None))!;
        Assert.Equal(Actor.ForRoles([Roles.Administrator]), CoreActor.From(again).Permissions);
    }

    [Fact]
    public async Task F56_After_a_restart_without_the_directory_an_old_sign_in_reads_and_a_new_one_works()
    {
        var person = Person("admin");
        var old = SignIn(person);
        _clock.Advance(3 * _console.KeepRolesFor);
        _microsoft.Graph.FailNext(1000, "/users/", 503);

        Assert.True(SessionClaims.IsReadOnly((await _sessions.CheckAsync(old, CancellationToken.None))!));
        var now = SignIn(person);
        Assert.Same(now, await _sessions.CheckAsync(now, CancellationToken.None));
    }

    [Fact]
    public async Task F56_A_directory_that_hangs_holds_nobody_up_for_long_and_is_asked_anew()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var answers = false;
        using var http = new HttpClient(new Hanging(asked, () => Volatile.Read(ref answers)));
        using var graph = new GraphServiceClient(http, new Microsoft.Kiota.Abstractions.Authentication.AnonymousAuthenticationProvider(), "https://graph.example/v1.0");
        using var standings = new Standings(
            new StandingReader(graph, _clock), Options.Create(new SignInSettings { ClientId = EntraSimulator.ConsoleClientId }), Options.Create(_console), _clock, NullLogger<Standings>.Instance);
        var user = SignIn(Person("admin"));
        var signedIn = SessionClaims.BeganAt(user)!.Value;
        _clock.Advance(_console.RecheckEvery);

        var first = standings.FindAsync(user, signedIn, forChange: false, CancellationToken.None);
        await asked.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.False(first.IsCompleted);
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(SessionStanding.Holds, await first);
        Assert.Equal(SessionStanding.Holds, await standings.FindAsync(user, signedIn, forChange: false, CancellationToken.None));

        // Given up after half a minute, and asked anew half a minute later: now the account is gone.
        Volatile.Write(ref answers, true);
        _clock.Advance(TimeSpan.FromSeconds(25));
        await UntilAsync(async () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
            return await standings.FindAsync(user, signedIn, forChange: false, CancellationToken.None) == SessionStanding.Over;
        });
    }

    [Fact]
    public async Task F56_A_withdrawn_consent_is_no_word_about_a_person()
    {
        var user = SignIn(Person("assigner"));
        _microsoft.Graph.ConsentWithdrawn = true;

        _clock.Advance(10 * _minute);

        Assert.Same(user, await _sessions.CheckAsync(user, CancellationToken.None));
    }

    [Fact]
    public async Task One_answer_serves_all_sessions_and_pages_of_a_person_for_minutes()
    {
        var (first, second) = (SignIn(Person("helpdesk")), SignIn(Person("helpdesk")));
        await _sessions.CheckAsync(first, CancellationToken.None);
        Assert.Equal(0, _microsoft.Graph.Requests.Total);

        for (var round = 0; round < 2; round++)
        {
            _clock.Advance(_console.RecheckEvery);
            await Task.WhenAll(Enumerable.Range(0, 20).Select(i => _sessions.CheckAsync(i % 2 == 0 ? first : second, CancellationToken.None)));
        }

        var asked = _microsoft.Graph.Requests.Recent.Select(r => r.Path.Split('/')[1] + (r.Path.EndsWith("/appRoleAssignments", StringComparison.Ordinal) ? " roles" : "")).ToList();
        Assert.Equal((2, 2, 5), (asked.Count(a => a == "users"), asked.Count(a => a == "users roles"), asked.Count));
    }

    [Fact]
    public async Task A_new_sign_in_counts_more_than_what_was_known_before()
    {
        var person = Person("auditor");
        var old = SignIn(person);
        _microsoft.Graph.DisablePerson(person.Id);
        _clock.Advance(_console.RecheckEvery);
        Assert.Null(await _sessions.CheckAsync(old, CancellationToken.None));

        _microsoft.Graph.EnablePerson(person.Id);
        _clock.Advance(_minute);
        var now = SignIn(person);

        Assert.Same(now, await _sessions.CheckAsync(now, CancellationToken.None));
        _clock.Advance(_console.RecheckEvery);
        Assert.Same(now, await _sessions.CheckAsync(now, CancellationToken.None));
    }

    [Fact]
    public async Task F56_The_running_program_sends_a_person_whose_role_was_withdrawn_to_sign_in()
    {
        await using var console = new RunningConsole(["--Console:RecheckEvery=00:00:01"]);
        await console.InitializeAsync();
        var cookies = new CookieContainer();
        using var browser = new HttpClient(new SocketsHttpHandler { CookieContainer = cookies }) { BaseAddress = console.Client.BaseAddress };
        var path = "";
        for (var attempt = 0; attempt < 5 && path != "/apps/ebooks"; attempt++)
        {
            // On a busy machine the first sign-in of a program may take longer than it waits for the directory.
            using var asked = await browser.GetAsync("/apps/ebooks");
            using var page = await browser.GetAsync($"{asked.RequestMessage!.RequestUri}&sim_person=assigner%40noordrand.example");
            path = page.RequestMessage!.RequestUri!.AbsolutePath;
        }

        Assert.Equal("/apps/ebooks", path);
        var person = console.Cloud.Directory.People.Values.Single(p => p.UserPrincipalName == "assigner@noordrand.example");
        await Task.Delay(TimeSpan.FromSeconds(1.1), TestContext.Current.CancellationToken);
        using var still = await browser.GetAsync("/apps/ebooks");
        Assert.Equal("/apps/ebooks", still.RequestMessage!.RequestUri!.AbsolutePath);

        console.Cloud.Graph.WithdrawRole(person.Id, Roles.Assigner);
        await Task.Delay(TimeSpan.FromSeconds(1.1), TestContext.Current.CancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/apps/ebooks") { Headers = { { "Cookie", cookies.GetCookieHeader(console.Client.BaseAddress!) } } };
        using var ended = await console.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Redirect, ended.StatusCode);
        Assert.EndsWith("/authorize", ended.Headers.Location!.AbsolutePath, StringComparison.Ordinal);
    }

    private static async Task<bool> IsSignedInAsync(CircuitSession page) => (await page.GetAuthenticationStateAsync()).User.Identity?.IsAuthenticated == true;

    private static async Task UntilAsync(Func<Task<bool>> ask)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromSeconds(30));
        while (!await ask())
        {
            await Task.Delay(5, patience.Token);
        }
    }

    private SimulatedPerson Person(string alias) => _microsoft.Directory.People.Values.Single(p => p.UserPrincipalName == $"{alias}@noordrand.example");

    private ClaimsPrincipal SignIn(SimulatedPerson person, string roleClaim = ClaimTypes.Role)
    {
        var user = new ClaimsPrincipal(new ClaimsIdentity([new Claim("oid", person.Id.ToString()), .. person.AppRoles.Select(r => new Claim(roleClaim, r))], "test"));
        SessionClaims.Stamp(user, _clock.GetUtcNow());
        return user;
    }

    /// <summary>A directory that takes requests and does not answer; later it does not know anybody.</summary>
    private sealed class Hanging(TaskCompletionSource asked, Func<bool> answers) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (!answers())
            {
                asked.TrySetResult();
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            return new HttpResponseMessage(HttpStatusCode.NotFound) { RequestMessage = request };
        }
    }

    /// <summary>Tells when somebody waits again.</summary>
    private sealed class CountingClock : FakeTimeProvider
    {
        private int _timers;

        public CountingClock()
            : base(new DateTimeOffset(2026, 9, 1, 8, 0, 0, TimeSpan.Zero))
        {
        }

        public int Timers => Volatile.Read(ref _timers);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref _timers);
            return timer;
        }
    }
}
