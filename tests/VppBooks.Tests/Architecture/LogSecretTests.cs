using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Graph.DeviceAppManagement.ManagedEBooks.Item.Assign;
using Microsoft.Graph.Models;
using Serilog.Events;
using VppBooks.Core.Alerts;
using VppBooks.Core.Assignments;
using VppBooks.Core.Security;
using VppBooks.Core.Settings;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Api;
using VppBooks.Tests.Locations;
using VppBooks.Tests.SimulatedCloud;

namespace VppBooks.Tests.Architecture;

/// <summary>The log of a working day holds nothing that would be missed if somebody else read it.</summary>
public sealed class LogSecretTests
{
    private const string HookPath = "hooks-T024BE7LD-B0WQ";
    private const string HookSecret = "key-of-the-signatures-of-a-hook";

    [Fact]
    public async Task Log_holds_no_secret_and_no_person()
    {
        await using var api = new ApiHouse(
        [
            .. CapturedLog.Settings, "--Serilog:MinimumLevel:Default=Debug", "--Serilog:MinimumLevel:Override:Microsoft=Debug",
            "--Serilog:MinimumLevel:Override:Microsoft.AspNetCore=Debug", "--Serilog:MinimumLevel:Override:Microsoft.EntityFrameworkCore=Debug",
            "--Serilog:MinimumLevel:Override:Microsoft.Identity=Debug", "--Serilog:MinimumLevel:Override:Microsoft.IdentityModel=Debug",
            "--Serilog:MinimumLevel:Override:Quartz=Debug", "--Serilog:MinimumLevel:Override:System.Net.Http=Debug", "--Alerts:WebhooksMayBePrivate=true",
        ]);
        await api.InitializeAsync();

        var file = Encoding.ASCII.GetString(api.Cloud.Apple.IssueToken(ApiHouse.Education));
        await WorkAsync(api, file);
        await AlertAsync(api);
        await SignInAsync(api, "assigner@" + DemoDirectory.Domain);

        var log = CapturedLog.Events.Select(CapturedLog.Everything).ToList();
        Assert.Contains(CapturedLog.Events, e => e.Level == LogEventLevel.Debug);
        Assert.Contains(log, l => l.Contains("/assets/associate", StringComparison.Ordinal));
        Assert.Contains(log, l => l.Contains("/signin-oidc", StringComparison.Ordinal));
        var found = new List<string>();
        foreach (var (kind, words) in Forbidden(api, file))
        {
            Assert.NotEmpty(words);
            found.AddRange(words.SelectMany(word => log.Where(l => l.Contains(word, StringComparison.Ordinal)).Take(1).Select(l => $"{kind}: {word} in {l}")).Take(3));
        }

        Assert.True(found.Count == 0, string.Join("\n\n", found));
    }

    /// <summary>Upload, sync, and a book for people of every sort: with a Managed Apple Account, invited by mail, without either.</summary>
    private static async Task WorkAsync(ApiHouse api, string file)
    {
        var graph = api.Graph();
        var token = (await graph.DeviceAppManagement.VppTokens.PostAsync(ApiHouse.NewToken(Encoding.ASCII.GetBytes(file), "Education")))!;
        await api.SyncedAsync(token.Id!);
        var books = await graph.DeviceAppManagement.ManagedEBooks.GetAsync(r => r.QueryParameters.Filter = "totalLicenseCount ge 100");
        var book = books!.Value!.Cast<IosVppEBook>().First(b => b.TotalLicenseCount - b.UsedLicenseCount >= 40);
        await graph.DeviceAppManagement.ManagedEBooks[book.Id].Assign.PostAsync(new AssignPostRequestBody
        {
            ManagedEBookAssignments =
            [
                new ManagedEBookAssignment { InstallIntent = InstallIntent.Required, Target = new GroupAssignmentTarget { GroupId = api.GroupId("Reading room").ToString() } },
                new ManagedEBookAssignment { InstallIntent = InstallIntent.Required, Target = new GroupAssignmentTarget { GroupId = api.GroupId("Class 4B").ToString() } },
            ],
        });
        var plans = api.Services.GetRequiredService<PlanViews>();
        var plan = await plans.FindLatestCommittedAsync(Guid.Parse(book.Id!), Actor.System, TestContext.Current.CancellationToken);
        await ApiHouse.UntilAsync(() => plans.ProgressAsync(plan!.Id, Actor.System, TestContext.Current.CancellationToken), p => p is { Settled: true, Assigned: > 0 });

        // Refusals are logged too.
        using var bad = await api.SendAsync(HttpMethod.Post, "/beta/deviceAppManagement/vppTokens", ApiHouse.Json($$"""{"displayName":"Again","token":"{{file}}","dataSharingConsentGranted":true}"""));
        using var nobody = await api.SendAsync(HttpMethod.Get, "/beta/deviceAppManagement/vppTokens", token: "nonsense", role: null);
        using var helpdesk = await api.SendAsync(HttpMethod.Delete, "/beta/deviceAppManagement/vppTokens/" + token.Id, role: Web.SignIn.Roles.Helpdesk);
    }

    /// <summary>Receivers that are set in the console, and a test to each: nobody listens there.</summary>
    private static async Task AlertAsync(ApiHouse api)
    {
        var cancel = TestContext.Current.CancellationToken;
        await api.Services.GetRequiredService<SettingsDesk>().ChangeAsync([new SettingChange(AlertRules.MailTo.Key, "alerts@" + DemoDirectory.Domain, 0)], CoreHouse.Admin, cancel);
        await api.Services.GetRequiredService<AlertReceiverDesk>().AddAsync($"https://127.0.0.1:9/{HookPath}", HookSecret, CoreHouse.Admin, cancel);
        await api.Services.GetRequiredService<AlertDesk>().TestAsync("Test", "Nothing is wrong.", CoreHouse.Admin, cancel);
        await ApiHouse.UntilAsync(
            () => Task.FromResult(CapturedLog.Events.Any(e => e.MessageTemplate.Text.StartsWith("A message to {Channel} was not taken", StringComparison.Ordinal))), found => found);
    }

    private static async Task SignInAsync(ApiHouse api, string person)
    {
        using var browser = new BrowserStandIn();
        await browser.GetStringAsync(new Uri(api.Address, "/account/signin?returnUrl=/account/signed-out").ToString());
        await browser.GetStringAsync($"{browser.LastAddress}&sim_person={person}");
        Assert.Equal("/account/signed-out", new Uri(browser.LastAddress).AbsolutePath);
    }

    private static IEnumerable<(string Kind, IReadOnlyList<string> Words)> Forbidden(ApiHouse api, string file)
    {
        yield return ("The token's text", [file, JsonDocument.Parse(Convert.FromBase64String(file)).RootElement.GetProperty("token").GetString()!]);
        yield return ("A bearer value or another token", ["eyJ", "Bearer e", "access_token\"", "client_secret=demo"]);
        yield return ("A mail address or user principal name", [.. new[] { DemoDirectory.Domain, DemoDirectory.AppleDomain, "old.noordrand.example", "icloud.old.example" }.Select(d => "@" + d)]);
        yield return ("An invite code", [.. api.Cloud.Apple.Users(ApiHouse.Education).Select(u => u.InviteCode).OfType<string>().Where(c => c.Length > 5)]);
        yield return ("A webhook's address or secret", [HookPath, HookSecret]);
        yield return ("A person's name", NamesOf(api.Cloud.Directory));
    }

    private static List<string> NamesOf(SimulatedDirectory directory)
    {
        lock (directory.Gate)
        {
            return [.. directory.People.Values.Select(p => p.DisplayName).Distinct()];
        }
    }
}
