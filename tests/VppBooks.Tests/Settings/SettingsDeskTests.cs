using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Alerts;
using VppBooks.Core.Licenses;
using VppBooks.Core.Settings;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Settings;

/// <summary>What the console says wins over configuration, in every process, whole or not at all.</summary>
public sealed class SettingsDeskTests(SettingsHouse house) : IClassFixture<SettingsHouse>
{
    [Fact]
    public async Task What_the_console_says_holds_in_every_process_until_it_is_reset()
    {
        var shown = await house.GuardAsync(LicenseGuards.UndoWindow);
        Assert.Equal(("00:10:00", null, "00:10:00", 0), (shown.Configured, shown.Stored, shown.Value, shown.Version));

        Assert.Equal(new ChangeSettingsResult.Saved(1), await house.SetAsync(LicenseGuards.UndoWindow, "0:15"));
        Assert.Equal(TimeSpan.FromMinutes(15), await UndoWindowAsync(house.One));
        Assert.Equal(TimeSpan.FromMinutes(15), await UndoWindowAsync(house.Other));
        shown = await house.GuardAsync(LicenseGuards.UndoWindow);
        Assert.Equal(("00:10:00", "00:15:00", 1, CoreHouse.Admin.DisplayName), (shown.Configured, shown.Stored, shown.Version, shown.ChangedByName));

        await house.SetAsync(LicenseGuards.UndoWindow, null);
        Assert.Equal(TimeSpan.FromMinutes(10), await UndoWindowAsync(house.Other));
        shown = await house.GuardAsync(LicenseGuards.UndoWindow);
        Assert.Equal((null, "00:10:00", 2), (shown.Stored, shown.Value, shown.Version));
        Assert.Equal(
            [
                ("setting.changed", """{"setting":"Licenses:UndoWindow","before":"00:10:00","after":"00:15:00"}"""),
                ("setting.reset", """{"setting":"Licenses:UndoWindow","before":"00:15:00","after":"00:10:00"}"""),
            ],
            await house.AuditAsync(LicenseGuards.UndoWindow.Key));
    }

    [Fact]
    public async Task Second_person_that_configuration_asks_for_is_asked_for_earlier_and_never_later()
    {
        var (threshold, window) = (await house.GuardAsync(LicenseGuards.ApprovalThreshold), await house.GuardAsync(LicenseGuards.GuardWindow));
        var programs = await house.GuardAsync(LicenseGuards.ProgramsMayApprove);
        foreach (var (row, looser) in new[] { (threshold, ""), (threshold, "201"), (window, "00:30:00"), (programs, "true") })
        {
            var result = await house.Desk.ChangeAsync([new(row.Setting.Key, looser, row.Version)], CoreHouse.Admin, CancellationToken.None);
            Assert.Contains(row == window ? "not shorter" : "not looser", Assert.Single(Assert.IsType<ChangeSettingsResult.Invalid>(result).Faults).Sentence, StringComparison.Ordinal);
        }

        await house.SetAsync(LicenseGuards.ApprovalThreshold, "50");
        Assert.Equal(50, (await house.Other.GetRequiredService<LicenseGuards>().ReadAsync(CancellationToken.None)).ApprovalThreshold);
        await house.SetAsync(LicenseGuards.ApprovalThreshold, null);
        Assert.Equal(200, (await house.Other.GetRequiredService<LicenseGuards>().ReadAsync(CancellationToken.None)).ApprovalThreshold);
    }

    [Fact]
    public async Task Stored_guard_that_is_looser_than_configuration_has_become_does_not_hold_and_the_screen_says_so()
    {
        string[] keys = [LicenseGuards.ApprovalThreshold.Key, LicenseGuards.GuardWindow.Key, LicenseGuards.UndoWindow.Key, LicenseGuards.ProgramsMayApprove.Key];
        await using var db = await house.Contexts.CreateDbContextAsync(TestContext.Current.CancellationToken);
        await db.StoredSettings.Where(s => keys.Contains(s.Key)).ExecuteDeleteAsync(TestContext.Current.CancellationToken);
        db.StoredSettings.AddRange(keys.Zip(["100000", "00:00:00", "00:20:00", "true"], (key, value) => new StoredSetting { Key = key, Value = value, ChangedById = "x", ChangedByName = "X" }));
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);

        var guards = await house.Other.GetRequiredService<LicenseGuards>().ReadAsync(CancellationToken.None);
        var shown = await house.GuardAsync(LicenseGuards.ApprovalThreshold);

        Assert.Equal((200, TimeSpan.FromHours(1), TimeSpan.FromMinutes(20), false), (guards.ApprovalThreshold, guards.GuardWindow, guards.UndoWindow, guards.ProgramsMayApprove));
        Assert.Equal((true, "200", "100000"), (shown.Overruled, shown.Value, shown.Stored));
        Assert.False((await house.GuardAsync(LicenseGuards.UndoWindow)).Overruled);
        await db.StoredSettings.Where(s => keys.Contains(s.Key)).ExecuteDeleteAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_setting_that_is_chosen_takes_its_choices_and_nothing_else()
    {
        var (language, programs) = (await house.RowAsync(AlertRules.Language, AlertRules.GroupName), await house.GuardAsync(LicenseGuards.ProgramsMayApprove));
        Assert.Equal(("en", "false"), (language.Value, programs.Value));

        var wrong = await house.Desk.ChangeAsync(
            [new(language.Setting.Key, "fr", language.Version), new(programs.Setting.Key, "perhaps", programs.Version)], CoreHouse.Admin, CancellationToken.None);
        Assert.Equal(
            ["Alerts:Language must be one of: en, nl; it is \"fr\".", "Licenses:ProgramsMayApprove must be true or false; it is \"perhaps\"."],
            Assert.IsType<ChangeSettingsResult.Invalid>(wrong).Faults.Select(f => f.Sentence));

        await house.Desk.ChangeAsync([new(language.Setting.Key, "NL", language.Version)], CoreHouse.Admin, CancellationToken.None);
        Assert.Equal("nl", (await house.Other.GetRequiredService<AlertRules>().ReadAsync(CancellationToken.None)).Language);
        Assert.Equal([("setting.changed", """{"setting":"Alerts:Language","before":"en","after":"nl"}""")], await house.AuditAsync(AlertRules.Language.Key));
    }

    [Fact]
    public async Task Nothing_of_a_change_with_a_bad_value_is_stored()
    {
        var people = await house.GuardAsync(LicenseGuards.GrowthPeople);
        var share = await house.GuardAsync(LicenseGuards.GrowthShare);

        var result = await house.Desk.ChangeAsync(
            [new(people.Setting.Key, "30", people.Version), new(share.Setting.Key, "11", share.Version)], CoreHouse.Admin, CancellationToken.None);

        var fault = Assert.Single(Assert.IsType<ChangeSettingsResult.Invalid>(result).Faults);
        Assert.Equal(("Licenses:GrowthShare", "Licenses:GrowthShare must be between 0 and 10; it is 11."), (fault.Key, fault.Sentence));
        Assert.Equal(people, await house.GuardAsync(LicenseGuards.GrowthPeople));
        Assert.Empty(await house.AuditAsync("Licenses:GrowthPeople"));
    }

    [Fact]
    public async Task Second_of_two_administrators_is_told_and_stores_nothing()
    {
        var limit = await house.GuardAsync(LicenseGuards.GrowthLimit);
        var window = await house.GuardAsync(LicenseGuards.GuardWindow);
        await house.SetAsync(LicenseGuards.GrowthLimit, "400");

        var late = await house.Other.GetRequiredService<SettingsDesk>().ChangeAsync(
            [new(window.Setting.Key, "02:00:00", window.Version), new(limit.Setting.Key, "300", limit.Version)], SettingsHouse.Second, CancellationToken.None);

        Assert.Equal(["Licenses:GrowthLimit"], Assert.IsType<ChangeSettingsResult.Conflict>(late).Keys);
        Assert.Equal("400", (await house.GuardAsync(LicenseGuards.GrowthLimit)).Value);
        Assert.Equal(window, await house.GuardAsync(LicenseGuards.GuardWindow));

        // A reset does not make an old version valid again.
        await house.SetAsync(LicenseGuards.GrowthLimit, null);
        Assert.IsType<ChangeSettingsResult.Conflict>(await house.Desk.ChangeAsync([new(limit.Setting.Key, "300", limit.Version)], SettingsHouse.Second, CancellationToken.None));
    }

    [Fact]
    public async Task Of_two_changes_at_the_same_moment_one_is_stored()
    {
        var row = await house.GuardAsync(LicenseGuards.TypeNumberFrom);

        var results = await Task.WhenAll(new[] { (house.One, "50"), (house.Other, "60") }.Select(p => Task.Run(() =>
            p.Item1.GetRequiredService<SettingsDesk>().ChangeAsync([new(row.Setting.Key, p.Item2, row.Version)], SettingsHouse.Second, CancellationToken.None))));

        Assert.Single(results, r => r is ChangeSettingsResult.Saved);
        Assert.Single(results, r => r is ChangeSettingsResult.Conflict);
        Assert.Single(await house.AuditAsync(row.Setting.Key));
    }

    [Fact]
    public async Task A_change_without_its_audit_row_is_no_change()
    {
        await using var db = await house.Contexts.CreateDbContextAsync(TestContext.Current.CancellationToken);
        var row = await house.RowAsync(Web.Settings.SyncSchedule.Schedule, Web.Settings.SyncSchedule.GroupName);
        await db.Database.ExecuteSqlRawAsync("CREATE TRIGGER no_audit BEFORE INSERT ON AuditEvents WHEN NEW.Details LIKE '%Sync:Schedule%' BEGIN SELECT RAISE(ABORT, 'no room'); END", TestContext.Current.CancellationToken);

        await Assert.ThrowsAnyAsync<DbUpdateException>(() => house.Desk.ChangeAsync([new(row.Setting.Key, "05:00", row.Version)], CoreHouse.Admin, CancellationToken.None));

        Assert.Equal(row, await house.RowAsync(row.Setting, Web.Settings.SyncSchedule.GroupName));
        await db.Database.ExecuteSqlRawAsync("DROP TRIGGER no_audit", TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_stored_value_that_cannot_be_used_stops_what_depends_on_it_and_can_be_put_right()
    {
        await using var own = new SettingsHouse();
        await own.InitializeAsync();
        await using (var db = await own.Contexts.CreateDbContextAsync(TestContext.Current.CancellationToken))
        {
            db.StoredSettings.Add(new StoredSetting { Key = LicenseGuards.ApprovalThreshold.Key, Value = "many", ChangedById = "x", ChangedByName = "X" });
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        var stopped = await Assert.ThrowsAsync<InvalidOperationException>(() => own.One.GetRequiredService<LicenseGuards>().ReadAsync(CancellationToken.None));
        Assert.StartsWith("Licenses:ApprovalThreshold must be", stopped.Message, StringComparison.Ordinal);

        Assert.Equal("many", (await own.GuardAsync(LicenseGuards.ApprovalThreshold)).Value);
        await own.SetAsync(LicenseGuards.ApprovalThreshold, "20");
        Assert.Equal(20, (await own.One.GetRequiredService<LicenseGuards>().ReadAsync(CancellationToken.None)).ApprovalThreshold);
    }

    private static async Task<TimeSpan> UndoWindowAsync(IServiceProvider process) => (await process.GetRequiredService<LicenseGuards>().ReadAsync(CancellationToken.None)).UndoWindow;
}
