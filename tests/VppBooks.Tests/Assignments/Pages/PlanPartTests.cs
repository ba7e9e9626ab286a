using System.Globalization;
using System.Security.Claims;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Assignments;
using VppBooks.Tests.Elements;
using VppBooks.Web.Components.Assignments;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Assignments.Pages;

public sealed class PlanPartTests : ElementContext
{
    private static readonly PlanView _plan = new(
        Guid.NewGuid(), Guid.NewGuid(), 1, PlanState.Draft, [new(Guid.NewGuid(), "4A", Intent.Required, 61)],
        GetNow: 44, AlreadyHave: 9, RegisterFirst: 2, InviteFirst: 1, Cannot: 2, Wait: 0, Release: 0, Offered: 0, Unlimited: false, Free: 50,
        new DateTimeOffset(2026, 9, 1, 9, 0, 0, TimeSpan.Zero), null);

    [Fact]
    public async Task Small_plan_is_committed_with_one_press()
    {
        var commits = 0;
        var commit = Commit(_plan, () => commits++);

        Assert.Empty(commit.FindAll("input"));
        Assert.Contains("A license cannot be taken back", commit.Markup, StringComparison.Ordinal);
        await commit.Find("form").SubmitAsync();

        Assert.Equal(1, commits);
    }

    [Theory]
    [InlineData(100, 0)]
    [InlineData(5, 38)]
    [InlineData(0, 38)]
    public async Task Large_or_short_plan_asks_for_its_number(int gets, int waits)
    {
        var commits = 0;
        var number = gets + waits;
        var commit = Commit(_plan with { GetNow = gets, RegisterFirst = 0, InviteFirst = 0, Wait = waits, NumberToType = number }, () => commits++);

        await commit.Find("form").SubmitAsync();
        Assert.Contains(number.ToString(CultureInfo.InvariantCulture), commit.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        await commit.Find("input").InputAsync((number + 1).ToString(CultureInfo.InvariantCulture));
        await commit.Find("form").SubmitAsync();
        Assert.Equal(0, commits);

        await commit.Find("input").InputAsync(number.ToString(CultureInfo.InvariantCulture));
        await commit.Find("form").SubmitAsync();
        Assert.Equal(1, commits);
    }

    [Theory]
    [InlineData("en", 0, 38, "It takes no license now and puts 38 people on the waiting list: each takes one, without another question, as soon as there are more.")]
    [InlineData("nl", 0, 38, "Het kost nu geen licentie en zet 38 mensen op de wachtlijst: elk van hen krijgt er zonder nieuwe vraag een zodra er meer zijn.")]
    [InlineData("en", 5, 38, "It takes 5 licenses now and puts 38 people on the waiting list: each takes one, without another question, as soon as there are more. 43 licenses in all.")]
    [InlineData("nl", 5, 38, "Het kost nu 5 licenties en zet 38 mensen op de wachtlijst: elk van hen krijgt er zonder nieuwe vraag een zodra er meer zijn. In totaal 43 licenties.")]
    public void Whoever_commits_or_approves_a_plan_that_makes_people_wait_is_told_so(string language, int gets, int waits, string sentence)
    {
        CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo(language);
        Services.AddLogging();
        Services.AddSingleton<ICurrentActor>(new Approver());
        // Two of those who wait did so before.
        var plan = _plan with { GetNow = gets, RegisterFirst = 0, InviteFirst = 0, Wait = waits + 2, WaitedBefore = 2, NumberToType = gets + waits };

        var commit = Words(Commit(plan, () => { }).Markup);
        var decision = Words(Render<PlanDecision>(p => p.Add(d => d.Plan, plan with { State = PlanState.AwaitingApproval, CommittedByName = "A. Admin" })).Markup);

        Assert.Contains(sentence, commit, StringComparison.Ordinal);
        Assert.Contains(sentence, decision, StringComparison.Ordinal);
        Assert.Contains(language == "en" ? "A license cannot be taken back" : "kan niet", commit, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "nobody is left to decide about")]
    [InlineData("B. Second", "Called back by B. Second.")]
    public void Plan_about_people_who_joined_says_who_called_it_back_unless_it_ended_by_itself(string? by, string sentence)
    {
        Services.AddLogging();
        Services.AddSingleton<ICurrentActor>(new Approver());
        var decision = Render<PlanDecision>(p => p.Add(d => d.Plan, _plan with { State = PlanState.Undone, Kind = PlanKind.Growth, DecidedByName = by ?? Core.Security.Actor.System.DisplayName }));

        Assert.Contains(sentence, Words(decision.Markup), StringComparison.Ordinal);
    }

    [Fact]
    public void Outcomes_open_their_people_and_empty_ones_do_not()
    {
        var outcomes = Render<PlanOutcomes>(p => p.Add(o => o.Plan, _plan).Add(o => o.Href, o => "?show=" + o));

        Assert.Equal(["44", "9", "2", "1", "2"], outcomes.FindAll("a .plan-outcome-number").Select(n => n.TextContent));
        Assert.Equal("0", outcomes.Find(".plan-outcome-none .plan-outcome-number").TextContent);
    }

    [Fact]
    public void Balance_says_what_is_left_and_what_is_short()
    {
        var words = Words(Render<PlanBalance>(p => p.Add(b => b.Plan, _plan with { Wait = 38 })).Markup);

        Assert.Contains("Free now 50 → after 3", words, StringComparison.Ordinal);
        Assert.Contains("short 38", words, StringComparison.Ordinal);
    }

    [Fact]
    public void Difference_shows_only_what_moved()
    {
        var rows = Render<PlanDifference>(p => p.Add(d => d.Was, _plan).Add(d => d.Now, _plan with { GetNow = 40, AlreadyHave = 13 })).FindAll("tbody tr");

        Assert.Equal(["get a copy 44 40", "already have it 9 13"], rows.Select(r => Words(r.InnerHtml)));
    }

    [Theory]
    [InlineData(0, 0, 0, 47, 0, 0, 0, "Done: all 47 are confirmed by Apple.")]
    [InlineData(3, 0, 10, 30, 0, 0, 0, "30 of 43 confirmed by Apple")]
    [InlineData(3, 3, 0, 40, 2, 0, 0, "40 of 45 confirmed; the others wait for people to accept their invitation, or for a copy.")]
    [InlineData(0, 0, 0, 40, 0, 2, 0, "40 of 42 confirmed; Apple refused 2.")]
    [InlineData(0, 0, 0, 0, 0, 0, 0, "No license was needed: nothing was sent to Apple.")]
    public void Progress_is_one_true_sentence(int reserved, int invited, int sent, int assigned, int waiting, int failed, int unknown, string sentence)
    {
        var progress = Render<PlanProgressView>(p => p
            .Add(v => v.Progress, new PlanProgress(reserved, invited, sent, assigned, waiting, failed, unknown))
            .Add(v => v.BookId, Guid.NewGuid()));

        Assert.Equal(sentence, Words(progress.Find("[role=status]").InnerHtml));
    }

    private sealed class Approver : ICurrentActor
    {
        public Task<ClaimsPrincipal> FindAsync() => Task.FromResult(new ClaimsPrincipal(new ClaimsIdentity(
            [new("roles", Roles.Assigner), new("oid", "9c6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7799"), new("name", "B. Second")], "test")));
    }

    private IRenderedComponent<PlanCommit> Commit(PlanView plan, Action onCommit) => Render<PlanCommit>(p => p
        .Add(c => c.Plan, plan).Add(c => c.CancelHref, "/").Add(c => c.OnCommit, onCommit));
}
