using Microsoft.Extensions.DependencyInjection;
using Microsoft.Graph.DeviceAppManagement.ManagedEBooks.Item.Assign;
using Microsoft.Graph.Models;
using VppBooks.Core.Assignments;
using VppBooks.Core.Security;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.Api;

/// <summary>What a school does once a year, with nothing but Microsoft's client.</summary>
public sealed class StoryTests(ApiHouse api) : IClassFixture<ApiHouse>
{
    [Fact]
    public async Task Class_gets_a_limited_book()
    {
        var graph = api.Graph();
        var token = await api.UploadAsync(ApiHouse.Education, "Noordrand Education");
        var books = await graph.DeviceAppManagement.ManagedEBooks.GetAsync(r =>
        {
            r.QueryParameters.Filter = $"vppTokenId eq {token.Id} and totalLicenseCount ge 100";
            r.QueryParameters.Orderby = ["totalLicenseCount desc"];
        });
        var book = books!.Value!.Cast<IosVppEBook>().First(b => b.TotalLicenseCount - b.UsedLicenseCount >= 60);
        var before = CountsOf(await AtAppleAsync(book.Id!));

        await graph.DeviceAppManagement.ManagedEBooks[book.Id].Assign.PostAsync(new AssignPostRequestBody
        {
            ManagedEBookAssignments =
            [
                new ManagedEBookAssignment { InstallIntent = InstallIntent.Required, Target = new GroupAssignmentTarget { GroupId = api.GroupId("Class 5B").ToString() } },
            ],
        });
        await SettledAsync(Guid.Parse(book.Id!));

        var after = (IosVppEBook)(await graph.DeviceAppManagement.ManagedEBooks[book.Id].GetAsync())!;
        var truth = CountsOf(await AtAppleAsync(book.Id!));
        Assert.Equal(truth, (after.TotalLicenseCount, after.UsedLicenseCount));
        Assert.InRange(truth.Used!.Value - before.Used!.Value, 20, 28);
        var assignment = Assert.Single((await graph.DeviceAppManagement.ManagedEBooks[book.Id].Assignments.GetAsync())!.Value!);
        Assert.Equal(InstallIntent.Required, assignment.InstallIntent);
    }

    private static (int? Total, int? Used) CountsOf(AssetCounts counts) => (counts.Total, counts.Assigned);

    private async Task<AssetCounts> AtAppleAsync(string bookId)
    {
        var key = (await api.ReadAsync($"/v1.0/deviceAppManagement/managedEBooks/{bookId}")).GetProperty("vppBooks");
        return api.Cloud.Apple.Counts(ApiHouse.Education, key.GetProperty("adamId").GetString()!, key.GetProperty("pricingParam").GetString()!);
    }

    private async Task SettledAsync(Guid bookId)
    {
        var plans = api.Services.GetRequiredService<PlanViews>();
        var plan = await plans.FindLatestCommittedAsync(bookId, Actor.System, TestContext.Current.CancellationToken);
        await ApiHouse.UntilAsync(() => plans.ProgressAsync(plan!.Id, Actor.System, TestContext.Current.CancellationToken), p => p is { Settled: true, Assigned: > 0 });
    }
}
