using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.People;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.Tests.Reports;

/// <summary>
/// A school year in virtual time at two locations: people join and leave, copies are bought and refunded, others spend too, Apple refuses, tarries, and is paid twice for one
/// person, tokens are renewed. On every day the books add up.
/// </summary>
public sealed class SchoolYearTests
{
    private const int Steps = 12;
    private const int Tarrying = 6;
    private static readonly TimeSpan Step = TimeSpan.FromDays(30);

    [Fact]
    public async Task Ledger_counts_at_Apple_and_every_report_agree_on_every_day_of_a_school_year()
    {
        await using var year = await SchoolYear.StartAsync();
        var plot = await Plot.BeginAsync(year);
        // Mornings: what a step does ends on the day on which it began.
        var clock = year.House.Core.Clock;
        var first = new DateTimeOffset(clock.GetUtcNow().UtcDateTime.Date.AddDays(1).AddHours(8), TimeSpan.Zero);
        var days = new List<SchoolYearTruth>();

        for (var step = 0; step < Steps; step++)
        {
            clock.Pass(first + (step * Step) - clock.GetUtcNow());
            await plot.LiveAsync(step);
            await year.SyncAsync();
            await LookAsync();
            if (step == Tarrying)
            {
                // Nobody does anything, and still the reports change: what has not moved for a day is stuck.
                clock.Pass(TimeSpan.FromDays(2));
                await LookAsync();
            }
        }

        // A year happened, and no number that was compared was 0 on all of its days.
        Assert.True(days[^1].Books.Sum(b => b.Ours.Count()) > days[0].Books.Sum(b => b.Ours.Count()) + 20);
        Assert.Equal(days.Count, days.Select(d => d.Day).Distinct().Count());
        Assert.Empty(year.Largest.Where(n => n.Value == 0).Select(n => n.Key));
        var reports = new SchoolYearReports(year, days[^1]);
        await reports.CompareActivityAsync();
        await reports.VerifyAsync();
        await new SchoolYearHistory(year, days).CompareAsync();

        async Task LookAsync()
        {
            var truth = await SchoolYearTruth.ReadAsync(year);
            await new SchoolYearReports(year, truth).CompareAsync();
            days.Add(truth);
        }
    }

    /// <summary>What happens in the year.</summary>
    private sealed class Plot(SchoolYear year)
    {
        private readonly SimulatedGroup _taught = year.Group("Class 4A");
        private readonly SimulatedGroup _readers = year.Group("Class 5A");
        private Book _required = null!;
        private Book _offered = null!;
        private Book _scarce = null!;
        private Book _everybodys = null!;
        private Guid _taker;

        public static async Task<Plot> BeginAsync(SchoolYear year)
        {
            var plot = new Plot(year);
            await year.AssignAsync(plot._required = await year.PickAsync(SchoolYear.Education, free: 60), plot._taught.Id, Intent.Required);
            await year.AssignAsync(plot._offered = await year.PickAsync(SchoolYear.Education, free: 100), plot._readers.Id, Intent.Available);
            // More pupils than copies.
            await year.AssignAsync(plot._scarce = await year.PickAsync(SchoolYear.Education, free: 10), year.Group("Class 5B").Id, Intent.Required);
            // Groups in each other, and people who have to accept an invitation first: at the other location, and for a title that costs nothing.
            await year.AssignAsync(await year.PickSharedAsync(SchoolYear.Business), year.Group("Book club").Id, Intent.Required);
            await year.AssignAsync(await year.PickUnlimitedAsync(), year.Group("Reading room").Id, Intent.Required);
            // Taken by some of all users.
            await year.AssignAsync(plot._everybodys = await year.PickAsync(SchoolYear.Education, free: 100), null, Intent.Available);
            return plot;
        }

        public async Task LiveAsync(int step)
        {
            var graph = year.House.Core.Cloud.Graph;
            // Apple takes everything on and finishes nothing until the next step.
            year.House.Apple.Switches.FreezeEvents = step == Tarrying;
            if (year.Ready(_readers).FirstOrDefault(p => !_taught.People.Contains(p)) is var joiner && joiner != Guid.Empty)
            {
                graph.Edit(() => _taught.People.Add(joiner));
            }

            if (step % 4 == 1)
            {
                graph.Edit(() => _taught.People.Remove(_taught.People.First(p => !_readers.People.Contains(p))));
            }

            if (step % 6 == 2)
            {
                year.Arrive("Newcomer", $"Of{step}", _taught);
            }

            if (step % 6 == 3)
            {
                // Somebody who took a book that all users are offered.
                graph.DeletePerson(_taker);
            }

            // Nobody is given anything by a directory that was read long ago.
            await year.ReadDirectoryAsync();
            foreach (var reader in year.Ready(_readers).Skip(step).Take(2))
            {
                await year.TakeAsync(_offered, reader);
            }

            _taker = year.Ready(_taught).Where(p => !_readers.People.Contains(p)).Skip(step).First();
            await year.TakeAsync(_everybodys, _taker);
            Shop(step);
            switch (step)
            {
                case 1:
                    // The title that a class has, in the other quality and at the other location.
                    year.House.Apple.Buy(SchoolYear.Education, _required.Key.AdamId, "PLUS", 8);
                    year.House.Apple.Buy(SchoolYear.Business, _required.Key.AdamId, "STDQ", 5);
                    year.House.Apple.SetRetiredCount(SchoolYear.Education, _required.Key.AdamId, "STDQ", 2);
                    await year.LookAtDevicesAsync(year.Ready(_taught).Take(8));
                    break;
                case 3:
                    await year.GiveByOthersAsync(_required.Key with { PricingParam = PricingParam.PLUS }, year.Ready(_taught)[2]);
                    await year.GiveByOthersAsync(_required.Key with { PricingParam = PricingParam.PLUS }, year.Ready(_taught)[3]);
                    break;
                case 4:
                    var unlucky = year.Ready(_readers).Last(p => !_taught.People.Contains(p));
                    year.House.Apple.RefuseTarget(ClientUserIds.For(SchoolYear.Education, unlucky), 9605);
                    await year.TakeAsync(_offered, unlucky);
                    break;
                case 7:
                    year.AcceptInvitations(SchoolYear.Business);
                    break;
                case 8:
                    await year.AssignAsync(await year.PickAsync(SchoolYear.Education, free: 100), year.Group("Class 6A").Id, Intent.Required, TimeSpan.FromDays(2));
                    break;
                case 9:
                    // The one that others gave: taken out of the store, and two people have it.
                    year.Unlist(_required.Key with { PricingParam = PricingParam.PLUS });
                    await year.RenewAsync(SchoolYear.Education);
                    break;
                case 10:
                    await year.RenewAsync(SchoolYear.Business);
                    break;
            }
        }

        private void Shop(int step)
        {
            switch (step % 5)
            {
                case 0:
                    year.House.Apple.Buy(SchoolYear.Education, _required.Key.AdamId, "STDQ", 15);
                    break;
                case 1:
                    // Not enough for all who wait.
                    year.House.Apple.Buy(SchoolYear.Education, _scarce.Key.AdamId, "STDQ", 2);
                    break;
                case 2:
                    Assert.True(year.House.Apple.Refund(SchoolYear.Education, _offered.Key.AdamId, "STDQ", 3));
                    break;
                case 3:
                    year.House.Apple.ActAsOtherMdm(SchoolYear.Education, 4);
                    year.House.Apple.ActAsOtherMdm(SchoolYear.Business, 4);
                    break;
            }
        }
    }
}
