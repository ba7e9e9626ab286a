using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Devices;
using VppBooks.Core.Directory;
using VppBooks.Core.Persistence;

namespace VppBooks.Tests.Api;

/// <summary>A book about which everything can be read: assigned, given to people with devices, on a shelf, and planned for more.</summary>
internal sealed partial class ApiSample
{
    private readonly Dictionary<string, string> _ids = new(StringComparer.Ordinal) { ["{bundleId}"] = "example.app", ["{moment}"] = "2099-01-01T00:00:00Z", ["{day}"] = "2099-01-01", ["{category}"] = "plan" };

    private ApiSample()
    {
    }

    public string Book => _ids["{bookId}"];

    public string Category => _ids["{categoryId}"];

    public string Plan => _ids["{planId}"];

    /// <summary>Prepares the book with the most copies left but for <paramref name="nth"/>.</summary>
    public static async Task<ApiSample> MakeAsync(ApiHouse api, string token, int nth = 0)
    {
        const string Manage = "/v1.0/deviceAppManagement";
        var sample = new ApiSample();
        var books = (await api.ReadAsync($"{Manage}/managedEBooks?$filter=totalLicenseCount ge 60&$top=999")).GetProperty("value").EnumerateArray();
        var book = books.OrderByDescending(b => b.GetProperty("vppBooks").GetProperty("availableLicenseCount") is { ValueKind: JsonValueKind.Number } free ? free.GetInt64() : 0).ElementAt(nth).GetProperty("id").GetString()!;
        await api.Services.GetRequiredService<PeopleReader>().EnsureAllAsync(TimeSpan.FromHours(1), TestContext.Current.CancellationToken);
        await PostAsync($"{Manage}/managedEBooks/{book}/assign", $$"""{"managedEBookAssignments":[{{Wish(api, "Class 5B", "required")}}]}""");
        var users = await ApiHouse.UntilAsync(async () => (await api.ReadAsync($"{Manage}/managedEBooks/{book}/userStateSummary")).GetProperty("value"), u => u.GetArrayLength() > 0);
        var user = users[0].GetProperty("id").GetString()!;
        await using (var db = await api.Services.GetRequiredService<IDbContextFactory<VppBooksDbContext>>().CreateDbContextAsync())
        {
            var person = await db.People.SingleAsync(p => p.PublicId == Guid.Parse(user));
            db.ManagedDevices.Add(new ManagedDevice { PersonId = person.Id, Name = "iPad", Platform = "iPadOS", OsVersion = "26.1" });
            await db.SaveChangesAsync();
        }

        var device = (await api.ReadAsync($"{Manage}/managedEBooks/{book}/userStateSummary/{user}/deviceStates")).GetProperty("value")[0].GetProperty("id").GetString()!;
        var category = (await PostAsync($"{Manage}/managedEBookCategories", $$"""{"displayName":"Described {{Guid.NewGuid():N}}"}"""))!.Value.GetProperty("id").GetString()!;
        await PostAsync($"{Manage}/managedEBooks/{book}/categories", $$"""{"id":"{{category}}"}""");
        var plan = (await PostAsync($"/api/books/{book}/plans", $$"""{"managedEBookAssignments":[{{Wish(api, "Class 5B", "required")}},{{Wish(api, "Class 6A", "required")}}]}"""))!.Value.GetProperty("id").GetString()!;
        foreach (var (name, id) in new[]
        {
            ("vppTokens/{id}", token), ("managedEBooks/{id}", book), ("{categoryId}", category), ("{userId}", user), ("{deviceStateId}", device), ("{bookId}", book), ("{planId}", plan), ("people/{id}", user),
            ("{assignmentId}", (await api.ReadAsync($"{Manage}/managedEBooks/{book}/assignments")).GetProperty("value")[0].GetProperty("id").GetString()!),
            ("auditEvents/{id}", (await api.ReadAsync("/v1.0/deviceManagement/auditEvents?$top=1")).GetProperty("value")[0].GetProperty("id").GetString()!),
        })
        {
            sample._ids[name] = name.Replace("{id}", id, StringComparison.Ordinal) is var filled && filled != name ? filled : id;
        }

        return sample;

        async Task<JsonElement?> PostAsync(string path, string body)
        {
            using var answer = await api.SendAsync(HttpMethod.Post, path, ApiHouse.Json(body));
            var text = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {text}");
            return text.Length == 0 ? null : JsonDocument.Parse(text).RootElement;
        }
    }

    /// <summary>An assignment of a group as callers send it.</summary>
    public static string Wish(ApiHouse api, string group, string intent) =>
        $$"""{"installIntent":"{{intent}}","target":{"@odata.type":"#microsoft.graph.groupAssignmentTarget","groupId":"{{api.GroupId(group)}}"} }""";

    /// <summary>The address of what is here, for a route.</summary>
    public string Fill(string route)
    {
        var address = _ids.Aggregate(route, (path, id) => path.Replace(id.Key, id.Value, StringComparison.Ordinal));
        Assert.False(address.Contains('{', StringComparison.Ordinal), $"Nothing is here to fill {route} with.");
        return address;
    }

    /// <summary>The address of what is not here, for a route; null where it names nothing that could be missing.</summary>
    public static string? FillWithUnknown(string route) => WholeSegment().IsMatch(route)
        ? WholeSegment().Replace(route, _ => Guid.NewGuid().ToString("D", CultureInfo.InvariantCulture))
        : null;

    [GeneratedRegex(@"(?<=/)\{\w+\}(?=/|$)")]
    private static partial Regex WholeSegment();
}
