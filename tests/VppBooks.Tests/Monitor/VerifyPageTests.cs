using Bunit;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using VppBooks.Apple;
using VppBooks.Core.Licenses;
using VppBooks.Core.Verification;
using VppBooks.Tests.Elements;
using VppBooks.Web.Components.Exports;
using VppBooks.Web.Components.Monitor;

namespace VppBooks.Tests.Monitor;

public sealed class VerifyPageTests : ElementContext
{
    private static readonly VerifiedLocation _education = new(new Guid("7b1d9a52-7a3b-4a0e-9c51-3f2f2f4b1b00"), "Education");
    private static readonly Guid _person = new("0a1d9a52-7a3b-4a0e-9c51-3f2f2f4b1b01");

    private readonly FakeDesk _desk = new();

    public VerifyPageTests()
    {
        Services.AddSingleton<IVerifyDesk>(_desk);
        Services.AddScoped<VerifyTexts>();
        Services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        AddAuthorization().SetAuthorized("anna");
        ComponentFactories.AddStub<ExportLink>();
    }

    [Fact]
    public void Busy_and_failed_faces()
    {
        _desk.Read = () => new TaskCompletionSource<VerificationStatus>().Task;
        Assert.Contains("Loading the last verification", Render<VerifyPage>().Markup, StringComparison.Ordinal);

        _desk.Read = () => throw new InvalidOperationException();
        Assert.Contains("The last verification could not be read.", Render<VerifyPage>().Find("[role=alert]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void Before_the_first_one_the_page_says_what_to_do()
    {
        var page = Render<VerifyPage>();

        Assert.Contains("Not verified yet", page.Markup, StringComparison.Ordinal);
        Assert.Contains("Choose Verify now.", page.Markup, StringComparison.Ordinal);
        Assert.Equal("Verify now", Assert.Single(page.FindAll(".button-primary")).TextContent.Trim());
    }

    [Fact]
    public void Who_may_not_begin_one_sees_no_button_and_reads_who_may()
    {
        _desk.May = false;

        var page = Render<VerifyPage>();

        Assert.Empty(page.FindAll(".button-primary"));
        Assert.Empty(page.FindAll(".command-bar"));
        Assert.Contains("Administrators, assigners and the help desk can begin a verification.", page.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Progress_is_shown_as_it_comes_and_a_second_one_is_not_begun()
    {
        var page = Render<VerifyPage>();

        await page.Find("#verify-now-reason, .button-primary").ClickAsync(new());
        _desk.Tell(new VerificationStatus(null, new VerificationProgress("Education", 2, 3, 1_250), Failed: false));

        page.WaitForAssertion(() => Assert.Contains("Education (2 of 3), 1,250 pages read", page.Markup, StringComparison.Ordinal));
        Assert.Equal("A verification is under way already.", page.Find("#verify-now-reason").TextContent);
        await page.Find(".button-primary").ClickAsync(new());
        Assert.Equal(1, _desk.Started);

        _desk.Tell(new VerificationStatus(Result([], isChecked: true), null, Failed: false));
        page.WaitForAssertion(() => Assert.Contains("Everything adds up.", page.Markup, StringComparison.Ordinal));
        Assert.Empty(page.FindAll("progress"));
    }

    [Fact]
    public void One_that_stopped_says_so()
    {
        _desk.Read = () => Task.FromResult(new VerificationStatus(null, null, Failed: true));

        Assert.Contains("The verification stopped because of an error", Render<VerifyPage>().Find("[role=alert]").TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_clean_one_has_words_numbers_and_age_but_no_table()
    {
        _desk.Read = () => Task.FromResult(new VerificationStatus(Result([], isChecked: true), null, Failed: false));

        var page = Render<VerifyPage>();

        Assert.Equal("Everything adds up.", page.Find("#verify-outcome").TextContent.Trim());
        Assert.NotEmpty(page.FindAll("#verify-outcome .state-good svg"));
        Assert.Contains("57 books, 1,134 people's records and 4,000 assignments at Apple; 800 licenses and 12 requests in VppBooks.", page.Markup, StringComparison.Ordinal);
        Assert.Contains("5 min ago", page.Markup, StringComparison.Ordinal);
        Assert.Empty(page.FindAll("table"));
    }

    [Theory]
    [InlineData(DifferenceCause.FoundAtApple, true, "1 difference, explained.", "state-neutral")]
    [InlineData(DifferenceCause.None, true, "1 of 1 differences without an explanation.", "state-bad")]
    [InlineData(DifferenceCause.FoundAtApple, false, "Nothing could be verified: no token can be read.", "state-warning")]
    public void The_outcome_is_said_in_words_and_by_an_icon(DifferenceCause cause, bool isChecked, string words, string state)
    {
        _desk.Read = () => Task.FromResult(new VerificationStatus(Result([A(DifferenceKind.TitleTwice, cause)], isChecked), null, Failed: false));

        var outcome = Render<VerifyPage>().Find("#verify-outcome");

        Assert.Equal(words, outcome.TextContent.Trim());
        Assert.NotEmpty(outcome.QuerySelectorAll($".{state} svg"));
    }

    [Fact]
    public void A_difference_tells_what_why_and_what_to_do_and_leads_to_the_book()
    {
        var book = new VerifiedBook(new Guid("8b1d9a52-7a3b-4a0e-9c51-3f2f2f4b1b00"), 395218091, PricingParam.PLUS, "Dik Trom");
        var difference = A(DifferenceKind.NotInLedger, DifferenceCause.ChangedSinceSync) with { Book = book, Count = 25, Ids = [_person], At = Clock.GetUtcNow().AddHours(-2) };
        _desk.Read = () => Task.FromResult(new VerificationStatus(Result([difference], isChecked: true), null, Failed: false));

        var page = Render<VerifyPage>();

        var row = Words(page.Find("tbody tr").InnerHtml);
        Assert.StartsWith("Explained Rule I2 Licenses at Apple that VppBooks does not have as assigned: 25 Dik Trom · PLUS Education", row, StringComparison.Ordinal);
        Assert.Contains("Changed at Apple after the last sync, which began at 9/1/2026 8:00", row, StringComparison.Ordinal);
        Assert.EndsWith("Sync the token, or wait for the next sync.", row, StringComparison.Ordinal);
        Assert.Contains($"Ids {_person} The first 1 of them.", row, StringComparison.Ordinal);
        Assert.Contains(page.FindAll("tbody a"), a => a.GetAttribute("href")!.Contains("8b1d9a52", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_kind_and_cause_has_words_of_its_own()
    {
        var texts = Services.GetRequiredService<VerifyTexts>();
        var kinds = Enum.GetValues<DifferenceKind>();
        var causes = Enum.GetValues<DifferenceCause>();

        Assert.Equal(kinds.Length, kinds.Select(k => texts.What(A(k, DifferenceCause.None))).Distinct().Count());
        Assert.Equal(causes.Length, causes.Select(c => texts.Why(A(DifferenceKind.NotChecked, c), m => m.ToString("O"))).Distinct().Count());
        Assert.All(kinds, k => Assert.All(causes, c => Assert.NotEmpty(texts.Remedy(A(k, c)))));
    }

    private static Difference A(DifferenceKind kind, DifferenceCause cause) => new()
    {
        Kind = kind,
        Cause = cause,
        Location = _education,
        Count = 1,
        OperationId = cause == DifferenceCause.OnItsWay ? _person : null,
        OperationState = OperationState.Submitted,
        AtApple = 3,
        Here = 4,
    };

    private VerificationResult Result(IReadOnlyList<Difference> differences, bool isChecked) => new()
    {
        StartedAt = Clock.GetUtcNow().AddMinutes(-6),
        EndedAt = Clock.GetUtcNow().AddMinutes(-5),
        Locations = [new VerifiedCounts { Location = _education, Checked = isChecked, Books = 57, People = 1_134, Assignments = 4_000, Licenses = 800, Operations = 12 }],
        Differences = differences,
    };

    private sealed class FakeDesk : IVerifyDesk
    {
        public event EventHandler? Changed;

        public Func<Task<VerificationStatus>> Read { get; set; } = () => Task.FromResult(new VerificationStatus(null, null, Failed: false));

        public bool May { get; set; } = true;

        public int Started { get; private set; }

        public Task<bool> MayVerifyAsync() => Task.FromResult(May);

        public Task<VerificationStatus> ReadAsync() => Read();

        public Task<bool> StartAsync()
        {
            Started++;
            return Task.FromResult(true);
        }

        public void Tell(VerificationStatus status)
        {
            Read = () => Task.FromResult(status);
            Changed?.Invoke(this, EventArgs.Empty);
        }
    }
}
