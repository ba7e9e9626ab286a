using Microsoft.Extensions.DependencyInjection;
using Quartz;
using VppBooks.Core.Settings;
using VppBooks.Tests.Locations;
using VppBooks.Tests.Shell;
using VppBooks.Web.Jobs;
using VppBooks.Web.Settings;

namespace VppBooks.Tests.Settings;

public sealed class SyncSchedulingTests(RunningConsole console) : IClassFixture<RunningConsole>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_schedule_that_is_set_in_the_console_takes_the_place_of_the_old_one_without_a_restart()
    {
        Assert.Equal(["0 0 6,18 * * ?"], await UntilAsync(crons => crons.Count == 1));

        await SetAsync("05:30, 6:00, 18:00", 0);
        Assert.Equal(["0 0 6,18 * * ?", "0 30 5 * * ?"], await UntilAsync(crons => crons.Count == 2));

        await SetAsync("0 0/20 7-17 ? * MON-FRI", 1);
        Assert.Equal(["0 0/20 7-17 ? * MON-FRI"], await UntilAsync(crons => crons.Count == 1));
    }

    private async Task SetAsync(string schedule, int version) => Assert.IsType<ChangeSettingsResult.Saved>(await console.Services.GetRequiredService<SettingsDesk>().ChangeAsync(
        [new SettingChange(SyncSchedule.Schedule.Key, schedule, version)], CoreHouse.Admin, Cancel));

    /// <summary>Cron expressions of the triggers of syncs, once there are as many as expected.</summary>
    private async Task<List<string?>> UntilAsync(Func<List<string?>, bool> done)
    {
        var scheduler = await console.Services.GetRequiredService<ISchedulerFactory>().GetScheduler(Cancel);
        for (var round = 0; ; round++)
        {
            List<string?> crons = [.. (await scheduler.GetTriggersOfJob(SyncLocationsJob.Detail().Key, Cancel)).Select(t => (t as ICronTrigger)?.CronExpressionString)];
            if (done(crons) || round == 300)
            {
                return [.. crons.Order(StringComparer.Ordinal)];
            }

            await Task.Delay(100, Cancel);
        }
    }
}
