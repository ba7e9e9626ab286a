using System.Security.Claims;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;
using VppBooks.Core.Devices;
using VppBooks.Core.People;
using VppBooks.Core.Sync;
using VppBooks.Core.Why;
using VppBooks.Tests.Elements;
using VppBooks.Tests.Locations;
using VppBooks.Web.Components.Exports;
using VppBooks.Web.Components.People;
using VppBooks.Web.Components.Why;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Why;

/// <summary>Each role gets the buttons and links that it may use, and is told whom to ask for the others.</summary>
public sealed class WhyRoleTests : ElementContext, IClassFixture<WhyHouse>
{
    private const string Location = "9c6f2c7e-8d7b-4f1e-9b64-3f0c5a9d0001";
    private const string Thing = "9c6f2c7e-8d7b-4f1e-9b64-3f0c5a9d0002";
    private const string Everybody = "Administrator Helpdesk Assigner Auditor";
    private const string Desk = "Administrator Helpdesk";

    /// <summary>What each remedy looks like, who has it, and whom the others are told to ask.</summary>
    private static readonly (WhyRemedy Remedy, string[] Controls, string Roles, string? Ask)[] _remedies =
    [
        (new WhyRemedy.AssignGroup(new Guid(Thing)), [$"Assign group → /apps/ebooks/{Thing}"], "Administrator Assigner", "An Administrator or an Assigner can change the assignments."),
        (new WhyRemedy.OpenGroup(new Guid(Thing), "4B"), [$"Open 4B → /groups/{Thing}"], Everybody, null),
        (new WhyRemedy.OpenPlan(new Guid(Thing)), ["Open the plan → /apps/ebooks/"], Everybody, null),
        (new WhyRemedy.ResendInvitation(new Guid(Location)), ["Resend invitation", "Copy invitation link"], Desk, "An Administrator or the Helpdesk can send the invitation again."),
        (new WhyRemedy.HandOverInvitation(new Guid(Location)), ["Copy invitation link"], Desk, "An Administrator or the Helpdesk can make the invitation link."),
        (new WhyRemedy.TryAgain(new Guid(Location)), ["Try the registration again"], Desk, "An Administrator or the Helpdesk can try the registration again."),
        (new WhyRemedy.SyncNow(new Guid(Location)), ["Sync now"], "Administrator Helpdesk Assigner", "An Administrator, an Assigner or the Helpdesk can do this."),
        (new WhyRemedy.RenewToken(new Guid(Location)), ["Renew the token → /tenant/connectors/apple-vpp-tokens"], "Administrator", "An Administrator can do this."),
        (new WhyRemedy.TakeControl(new Guid(Location)), [$"Open the token to take control → /tenant/connectors/apple-vpp-tokens/{Location}"], "Administrator", "An Administrator can do this."),
        (new WhyRemedy.OpenToken(new Guid(Location)), [$"Open the token → /tenant/connectors/apple-vpp-tokens/{Location}"], Everybody, null),
        (new WhyRemedy.OpenWaitingList(new Guid(Thing)), [$"Open the waiting list → /apps/ebooks/{Thing}"], Everybody, null),
        (new WhyRemedy.OpenOtherBook(new Guid(Thing)), ["See the copy of this title → /people/"], Everybody, null),
        (new WhyRemedy.GetBooksApp(), ["Apple Books in the App Store → https://apps.apple.com/"], Everybody, null),
    ];

    private readonly WhyHouse _why;

    public WhyRoleTests(WhyHouse why)
    {
        _why = why;
        foreach (var service in new object[]
        {
            why.Core.Get<WhyReader>(), why.Core.Get<DeviceReader>(), why.Core.Get<SyncRequests>(), why.Core.Get<InvitationLinks>(), why.Core.Get<Invitations>(), why.Core.Get<RegistrationRetries>(),
        })
        {
            Services.AddSingleton(service.GetType(), service);
        }

        Services.AddLogging();
        ComponentFactories.AddStub<ExportLink>();
    }

    [Fact]
    public void Every_kind_of_remedy_is_looked_at() =>
        Assert.Equal(typeof(WhyRemedy).GetNestedTypes().Select(t => t.Name).Order(), _remedies.Select(r => r.Remedy.GetType().Name).Distinct().Order());

    [Theory]
    [InlineData(Roles.Administrator)]
    [InlineData(Roles.Helpdesk)]
    [InlineData(Roles.Assigner)]
    [InlineData(Roles.Auditor)]
    public void A_step_shows_a_remedy_to_who_may_use_it_and_tells_the_others_whom_to_ask(string role)
    {
        SignIn(role);
        var told = new HashSet<string>(_remedies.Select(r => r.Ask).OfType<string>(), StringComparer.Ordinal);
        foreach (var (remedy, controls, roles, ask) in _remedies)
        {
            var steps = Render<WhySteps>(p => p.Add(s => s.Answer, Answer(remedy)));
            var shown = Controls(steps);
            var may = roles.Split(' ').Contains(role.Split('.')[^1]);

            Assert.Equal(may ? controls.Length : 0, shown.Count);
            Assert.All(shown.Zip(controls), s => Assert.StartsWith(s.Second, s.First, StringComparison.Ordinal));
            Assert.Equal(may || ask is null ? [] : [ask], steps.FindAll("p.quiet").Select(p => p.TextContent).Where(told.Contains));
        }
    }

    [Theory]
    [InlineData(Roles.Administrator, true)]
    [InlineData(Roles.Helpdesk, true)]
    [InlineData(Roles.Assigner, false)]
    [InlineData(Roles.Auditor, false)]
    public async Task Of_an_invited_person_whose_account_was_refused_the_page_names_account_and_mail_and_offers_both_ways_to_who_may(string role, bool may)
    {
        var (person, book) = await _why.NewInvitedAsync(p => _why.House.Apple.People.OfAnotherOrganization.Add(p.ManagedAppleAccount!));
        await _why.MailAsync();
        var id = await _why.IdAsync(person);
        SignIn(role);

        var page = Render<WhyPage>(p => p.Add(w => w.PersonId, id).Add(w => w.BookId, book.PublicId));
        page.WaitForAssertion(() => Assert.NotEmpty(page.FindAll("[aria-current=step]")), TimeSpan.FromSeconds(20));

        var words = Words(page.Find("[aria-current=step]").OuterHtml);
        Assert.Contains("Is invited and has not accepted: Apple refuses the Managed Apple Account", words, StringComparison.Ordinal);
        Assert.Contains("Apple's number 9635", words, StringComparison.Ordinal);
        Assert.Contains($"Refused Managed Apple Account: {person.ManagedAppleAccount}", words, StringComparison.Ordinal);
        Assert.Contains("Sent", words, StringComparison.Ordinal);
        Assert.Contains($"Mail address: {person.Mail} No reminders", words, StringComparison.Ordinal);
        Assert.Equal(may ? ["Try the registration again", "Resend invitation", "Copy invitation link"] : [], Controls(page.Find("[aria-current=step]")));
        Assert.Equal(may ? 1 : 0, page.FindAll("[aria-current=step] .button-primary").Count);
        Assert.Equal(!may, words.Contains("An Administrator or the Helpdesk can try the registration again.", StringComparison.Ordinal));
        if (may)
        {
            // The devices may be read meanwhile, and the page drawn again.
            await page.InvokeAsync(() => page.FindAll("button").Single(b => b.TextContent == "Try the registration again").Click());
            page.WaitForAssertion(() => Assert.Contains("The registration is tried again.", page.Markup, StringComparison.Ordinal), TimeSpan.FromSeconds(20));
        }
    }

    [Theory]
    [InlineData(Roles.Administrator, true)]
    [InlineData(Roles.Helpdesk, true)]
    [InlineData(Roles.Assigner, false)]
    [InlineData(Roles.Auditor, false)]
    public void The_registrations_of_a_person_show_a_refused_account_to_everybody_and_their_buttons_to_who_may_use_them(string role, bool may)
    {
        SignIn(role);
        PersonRegistration[] registrations =
        [
            new(Guid.NewGuid(), "Education", RegistrationState.Invited, Clock.GetUtcNow(), 9635, true) { RefusedAccount = "anna@elsewhere.example" },
            new(Guid.NewGuid(), "Library", RegistrationState.Invited, Clock.GetUtcNow(), null, true),
            new(Guid.NewGuid(), "Business", RegistrationState.Refused, Clock.GetUtcNow(), 9618, false),
            new(Guid.NewGuid(), "Other", RegistrationState.Associated, Clock.GetUtcNow(), null, false),
        ];

        var rows = Render<PersonRegistrations>(p => p.Add(r => r.PersonId, Guid.NewGuid()).Add(r => r.Registrations, registrations)).FindAll("tbody tr");

        Assert.Contains("Refused account: anna@elsewhere.example Correct it in the directory or at Apple, then try again.", Words(rows[0].OuterHtml), StringComparison.Ordinal);
        Assert.Contains("Apple's number 9635", Words(rows[0].OuterHtml), StringComparison.Ordinal);
        string[][] buttons = [["Resend invitation", "Copy invitation link", "Try again"], ["Resend invitation", "Copy invitation link"], ["Try again"], []];
        Assert.All(rows.Zip(buttons), r => Assert.Equal(may ? r.Second : [], r.First.QuerySelectorAll("button").Select(b => b.TextContent.Trim())));
    }

    private static List<string> Controls(IRenderedComponent<IComponent> of) => Controls(of.Find("[aria-current=step]"));

    private static List<string> Controls(AngleSharp.Dom.IElement of) =>
        [.. of.QuerySelectorAll("button, a").Select(c => c.TextContent.Trim() + (c.GetAttribute("href") is { } href ? $" → {href}" : ""))];

    private static WhyAnswer Answer(WhyRemedy remedy) => new()
    {
        PersonId = Guid.NewGuid(),
        PersonName = "Anna",
        BookId = Guid.NewGuid(),
        AdamId = 6_500_000_011,
        PricingParam = PricingParam.STDQ,
        Title = "Biology 4",
        TitleId = null,
        LocationId = new Guid(Location),
        LocationName = "Education",
        SyncedAt = null,
        Holds = false,
        License = null,
        Source = null,
        Steps = [new WhyStep(WhyStage.Group, WhyState.Failed, WhyReason.NotMember, null) { Remedies = [remedy] }],
        Assignments = [],
        Plan = null,
        History = [],
        Devices = PersonDevices.Nothing,
    };

    private void SignIn(string role) => Services.AddSingleton<ICurrentActor>(new Somebody(role));

    private sealed class Somebody(string role) : ICurrentActor
    {
        public Task<ClaimsPrincipal> FindAsync() => Task.FromResult(new ClaimsPrincipal(new ClaimsIdentity(
            [new("roles", role), new("oid", "0b6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7712"), new("name", "A. Nybody")], "test")));
    }
}
