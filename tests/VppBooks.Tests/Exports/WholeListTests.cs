using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Directory;
using VppBooks.Core.Exports;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Exports;

/// <summary>A list that is long is read in parts, and what changes between two parts is no reason to lose or repeat a row.</summary>
public sealed class WholeListTests
{
    [Fact]
    public async Task Rows_that_come_go_and_move_while_a_list_leaves_hide_and_repeat_no_other()
    {
        await using var house = await CoreHouse.StartAsync();
        var stop = TestContext.Current.CancellationToken;
        await house.ChangeAsync(db =>
        {
            for (var i = 0; i < 1100; i++)
            {
                db.Groups.Add(new DirectoryGroup { DirectoryId = Guid.NewGuid(), DisplayName = $"Group {i:0000}" });
            }
        });
        var expected = Enumerable.Range(0, 1100).Select(i => $"Group {i:0000}").ToList();

        var seen = new List<string>();
        await foreach (var row in house.Get<ListExports>().Groups("Group", CoreHouse.Admin, stop).Rows)
        {
            seen.Add((string)row[1]!);
            if (seen.Count == 500)
            {
                await using var db = await house.OpenAsync();
                // Gone: of what was sent already, and of what is yet to come. New, and renamed to where the list has been.
                await db.Groups.Where(g => g.DisplayName == "Group 0003" || g.DisplayName == "Group 0777").ExecuteDeleteAsync(stop);
                await db.Groups.Where(g => g.DisplayName == "Group 0900").ExecuteUpdateAsync(set => set.SetProperty(g => g.DisplayName, "Group 0000 A"), stop);
                db.Groups.Add(new DirectoryGroup { DirectoryId = Guid.NewGuid(), DisplayName = "Group 0001 A" });
                await db.SaveChangesAsync(stop);
            }
        }

        expected.Remove("Group 0777");
        expected[expected.IndexOf("Group 0900")] = "Group 0000 A";
        Assert.Equal(expected, seen);
    }
}
