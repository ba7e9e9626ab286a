using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Catalog;
using VppBooks.Core.Devices;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.Core.Persistence;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Api;

/// <summary>
/// Whoever follows the link or the cursor of each page sees every row once, also when others come and go between two pages. In each list the last row of the first page
/// goes, the very one that the next page begins behind, and others come before and behind it.
/// </summary>
public sealed class FollowingPagesTests(SyncedHouse house) : IClassFixture<SyncedHouse>
{
    private const string Manage = "/v1.0/deviceAppManagement";
    private readonly ApiHouse _api = house.Api;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Tokens_that_come_and_go_between_two_pages_move_no_other()
    {
        var business = await _api.UploadAsync(ApiHouse.Business, "A business");
        // Another device management holds this one.
        var claimed = ApiHouse.NewToken(_api.Cloud.Apple.IssueToken(ApiHouse.Library), "Z library");
        claimed.AdditionalData["claimTokenManagementFromExternalMdm"] = true;
        await _api.Graph().DeviceAppManagement.VppTokens.PostAsync(claimed, cancellationToken: Cancel);
        await _api.QuietAsync();

        var walked = await WalkAsync($"{Manage}/vppTokens?$top=1&$select=displayName", "displayName", async page =>
        {
            if (page == 0)
            {
                using var deleted = await _api.SendAsync(HttpMethod.Delete, $"{Manage}/vppTokens/{business.Id}");
                Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
            }
            else if (page == 1)
            {
                await _api.UploadAsync(ApiHouse.Business, "B business");
            }
        });

        Assert.Equal(["A business", "Noordrand Education", "Z library"], walked);
        await _api.QuietAsync();
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("", true)]
    [InlineData("&$orderby=displayName desc", false)]
    [InlineData("&$orderby=lastModifiedDateTime,displayName desc", false)]
    [InlineData("&$orderby=id&$skip=1", true)]
    public async Task Categories_that_come_and_go_between_two_pages_move_no_other(string options, bool ofBook)
    {
        var book = (await BookAsync(0)).PublicId;
        var ids = new Dictionary<string, string>();
        foreach (var name in new[] { "walk b", "Walk A", "Walk D", "walk c", "Walk E", "Walk F", "Walk G" })
        {
            await AddAsync(name);
        }

        var list = ofBook ? $"{Manage}/managedEBooks/{book}/categories" : $"{Manage}/managedEBookCategories";
        var address = $"{list}?$top=2&$filter=startswith(displayName,'walk'){options}";
        var all = NamesOf(await _api.ReadAsync(address.Replace("$top=2", "$top=999", StringComparison.Ordinal)));
        var gone = new List<string>();
        var come = new List<string>();

        var walked = await WalkAsync(address, "displayName", async (page, seen) =>
        {
            if (page < 2)
            {
                gone.Add(seen[^1]);
                using var deleted = await _api.SendAsync(HttpMethod.Delete, $"{Manage}/managedEBookCategories/{ids[seen[^1]]}");
                Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
                come.Add($"Walk {(page == 0 ? "@" : "Z")}");
                await AddAsync(come[^1]);
            }
        });

        Assert.Equal(all, walked.Except(come));
        Assert.Equal(walked.Distinct(), walked);
        Assert.Equal(2, gone.Count);
        foreach (var left in ids.Where(i => !gone.Contains(i.Key)))
        {
            using var deleted = await _api.SendAsync(HttpMethod.Delete, $"{Manage}/managedEBookCategories/{left.Value}");
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        }

        async Task AddAsync(string name)
        {
            using var made = await _api.SendAsync(HttpMethod.Post, $"{Manage}/managedEBookCategories", ApiHouse.Json($$"""{"displayName":"{{name}}"}"""));
            ids[name] = JsonDocument.Parse(await made.Content.ReadAsStringAsync()).RootElement.GetProperty("id").GetString()!;
            using var linked = await _api.SendAsync(HttpMethod.Post, $"{Manage}/managedEBooks/{book}/categories/$ref", ApiHouse.Json($$"""{"id":"{{ids[name]}}"}"""));
            Assert.Equal(HttpStatusCode.NoContent, linked.StatusCode);
        }
    }

    [Fact]
    public async Task Assignments_that_come_and_go_between_two_pages_move_no_other()
    {
        var path = $"{Manage}/managedEBooks/{(await BookAsync(1)).PublicId}";
        await AssignAsync("Class 4A", "Class 5A", "Class 5B", "Class 6A");
        var all = IdsOf(await _api.ReadAsync($"{path}/assignments"));

        var walked = await WalkAsync($"{path}/assignments?$top=1", "id", page => page switch
        {
            0 => AssignAsync("Class 5A", "Class 5B", "Class 6A"),
            1 => AssignAsync("Class 3A", "Class 4B", "Class 5A", "Class 5B", "Class 6A"),
            _ => Task.CompletedTask,
        });

        Assert.Equal(4, all.Count);
        Assert.Equal(all, walked);
        await AssignAsync();
        await _api.QuietAsync();

        async Task AssignAsync(params string[] groups)
        {
            var wishes = groups.Select(g => $$"""{"installIntent":"available","target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"{{_api.GroupId(g)}}"} }""");
            using var answer = await _api.SendAsync(HttpMethod.Post, $"{path}/assign", ApiHouse.Json($$"""{"managedEBookAssignments":[{{string.Join(',', wishes)}}]}"""));
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task Devices_of_somebody_that_come_and_go_between_two_pages_move_no_other()
    {
        var book = await BookAsync(2);
        var person = (await PeopleAsync(1))[0];
        await using var db = await OpenAsync();
        db.Licenses.Add(New(book, person.Id, LicenseState.Failed, TimeProvider.System.GetUtcNow()));
        await db.SaveChangesAsync(Cancel);
        await AddAsync(12);
        var path = $"{Manage}/managedEBooks/{book.PublicId}/userStateSummary/{person.PublicId}/deviceStates";
        var all = IdsOf(await _api.ReadAsync(path));

        var walked = await WalkAsync($"{path}?$top=5", "id", async (page, seen) =>
        {
            if (page == 0)
            {
                var gone = int.Parse(seen[^1].Split('_')[1], CultureInfo.InvariantCulture);
                await db.ManagedDevices.Where(d => d.Id == gone).ExecuteDeleteAsync(Cancel);
                await AddAsync(1);
            }
        });

        Assert.Equal(all, walked.SkipLast(1));
        Assert.Equal(13, walked.Distinct().Count());

        async Task AddAsync(int count)
        {
            db.ManagedDevices.AddRange(Enumerable.Range(0, count).Select(n => new ManagedDevice { PersonId = person.Id, Name = $"iPad {n}", Platform = "iPadOS" }));
            await db.SaveChangesAsync(Cancel);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("userName")]
    [InlineData("userName desc")]
    [InlineData("deviceName")]
    [InlineData("deviceName desc")]
    [InlineData("lastSyncDateTime")]
    [InlineData("lastSyncDateTime desc")]
    [InlineData("id")]
    [InlineData("id desc")]
    public async Task Devices_that_are_read_again_between_two_pages_keep_their_ids_and_places(string order)
    {
        var book = await BookAsync(13);
        var people = await PeopleAsync(2);
        await using var db = await OpenAsync();
        db.Licenses.AddRange(people.Select(p => New(book, p.Id, LicenseState.Assigned, TimeProvider.System.GetUtcNow())));
        // One that was stored before ids were.
        db.ManagedDevices.Add(new ManagedDevice { PersonId = people[0].Id, Name = "Old row", Platform = "iPadOS" });
        await db.SaveChangesAsync(Cancel);
        var given = people.SelectMany((p, i) => Enumerable.Range(0, 3).Select(n => new SimulatedDevice
        {
            Id = Guid.NewGuid(),
            UserId = p.DirectoryId,
            DeviceName = $"iPad {((n * 4) + (i * 5)) % 7}",
        })).ToList();
        lock (_api.Cloud.Directory.Gate)
        {
            foreach (var own in _api.Cloud.Directory.Devices.Values.Where(d => people.Any(p => p.DirectoryId == d.UserId)).ToList())
            {
                _api.Cloud.Directory.Devices.Remove(own.Id);
            }

            given.ForEach(d => _api.Cloud.Directory.Devices.Add(d.Id, d));
        }

        await ReadAsync();
        var path = $"{Manage}/managedEBooks/{book.PublicId}/deviceStates";
        var options = $"$filter=userName eq '{people[0].UserPrincipalName}' or userName eq '{people[1].UserPrincipalName}'&$orderby={order}";
        var all = (await RowsAsync($"{path}?$top=999&{options}")).ConvertAll(r => r.Clone());
        Assert.Equal(given.Select(d => d.Id).Order(), all.Select(r => r.GetProperty("deviceId").GetGuid()).Order());
        DemandOrdered(all, order);

        var walked = await WalkAsync($"{path}?$top=1&{options}", "id", async (page, _) =>
        {
            // What the rows are ordered by may change at a read; then it is another order.
            if (page is 1 or 4 && !order.StartsWith("lastSync", StringComparison.Ordinal))
            {
                await ReadAsync();
            }
        });
        given.ForEach(d => d.OsVersion = "26.4");
        await ReadAsync();

        Assert.Equal(all.Select(r => r.GetProperty("id").GetString()!), walked);
        foreach (var row in all)
        {
            var one = await _api.ReadAsync($"{path}/{row.GetProperty("id").GetString()}");
            Assert.Equal((row.GetProperty("deviceId").GetString(), "26.4"), (one.GetProperty("deviceId").GetString(), one.GetProperty("osVersion").GetString()));
            Assert.Single(await RowsAsync($"{path}?$filter=id eq '{row.GetProperty("id").GetString()}'"));
        }

        // One that the directory does not have any more goes.
        lock (_api.Cloud.Directory.Gate)
        {
            _api.Cloud.Directory.Devices.Remove(given[0].Id);
        }

        await ReadAsync();
        Assert.Equal(walked.Where(id => !id.EndsWith(given[0].Id.ToString("N"), StringComparison.Ordinal)).Order(StringComparer.Ordinal), IdsOf(await _api.ReadAsync($"{path}?{options}")).Order(StringComparer.Ordinal));

        async Task ReadAsync()
        {
            // As if somebody opened their pages hours later.
            await db.DeviceReadings.ExecuteUpdateAsync(set => set.SetProperty(r => r.TriedAt, TimeProvider.System.GetUtcNow().AddDays(-1)), Cancel);
            foreach (var person in people)
            {
                Assert.Equal(DeviceReadOutcome.Read, (await _api.Services.GetRequiredService<DeviceReader>().ReadAsync(person.PublicId, CoreHouse.Helpdesk, Cancel))!.Outcome);
            }
        }
    }

    [Theory]
    [InlineData(WaitingOrder.FirstCome, 3)]
    [InlineData(WaitingOrder.GroupRank, 4)]
    [InlineData(WaitingOrder.NameList, 5)]
    public async Task People_who_begin_and_end_waiting_between_two_pages_move_no_other(WaitingOrder order, int nth)
    {
        var book = await BookAsync(nth);
        var path = $"/api/books/{book.PublicId}/waiting-list";
        var people = await PeopleAsync(12);
        await using var db = await OpenAsync();
        var now = TimeProvider.System.GetUtcNow();
        await db.Books.Where(b => b.Id == book.Id).ExecuteUpdateAsync(set => set.SetProperty(b => b.WaitingOrder, order).SetProperty(b => b.AvailableCount, 0), Cancel);
        await RankAsync(db, book, people);
        // Several ask at the same moment, and some are in the list of names.
        db.Licenses.AddRange(people.Take(9).Select((p, i) => New(book, p.Id, LicenseState.Waiting, now.AddMinutes(i / 3), i % 4 == 3 ? -i : null)));
        await db.SaveChangesAsync(Cancel);
        var all = await ListAsync();
        Assert.Equal(9, all.Count);
        var document = await _api.ReadAsync("/openapi/v1.json");
        ApiDocumentTests.Validate(document, ApiDocumentTests.SchemaOf(document, "/api/books/{bookId}/waiting-list", "get", "200"), await _api.ReadAsync(path), path);

        var walked = new List<string>();
        var pages = 0;
        for (string? next = $"{path}?top=2"; next is not null; pages++)
        {
            var page = await _api.ReadAsync(next);
            var rows = page.GetProperty("rows").EnumerateArray().ToList();
            // Each has the place of now, whatever the pages before showed.
            var places = (await _api.ReadAsync($"{path}?top=999")).GetProperty("rows").EnumerateArray().ToDictionary(Key, r => r.GetProperty("place").GetInt32());
            Assert.All(rows, r => Assert.Equal(places[Key(r)], r.GetProperty("place").GetInt32()));
            walked.AddRange(rows.Select(Key));
            next = page.TryGetProperty("next", out var cursor) ? $"{path}?top=2&cursor={cursor.GetString()}" : null;
            if (pages < 3)
            {
                await ServeAsync(walked[^1]);
                await ServeAsync(all[0]);
                db.Licenses.Add(New(book, people[9 + pages].Id, LicenseState.Waiting, pages == 0 ? now.AddDays(-1) : now.AddDays(pages), pages == 0 ? -99 : null));
                await db.SaveChangesAsync(Cancel);
            }
        }

        var late = people.Skip(9).Select(p => p.PublicId.ToString()).ToList();
        Assert.Equal(all, walked.Except(late));
        Assert.Equal(walked.Distinct(), walked);
        // Who came to the front is not seen any more, and who came to the end is.
        Assert.Equal([false, true, true], late.Select(walked.Contains));
        Assert.True(pages >= 5, $"{pages} pages.");

        async Task ServeAsync(string person) =>
            await db.Licenses.Where(l => l.BookId == book.Id && db.People.Any(p => p.Id == l.PersonId && p.PublicId == Guid.Parse(person)))
                .ExecuteUpdateAsync(set => set.SetProperty(l => l.State, LicenseState.Assigned), Cancel);

        async Task<List<string>> ListAsync() => [.. (await _api.ReadAsync($"{path}?top=999")).GetProperty("rows").EnumerateArray().Select(Key)];

        static string Key(JsonElement row) => row.GetProperty("personId").GetString()!;
    }

    [Fact]
    public async Task Place_in_a_waiting_list_is_good_for_that_list_in_that_order_alone()
    {
        var (book, other) = (await BookAsync(6), await BookAsync(7));
        await using (var db = await OpenAsync())
        {
            foreach (var one in new[] { book, other })
            {
                db.Licenses.AddRange((await PeopleAsync(3)).Select(p => New(one, p.Id, LicenseState.Waiting, TimeProvider.System.GetUtcNow())));
            }

            await db.SaveChangesAsync(Cancel);
            await db.Books.Where(b => b.Id == book.Id || b.Id == other.Id).ExecuteUpdateAsync(set => set.SetProperty(b => b.AvailableCount, 0), Cancel);
        }

        var cursor = (await _api.ReadAsync($"/api/books/{book.PublicId}/waiting-list?top=1")).GetProperty("next").GetString();
        Assert.Equal(2, (await _api.ReadAsync($"/api/books/{book.PublicId}/waiting-list?cursor={cursor}&skip=1")).GetProperty("rows").GetArrayLength());
        await RefusedAsync($"/api/books/{other.PublicId}/waiting-list?cursor={cursor}", "cursor");
        await RefusedAsync($"/api/books/{book.PublicId}/waiting-list?cursor={cursor![..^3]}", "cursor");
        await using (var db = await OpenAsync())
        {
            await db.Books.Where(b => b.Id == book.Id).ExecuteUpdateAsync(set => set.SetProperty(b => b.WaitingOrder, WaitingOrder.NameList), Cancel);
        }

        await RefusedAsync($"/api/books/{book.PublicId}/waiting-list?cursor={cursor}", "cursor");
    }

    [Fact]
    public async Task People_who_come_into_a_plan_and_leave_it_between_two_pages_move_no_other()
    {
        var (plan, path) = await PlanAsync(8, "Class 4A");
        var all = (await RowsAsync($"{path}?top=999")).ConvertAll(Key);
        Assert.True(all.Count > 12, $"{all.Count} people.");
        await using var db = await OpenAsync();
        var (early, late) = (APerson("0 Early"), APerson("ž Late"));
        db.People.AddRange(early, late);
        await db.SaveChangesAsync(Cancel);

        var walked = new List<string>();
        var pages = 0;
        for (string? next = $"{path}?top=4"; next is not null; pages++)
        {
            var page = await _api.ReadAsync(next);
            walked.AddRange(page.GetProperty("value").EnumerateArray().Select(Key));
            next = page.TryGetProperty("next", out var cursor) ? $"{path}?top=4&cursor={cursor.GetString()}" : null;
            if (pages < 2)
            {
                var gone = Guid.Parse(walked[^1]);
                await db.PlanLines.Where(l => l.PlanId == plan && db.People.Any(p => p.Id == l.PersonId && p.PublicId == gone)).ExecuteDeleteAsync(Cancel);
                db.PlanLines.Add(new PlanLine { PlanId = plan, PersonId = (pages == 0 ? early : late).Id, Outcome = PlanOutcome.Cannot });
                await db.SaveChangesAsync(Cancel);
            }
        }

        Assert.Equal([.. all, late.PublicId.ToString()], walked);
        Assert.Equal((all.Count / 4) + 1, pages);

        static Person APerson(string name) => new() { PublicId = Guid.NewGuid(), DirectoryId = Guid.NewGuid(), DisplayName = name, UserPrincipalName = "somebody@noordrand.example" };

        static string Key(JsonElement row) => row.GetProperty("personId").GetString()!;
    }

    [Fact]
    public async Task Place_among_the_people_of_a_plan_is_good_for_that_plan_and_outcome_alone()
    {
        var (_, path) = await PlanAsync(9, "Class 5A");
        var (_, other) = await PlanAsync(10, "Class 5A");
        var cursor = (await _api.ReadAsync($"{path}?top=1")).GetProperty("next").GetString();

        await RefusedAsync($"{other}?cursor={cursor}", "cursor");
        await RefusedAsync($"{path}?outcome=cannot&cursor={cursor}", "cursor");
        await RefusedAsync($"{path}?cursor=x", "cursor");
        Assert.Equal((await RowsAsync($"{path}?skip=1")).Select(r => r.ToString()), (await RowsAsync($"{path}?cursor={cursor}")).Select(r => r.ToString()));
    }

    [Fact]
    public async Task Many_people_of_a_plan_come_in_the_order_of_few()
    {
        var (plan, _) = await PlanAsync(11, "Class 6A");
        await using var db = await OpenAsync();
        var all = await PlanLineLists.ByName(db, plan, null, null, many: false).ToListAsync(Cancel);
        Assert.True(all.Count > 5, $"{all.Count} people.");

        foreach (var after in all.Select(l => (PlanLinePlace?)new PlanLinePlace(l.DisplayName, l.PersonId)).Prepend(null))
        {
            foreach (var outcome in all.Select(l => (PlanOutcome?)l.Outcome).Distinct().Append(null))
            {
                var expected = all.Skip(after is null ? 0 : all.FindIndex(l => l.PersonId == after.PersonId) + 1).Where(l => outcome is null || l.Outcome == outcome).Select(Tuple);
                Assert.Equal(expected, (await PlanLineLists.ByName(db, plan, outcome, after, many: true).ToListAsync(Cancel)).Select(Tuple));
                Assert.Equal(expected, (await PlanLineLists.ByName(db, plan, outcome, after, many: false).ToListAsync(Cancel)).Select(Tuple));
            }
        }

        static (int Person, PlanOutcome Outcome, PlanReason Reason) Tuple(NamedPlanLine line) => (line.PersonId, line.Outcome, line.Reason);
    }

    [Fact]
    public async Task Link_of_one_list_is_refused_by_another_and_by_another_order_or_filter_of_its_own()
    {
        foreach (var name in new[] { "Link one", "Link two" })
        {
            using var made = await _api.SendAsync(HttpMethod.Post, $"{Manage}/managedEBookCategories", ApiHouse.Json($$"""{"displayName":"{{name}}"}"""));
            Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        }

        var link = (await _api.ReadAsync($"{Manage}/managedEBookCategories?$top=1")).GetProperty("@odata.nextLink").GetString()!;
        var books = (await _api.ReadAsync($"{Manage}/managedEBooks?$top=1")).GetProperty("@odata.nextLink").GetString()!;
        Assert.DoesNotContain("$skip=", link, StringComparison.Ordinal);
        foreach (var foreign in new[]
        {
            link.Replace("managedEBookCategories", "vppTokens", StringComparison.Ordinal),
            link.Replace("managedEBookCategories", $"managedEBooks/{(await BookAsync(0)).PublicId}/categories", StringComparison.Ordinal),
            books.Replace("managedEBooks", "managedEBookCategories", StringComparison.Ordinal),
            books.Replace("managedEBooks", $"managedEBooks/{(await BookAsync(0)).PublicId}/userStateSummary", StringComparison.Ordinal),
            link + "&$orderby=displayName",
            link + "&$filter=displayName ne 'x'",
            link[..^4],
        })
        {
            await RefusedAsync(foreign, "$skiptoken");
        }

        Assert.NotEmpty((await _api.ReadAsync(link)).GetProperty("value").EnumerateArray());
    }

    [Fact]
    public async Task Links_to_the_rest_of_what_is_expanded_go_on_behind_it()
    {
        await using var db = await OpenAsync();
        var book = await BookAsync(12);
        var person = (await PeopleAsync(1))[0];
        db.Licenses.Add(New(book, person.Id, LicenseState.Failed, TimeProvider.System.GetUtcNow()));
        db.ManagedDevices.AddRange(Enumerable.Range(0, 103).Select(n => new ManagedDevice { PersonId = person.Id, Name = $"Mac {n}", Platform = "macOS" }));
        await db.SaveChangesAsync(Cancel);
        var all = IdsOf(await _api.ReadAsync($"{Manage}/managedEBooks/{book.PublicId}/deviceStates?$top=999"));

        var expanded = await _api.ReadAsync($"{Manage}/managedEBooks/{book.PublicId}?$expand=deviceStates($select=id)");
        var first = expanded.GetProperty("deviceStates").EnumerateArray().Select(d => d.GetProperty("id").GetString()!).ToList();
        var gone = int.Parse(first[0].Split('_')[1], CultureInfo.InvariantCulture);
        await db.ManagedDevices.Where(d => d.Id == gone).ExecuteDeleteAsync(Cancel);
        var rest = IdsOf(await _api.ReadAsync(expanded.GetProperty("deviceStates@odata.nextLink").GetString()!));

        Assert.Equal((100, 103), (first.Count, all.Count));
        Assert.Equal(all, [.. first, .. rest]);

        // A container brings a hundred books along.
        db.Books.AddRange(Enumerable.Range(0, 110).Select(n => new Book { PublicId = Guid.NewGuid(), LocationId = book.LocationId, AdamId = 999_000_200 + n, PricingParam = PricingParam.STDQ, TotalCount = 1 }));
        await db.SaveChangesAsync(Cancel);
        var container = await _api.ReadAsync($"{Manage}?$expand=managedEBooks($select=id)");
        var some = container.GetProperty("managedEBooks").EnumerateArray().Select(b => b.GetProperty("id").GetString()!).ToList();
        var behind = IdsOf(await _api.ReadAsync(container.GetProperty("managedEBooks@odata.nextLink").GetString()! + "&$top=999"));
        Assert.Equal(IdsOf(await _api.ReadAsync($"{Manage}/managedEBooks?$top=999&$select=id")), [.. some, .. behind]);
        Assert.Equal(100, some.Count);
    }

    /// <summary>Rows are in the order asked for; of ids the database has an order of its own.</summary>
    private static void DemandOrdered(List<JsonElement> rows, string order)
    {
        if (order.Split(' ') is [not ("" or "id") and var property, ..])
        {
            var keys = rows.ConvertAll(r => r.GetProperty(property).GetString());
            Assert.Equal(order.EndsWith(" desc", StringComparison.Ordinal) ? keys.OrderDescending(StringComparer.Ordinal) : keys.Order(StringComparer.Ordinal), keys);
        }
    }

    /// <summary>Two groups in their ranks, and people in one, the other, both or none.</summary>
    private static async Task RankAsync(VppBooksDbContext db, Book book, List<Person> people)
    {
        var groups = new[] { "First", "Second" }.Select(n => new DirectoryGroup { DirectoryId = Guid.NewGuid(), DisplayName = $"{n} of {book.Id}" }).ToList();
        db.Groups.AddRange(groups);
        await db.SaveChangesAsync(Cancel);
        foreach (var (rank, group) in groups.Index())
        {
            db.GroupAssignments.Add(new GroupAssignment { PublicId = Guid.NewGuid(), BookId = book.Id, GroupId = group.Id, Intent = Intent.Required, Rank = rank, AssignedById = "x", AssignedByName = "X" });
            db.GroupMemberships.AddRange(people.Take(10).Where((_, i) => i == 9 ? rank == 0 : i % 3 == rank || i == 7).Select(p => new GroupMembership { GroupId = group.Id, PersonId = p.Id }));
        }

        await db.SaveChangesAsync(Cancel);
    }

    private async Task<(int Id, string People)> PlanAsync(int nth, string group)
    {
        using var planned = await _api.SendAsync(HttpMethod.Post, $"/api/books/{(await BookAsync(nth)).PublicId}/plans", ApiHouse.Json(
            $$"""{"managedEBookAssignments":[{"installIntent":"required","target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"{{_api.GroupId(group)}}"} }]}"""));
        Assert.Equal(HttpStatusCode.Created, planned.StatusCode);
        var id = JsonDocument.Parse(await planned.Content.ReadAsStringAsync()).RootElement.GetProperty("id").GetGuid();
        await using var db = await OpenAsync();
        return (await db.Plans.Where(p => p.PublicId == id).Select(p => p.Id).SingleAsync(Cancel), $"/api/plans/{id}/people");
    }

    private async Task RefusedAsync(string address, string option)
    {
        using var answer = await _api.SendAsync(HttpMethod.Get, address);
        Assert.Equal((address, HttpStatusCode.BadRequest), (address, answer.StatusCode));
        Assert.Contains(option, (await ApiHouse.ErrorAsync(answer)).GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private Task<List<string>> WalkAsync(string first, string property, Func<int, Task> meanwhile) => WalkAsync(first, property, (page, _) => meanwhile(page));

    /// <summary>Follows the links; between two pages something happens, which is told the number of the page and what it showed.</summary>
    private async Task<List<string>> WalkAsync(string first, string property, Func<int, List<string>, Task> meanwhile)
    {
        var (walked, pages) = (new List<string>(), 0);
        for (string? next = first; next is not null; pages++)
        {
            var page = await _api.ReadAsync(next);
            List<string> seen = [.. page.GetProperty("value").EnumerateArray().Select(r => r.GetProperty(property).GetString()!)];
            walked.AddRange(seen);
            next = page.TryGetProperty("@odata.nextLink", out var link) ? link.GetString() : null;
            await meanwhile(pages, seen);
        }

        return walked;
    }

    private async Task<List<JsonElement>> RowsAsync(string address) => [.. (await _api.ReadAsync(address)).GetProperty("value").EnumerateArray()];

    private static List<string> NamesOf(JsonElement page) => [.. page.GetProperty("value").EnumerateArray().Select(r => r.GetProperty("displayName").GetString()!)];

    private static List<string> IdsOf(JsonElement page) => [.. page.GetProperty("value").EnumerateArray().Select(r => r.GetProperty("id").GetString()!)];

    private Task<VppBooksDbContext> OpenAsync() => _api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync(Cancel);

    /// <summary>A book of the first token for each test, so that none looks at what another made.</summary>
    private async Task<Book> BookAsync(int nth)
    {
        await using var db = await OpenAsync();
        var token = Guid.Parse(house.Token.Id!);
        return await db.Books.AsNoTracking().Where(b => !b.Unlimited && b.TotalCount > 30 && b.PricingParam == PricingParam.STDQ && db.Locations.Any(l => l.Id == b.LocationId && l.PublicId == token)).OrderBy(b => b.Id).Skip(nth).FirstAsync(Cancel);
    }

    private async Task<List<Person>> PeopleAsync(int count)
    {
        await _api.Services.GetRequiredService<PeopleReader>().EnsureAllAsync(TimeSpan.FromHours(1), Cancel);
        await using var db = await OpenAsync();
        var people = await db.People.AsNoTracking().Where(p => !db.ManagedDevices.Any(d => d.PersonId == p.Id)).OrderBy(p => p.Id).Take(count).ToListAsync(Cancel);
        Assert.Equal(count, people.Count);
        return people;
    }

    private static License New(Book book, int person, LicenseState state, DateTimeOffset at, int? rank = null) =>
        new() { PersonId = person, AdamId = book.AdamId, BookId = book.Id, State = state, Cause = LicenseCause.Joined, CreatedAt = at, WantedAt = at, ChangedAt = at, WaitingRank = rank };
}
