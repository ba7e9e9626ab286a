using CsCheck;
using VppBooks.Core.Assignments;

namespace VppBooks.Tests.Assignments;

public sealed class PlannerTests
{
    private static readonly PlanStock Plenty = new(Unlimited: false, Free: 1000);

    [Fact]
    public void A_person_who_is_associated_gets_a_copy_now()
    {
        var effect = Plan(Required(1), Plenty, Person(1, RegistrationFact.Associated));

        Assert.Equal([new PlannedLine(1, PlanOutcome.GetsNow, PlanReason.None)], effect.Lines);
    }

    [Theory]
    [InlineData(HoldingFact.Here, PlanReason.HoldsHere)]
    [InlineData(HoldingFact.Elsewhere, PlanReason.HoldsElsewhere)]
    [InlineData(HoldingFact.UnderWay, PlanReason.UnderWay)]
    [InlineData(HoldingFact.Reserved, PlanReason.UnderWay)]
    [InlineData(HoldingFact.WantedOtherwise, PlanReason.UnderWay)]
    [InlineData(HoldingFact.Foreign, PlanReason.HoldsThroughForeignRecord)]
    public void A_person_who_has_the_title_in_any_way_takes_nothing(HoldingFact holding, PlanReason reason)
    {
        var effect = Plan(Required(1), Plenty, Person(1, RegistrationFact.Associated) with { Holding = holding });

        Assert.Equal([new PlannedLine(1, PlanOutcome.AlreadyHas, reason)], effect.Lines);
    }

    [Fact]
    public void A_managed_Apple_account_is_registered_first_and_a_mail_address_invited_first()
    {
        var effect = Plan(
            Required(1, 2, 3),
            Plenty,
            Person(1, RegistrationFact.None) with { HasManagedAccount = true, HasMail = true },
            Person(2, RegistrationFact.None) with { HasMail = true },
            Person(3, RegistrationFact.Registered));

        Assert.Equal([PlanOutcome.RegisteredFirst, PlanOutcome.InvitedFirst, PlanOutcome.InvitedFirst], effect.Lines.Select(l => l.Outcome));
    }

    [Fact]
    public void A_person_who_cannot_receive_the_book_is_named_with_the_reason()
    {
        var effect = Plan(
            Required(1, 2, 3, 4, 5, 6),
            Plenty,
            Person(1, RegistrationFact.None),
            Person(2, RegistrationFact.Associated) with { AccountEnabled = false },
            Person(3, RegistrationFact.Associated) with { Guest = true },
            Person(4, RegistrationFact.AccountRefused),
            Person(5, RegistrationFact.AccountInUse),
            Person(6, RegistrationFact.Associated) with { Gone = true });

        Assert.All(effect.Lines, line => Assert.Equal(PlanOutcome.Cannot, line.Outcome));
        Assert.Equal(
            [PlanReason.NoAddress, PlanReason.AccountDisabled, PlanReason.Guest, PlanReason.AppleAccountRefused, PlanReason.AppleAccountInUse, PlanReason.AccountDisabled],
            effect.Lines.Select(l => l.Reason));
    }

    [Fact]
    public void Exclusion_beats_inclusion()
    {
        var wishes = new[] { new PlannedWish(1, Intent.Required, [1, 2]), new PlannedWish(2, Intent.Excluded, [2]), new PlannedWish(null, Intent.Available, [1, 2, 3]) };

        var effect = Planner.Plan(wishes, Facts(Person(1, RegistrationFact.Associated), Person(2, RegistrationFact.Associated)), Plenty);

        Assert.Equal([1], effect.Lines.Select(l => l.PersonId));
        Assert.Equal(2, effect.AvailableTo);
    }

    [Fact]
    public void Available_spends_nothing()
    {
        var effect = Planner.Plan([new PlannedWish(1, Intent.Available, [1, 2])], Facts(), Plenty);

        Assert.Empty(effect.Lines);
        Assert.Equal(2, effect.AvailableTo);
    }

    [Fact]
    public void A_person_in_two_required_groups_takes_one_copy()
    {
        var wishes = new[] { new PlannedWish(1, Intent.Required, [1]), new PlannedWish(2, Intent.Required, [1]) };

        var effect = Planner.Plan(wishes, Facts(Person(1, RegistrationFact.Associated)), Plenty);

        Assert.Single(effect.Lines);
    }

    [Fact]
    public void A_short_stock_goes_to_those_who_can_read_at_once()
    {
        var effect = Plan(
            Required(1, 2, 3),
            new PlanStock(Unlimited: false, Free: 1),
            Person(1, RegistrationFact.None) with { HasMail = true },
            Person(2, RegistrationFact.None) with { HasManagedAccount = true },
            Person(3, RegistrationFact.Associated));

        Assert.Equal([PlanOutcome.Waits, PlanOutcome.Waits, PlanOutcome.GetsNow], effect.Lines.Select(l => l.Outcome));
    }

    [Fact]
    public void An_unlimited_title_is_never_waited_for()
    {
        var effect = Plan(Required(1), new PlanStock(Unlimited: true, Free: 0), Person(1, RegistrationFact.Associated));

        Assert.Equal(PlanOutcome.GetsNow, Assert.Single(effect.Lines).Outcome);
    }

    [Fact]
    public void Who_is_not_required_any_more_gives_an_unsent_reservation_up()
    {
        var effect = Planner.Plan([], Facts(Person(1, RegistrationFact.Registered) with { Holding = HoldingFact.Reserved }, Person(2, RegistrationFact.Associated) with { Holding = HoldingFact.UnderWay }), Plenty);

        Assert.Equal([new PlannedLine(1, PlanOutcome.Released, PlanReason.None)], effect.Lines);
    }

    [Fact]
    public void Never_takes_more_than_the_stock_and_gives_everyone_one_line()
    {
        var people = Gen.Select(
            Gen.Enum<RegistrationFact>(), Gen.Enum<HoldingFact>(), Gen.Bool, Gen.Bool, Gen.Bool,
            (registration, holding, managed, mail, enabled) => new PersonFacts(0, enabled, false, false, managed, mail, registration, holding)).Array[0, 60];

        Gen.Select(people, Gen.Int[0, 40]).Sample((drawn, free) =>
        {
            var facts = drawn.Select((p, i) => p with { PersonId = i + 1 }).ToArray();
            var wish = new PlannedWish(1, Intent.Required, [.. facts.Select(f => f.PersonId)]);

            var effect = Planner.Plan([wish], Facts(facts), new PlanStock(false, free));

            Assert.Equal(facts.Length, effect.Lines.Select(l => l.PersonId).Distinct().Count());
            Assert.Equal(facts.Length, effect.Lines.Count);
            var takes = effect.Lines.Count(l => l.Outcome is PlanOutcome.GetsNow or PlanOutcome.RegisteredFirst or PlanOutcome.InvitedFirst);
            Assert.True(takes <= free);
            var newlyWaiting = effect.Lines.Count(l => l is { Outcome: PlanOutcome.Waits, Reason: PlanReason.None });
            Assert.True(newlyWaiting == 0 || takes == free);
        });
    }

    [Fact]
    public void The_same_facts_in_any_order_give_the_same_hash_and_another_outcome_another()
    {
        var one = Person(1, RegistrationFact.Associated);
        var two = Person(2, RegistrationFact.None) with { HasMail = true };

        var hash = Plan(Required(1, 2), Plenty, one, two).Hash;

        Assert.Equal(hash, Plan(Required(2, 1), Plenty, two, one).Hash);
        Assert.NotEqual(hash, Plan(Required(1, 2), Plenty, one with { Holding = HoldingFact.Here }, two).Hash);
    }

    private static PlannedWish Required(params int[] members) => new(1, Intent.Required, members);

    private static PersonFacts Person(int id, RegistrationFact registration) => new(id, true, false, false, false, false, registration, HoldingFact.None);

    private static Dictionary<int, PersonFacts> Facts(params PersonFacts[] people) => people.ToDictionary(p => p.PersonId);

    private static PlanEffect Plan(PlannedWish wish, PlanStock stock, params PersonFacts[] people) => Planner.Plan([wish], Facts(people), stock);
}
