using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Graph;
using Microsoft.Graph.Models.ODataErrors;
using Microsoft.Kiota.Abstractions;
using Microsoft.Kiota.Abstractions.Serialization;
using VppBooks.Core.Mail;
using VppBooks.Core.People;
using Models = Microsoft.Graph.Models;

namespace VppBooks.Core.Directory;

/// <summary>Reads groups and users from Microsoft Graph. Every method gives a complete answer or throws: an outage is never an empty group.</summary>
/// <remarks>Needs the application permissions <c>GroupMember.Read.All</c> and <c>User.Read.All</c>. Source: Microsoft Graph v1.0 reference.</remarks>
public sealed class GraphDirectory(
    GraphServiceClient graph, DirectoryGate gate, IOptions<PeopleOptions> people, IOptions<DirectoryOptions> options, TimeProvider clock, ILogger<GraphDirectory> logger)
{
    /// <summary>Steps of one <c>$batch</c>: what Graph accepts.</summary>
    public const int StepsPerBatch = 20;

    private const int PageSize = 999;
    private static readonly string[] GroupProperties = ["id", "displayName", "description", "groupTypes", "securityEnabled", "mailEnabled", "membershipRule"];
    private static readonly string[] UserProperties = ["id", "displayName", "userPrincipalName", "mail", "accountEnabled", "userType", "preferredLanguage"];

    private readonly ManagedAccountRule _rule = ManagedAccountRule.TryParse(people.Value.ManagedAppleAccount, out var rule) ? rule : default;

    /// <summary>What is asked of users, and so what a delta link reports of them.</summary>
    public string UserSelection => string.Join(',', SelectedUserProperties);

    private string[] SelectedUserProperties =>
        _rule.Source == ManagedAccountSource.ExtensionAttribute ? [.. UserProperties, "onPremisesExtensionAttributes"] : UserProperties;

    /// <summary>Groups whose name contains words that begin with those of <paramref name="text"/>, by name; the first ones when it is empty.</summary>
    /// <exception cref="DirectoryException">Throttled, down, or without consent.</exception>
    public Task<IReadOnlyList<DirectoryGroupEntry>> SearchGroupsAsync(string? text, int top, CancellationToken cancellationToken) =>
        AskAsync<IReadOnlyList<DirectoryGroupEntry>>(async () =>
        {
            // A quotation mark would end the search term.
            var words = text?.Replace('"', ' ').Replace('\\', ' ').Trim();
            var page = await graph.Groups.GetAsync(request =>
            {
                request.QueryParameters.Search = string.IsNullOrEmpty(words) ? null : $"\"displayName:{words}\"";
                request.QueryParameters.Select = GroupProperties;
                request.QueryParameters.Orderby = ["displayName"];
                request.QueryParameters.Top = top;
                request.QueryParameters.Count = true;
                request.Headers.Add("ConsistencyLevel", "eventual");
            }, cancellationToken);
            return [.. Rows(page?.Value).Select(ToEntry)];
        }, cancellationToken);

    /// <summary>One group.</summary>
    /// <exception cref="GroupGoneException">It is not there; tells whether the recycle bin has it.</exception>
    /// <exception cref="DirectoryException">Throttled, down, or without consent.</exception>
    public async Task<DirectoryGroupEntry> GetGroupAsync(Guid directoryId, CancellationToken cancellationToken)
    {
        var group = await AskAsync(async () =>
        {
            try
            {
                return await graph.Groups[directoryId.ToString()].GetAsync(request => request.QueryParameters.Select = GroupProperties, cancellationToken);
            }
            catch (ODataError e) when (e.ResponseStatusCode == 404)
            {
                return null;
            }
        }, cancellationToken);
        return group is not null ? ToEntry(group) : throw new GroupGoneException(directoryId, await IsInRecycleBinAsync(directoryId, cancellationToken), null);
    }

    /// <summary>Asks for almost nothing.</summary>
    /// <exception cref="DirectoryException">Throttled, down, or without consent.</exception>
    public Task ProbeAsync(DirectoryKind kind, CancellationToken cancellationToken) => AskAsync<object?>(
        async () => kind == DirectoryKind.Groups
            ? await graph.Groups.GetAsync(
                request =>
                {
                    request.QueryParameters.Select = ["id"];
                    request.QueryParameters.Top = 1;
                },
                cancellationToken)
            : await graph.Users.GetAsync(
                request =>
                {
                    request.QueryParameters.Select = ["id"];
                    request.QueryParameters.Top = 1;
                },
                cancellationToken),
        cancellationToken);

    /// <summary>Some groups, with the groups inside them: ten a request. What the directory does not tell of one is said with it, and keeps no other from being looked at.</summary>
    /// <exception cref="DirectoryException">Throttled, down, or without consent.</exception>
    public Task<IReadOnlyDictionary<Guid, GroupLook>> LookAtGroupsAsync(IReadOnlyCollection<Guid> directoryIds, CancellationToken cancellationToken) =>
        AskAsync<IReadOnlyDictionary<Guid, GroupLook>>(async () =>
        {
            var looks = new Dictionary<Guid, GroupLook>();
            foreach (var ids in directoryIds.Chunk(StepsPerBatch / 2))
            {
                var answers = await BatchAsync(
                    [
                        .. ids.Select(id => new Step($"/groups/{id}?$select={string.Join(',', GroupProperties)}")),
                        .. ids.Select(id => new Step($"/groups/{id}/transitiveMembers/microsoft.graph.group?$select=id&$top={PageSize}&$count=true", Eventual: true)),
                    ],
                    cancellationToken);
                for (var i = 0; i < ids.Length; i++)
                {
                    var (id, group, nested) = (ids[i], answers[i], answers[ids.Length + i]);
                    try
                    {
                        looks[id] = await AskAsync(() => LookAsync(id, group, nested, cancellationToken), cancellationToken);
                    }
                    catch (DirectoryException e) when (!e.AsksToWait)
                    {
                        looks[id] = new GroupLook(null, SoftDeleted: false, [], e);
                    }
                }
            }

            return looks;
        }, cancellationToken);

    private async Task<GroupLook> LookAsync(Guid id, StepAnswer group, StepAnswer nested, CancellationToken cancellationToken)
    {
        if ((group.Failure ?? nested.Failure) is { } failure)
        {
            throw failure;
        }

        return group.Body is null || nested.Body is null
            ? new GroupLook(null, await IsInRecycleBinAsync(id, cancellationToken), [])
            : new GroupLook(ToEntry(await ParseAsync<Models.Group>(group.Body, cancellationToken)), SoftDeleted: false, await NestedAsync(nested.Body, cancellationToken));
    }

    /// <summary>Those of some users whom the directory has: twenty a request.</summary>
    /// <exception cref="DirectoryException">Throttled, down, or without consent.</exception>
    public Task<IReadOnlyList<DirectoryUser>> FindUsersAsync(IReadOnlyCollection<Guid> directoryIds, CancellationToken cancellationToken) =>
        AskAsync<IReadOnlyList<DirectoryUser>>(async () =>
        {
            var found = new List<DirectoryUser>();
            foreach (var ids in directoryIds.Chunk(StepsPerBatch))
            {
                foreach (var answer in await BatchAsync([.. ids.Select(id => new Step($"/users/{id}?$select={UserSelection}"))], cancellationToken))
                {
                    if (answer.Failure is not null)
                    {
                        throw answer.Failure;
                    }

                    if (answer.Body is not null)
                    {
                        found.Add(ToUser(await ParseAsync<Models.User>(answer.Body, cancellationToken)));
                    }
                }
            }

            return found;
        }, cancellationToken);

    /// <summary>A delta link that reports what changes in some groups from now on; at most 50.</summary>
    /// <exception cref="DirectoryException">Throttled, down, or without consent.</exception>
    public async Task<string> BeginGroupChangesAsync(IReadOnlyCollection<Guid> directoryIds, CancellationToken cancellationToken)
    {
        var filter = Uri.EscapeDataString(string.Join(" or ", directoryIds.Select(id => $"id eq '{id}'")));
        return (await ReadGroupChangesAsync($"{Home}/groups/delta?$select={string.Join(',', GroupProperties)},members&$filter={filter}&$deltatoken=latest", cancellationToken)
            ?? throw new DirectoryUnavailableException("The directory gave no delta link.", null, null)).Link;
    }

    /// <summary>Groups that changed since a delta link was given; null when the directory does not know any more.</summary>
    /// <exception cref="DirectoryException">Throttled, down, or without consent.</exception>
    public Task<ChangeRound?> ReadGroupChangesAsync(string link, CancellationToken cancellationToken) => ReadChangesAsync(
        link,
        async address => await graph.Groups.Delta.WithUrl(address).GetAsDeltaGetResponseAsync(null, cancellationToken) is { } page
            ? (Rows(page.Value).Select(g => g.Id), page.OdataNextLink, page.OdataDeltaLink)
            : default,
        cancellationToken);

    /// <summary>A delta link that reports what changes in users from now on.</summary>
    /// <exception cref="DirectoryException">Throttled, down, or without consent.</exception>
    public async Task<string> BeginUserChangesAsync(CancellationToken cancellationToken) =>
        (await ReadUserChangesAsync($"{Home}/users/delta?$select={UserSelection}&$deltatoken=latest", cancellationToken)
            ?? throw new DirectoryUnavailableException("The directory gave no delta link.", null, null)).Link;

    /// <summary>Users that changed since a delta link was given; null when the directory does not know any more.</summary>
    /// <exception cref="DirectoryException">Throttled, down, or without consent.</exception>
    public Task<ChangeRound?> ReadUserChangesAsync(string link, CancellationToken cancellationToken) => ReadChangesAsync(
        link,
        async address => await graph.Users.Delta.WithUrl(address).GetAsDeltaGetResponseAsync(null, cancellationToken) is { } page
            ? (Rows(page.Value).Select(u => u.Id), page.OdataNextLink, page.OdataDeltaLink)
            : default,
        cancellationToken);

    /// <summary>Pages of the users who are in a group, directly or through groups in it. A user may come twice when the group changes meanwhile.</summary>
    /// <exception cref="GroupGoneException">The group is not there.</exception>
    /// <exception cref="DirectoryException">Throttled, down, or without consent; what was handed out so far is not the whole group.</exception>
    public async IAsyncEnumerable<IReadOnlyList<DirectoryUser>> ReadMembersAsync(Guid groupDirectoryId, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var members = graph.Groups[groupDirectoryId.ToString()].TransitiveMembers.GraphUser;
        string? next = null;
        do
        {
            var address = next;
            var page = await AskAsync(async () =>
            {
                try
                {
                    // The cast is an advanced query: it needs the header and the count, on every page.
                    return address is not null
                        ? await members.WithUrl(address).GetAsync(request => request.Headers.Add("ConsistencyLevel", "eventual"), cancellationToken)
                        : await members.GetAsync(request =>
                        {
                            request.QueryParameters.Select = SelectedUserProperties;
                            request.QueryParameters.Top = PageSize;
                            request.QueryParameters.Count = true;
                            request.Headers.Add("ConsistencyLevel", "eventual");
                        }, cancellationToken);
                }
                catch (ODataError e) when (e.ResponseStatusCode == 404)
                {
                    return null;
                }
            }, cancellationToken);
            if (page is null)
            {
                throw new GroupGoneException(groupDirectoryId, await IsInRecycleBinAsync(groupDirectoryId, cancellationToken), null);
            }

            yield return ToUsers(page.Value);
            next = Checked(page.OdataNextLink);
        }
        while (next is not null);
    }

    /// <summary>Pages of all users of the directory, guests included.</summary>
    /// <exception cref="DirectoryException">Throttled, down, or without consent; what was handed out so far is not everybody.</exception>
    public async IAsyncEnumerable<IReadOnlyList<DirectoryUser>> ReadUsersAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string? next = null;
        do
        {
            var address = next;
            var page = await AskAsync(() => address is not null
                ? graph.Users.WithUrl(address).GetAsync(null, cancellationToken)
                : graph.Users.GetAsync(request =>
                {
                    request.QueryParameters.Select = SelectedUserProperties;
                    request.QueryParameters.Top = PageSize;
                }, cancellationToken), cancellationToken);
            yield return ToUsers(page?.Value);
            next = Checked(page!.OdataNextLink);
        }
        while (next is not null);
    }

    private static List<T> Rows<T>(List<T>? rows) => rows ?? throw new DirectoryUnavailableException("The directory answered without a list.", null, null);

    private static DirectoryGroupEntry ToEntry(Models.Group group)
    {
        var dynamic = group.GroupTypes?.Contains("DynamicMembership", StringComparer.OrdinalIgnoreCase) == true;
        return new DirectoryGroupEntry(
            Guid.Parse(group.Id!),
            Cut(group.DisplayName, 256) ?? group.Id!,
            Cut(group.Description, 1024),
            group.SecurityEnabled == true,
            dynamic,
            group.GroupTypes?.Contains("Unified", StringComparer.OrdinalIgnoreCase) == true,
            dynamic && IsDeviceRule(group.MembershipRule));
    }

    // A rule may begin with brackets and a "not"; what it speaks of first is what it selects.
    private static bool IsDeviceRule(string? rule) =>
        rule?.TrimStart(' ', '(', '\t').StartsWith("device.", StringComparison.OrdinalIgnoreCase) == true;

    private static string? Cut(string? text, int length) => text is null || text.Length <= length ? text : text[..length];

    private List<DirectoryUser> ToUsers(List<Models.User>? users) => [.. Rows(users).Select(ToUser)];

    private DirectoryUser ToUser(Models.User user)
    {
        // With the permission for groups alone, members come back as bare ids: storing those would wipe out every name.
        var name = user.UserPrincipalName ?? throw new DirectoryConsentMissingException("The directory does not show users: the permission User.Read.All is missing.", null);
        var guest = string.Equals(user.UserType, "Guest", StringComparison.OrdinalIgnoreCase);
        var mail = string.IsNullOrWhiteSpace(user.Mail) ? null : Cut(user.Mail, 320);
        var account = _rule.Source switch
        {
            ManagedAccountSource.UserPrincipalName when !guest => user.UserPrincipalName,
            ManagedAccountSource.Mail => mail,
            ManagedAccountSource.ExtensionAttribute => ExtensionAttribute(user.OnPremisesExtensionAttributes, _rule.ExtensionAttribute),
            _ => null,
        };
        return new DirectoryUser(
            Guid.Parse(user.Id!),
            Cut(string.IsNullOrWhiteSpace(user.DisplayName) ? name : user.DisplayName, 256)!,
            Cut(name, 320)!,
            mail,
            string.IsNullOrWhiteSpace(account) ? null : Cut(account.Trim(), 320),
            user.AccountEnabled ?? true,
            guest,
            MailLanguages.Of(user.PreferredLanguage));
    }

    private static string? ExtensionAttribute(Models.OnPremisesExtensionAttributes? a, int number) => number switch
    {
        1 => a?.ExtensionAttribute1,
        2 => a?.ExtensionAttribute2,
        3 => a?.ExtensionAttribute3,
        4 => a?.ExtensionAttribute4,
        5 => a?.ExtensionAttribute5,
        6 => a?.ExtensionAttribute6,
        7 => a?.ExtensionAttribute7,
        8 => a?.ExtensionAttribute8,
        9 => a?.ExtensionAttribute9,
        10 => a?.ExtensionAttribute10,
        11 => a?.ExtensionAttribute11,
        12 => a?.ExtensionAttribute12,
        13 => a?.ExtensionAttribute13,
        14 => a?.ExtensionAttribute14,
        _ => a?.ExtensionAttribute15,
    };

    private string Home => graph.RequestAdapter.BaseUrl ?? "https://graph.microsoft.com/v1.0";

    /// <summary>A link leads where the first page came from, or it is not followed: our sign-in goes along with it.</summary>
    private string? Checked(string? link)
    {
        if (link is null)
        {
            return null;
        }

        return Uri.TryCreate(link, UriKind.Absolute, out var next) && Uri.Compare(new Uri(Home), next, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0
            ? link
            : throw new DirectoryUnavailableException("The directory's link to the next page leads elsewhere.", null, null);
    }

    /// <summary>Follows a delta link to its end.</summary>
    private Task<ChangeRound?> ReadChangesAsync(
        string link, Func<string, Task<(IEnumerable<string?> Ids, string? Next, string? Delta)>> read, CancellationToken cancellationToken) =>
        AskAsync(async () =>
        {
            var changed = new HashSet<Guid>();
            var address = Checked(link);
            try
            {
                while (true)
                {
                    var (ids, next, delta) = await read(address!);
                    changed.UnionWith((ids ?? []).OfType<string>().Select(Guid.Parse));
                    if (delta is not null)
                    {
                        return new ChangeRound(changed, Checked(delta)!);
                    }

                    address = Checked(next) ?? throw new DirectoryUnavailableException("The directory's changes end without a link.", null, null);
                }
            }
            catch (ODataError e) when (IsExpired(e))
            {
                return null;
            }
        }, cancellationToken);

    /// <summary>The directory does not know any more what a link stands for. Mostly it says 410; some of its services say so with the code alone.</summary>
    private static bool IsExpired(ODataError e) =>
        e.ResponseStatusCode == 410
        || (e.ResponseStatusCode is >= 400 and < 500
            && (string.Equals(e.Error?.Code, "syncStateNotFound", StringComparison.OrdinalIgnoreCase) || string.Equals(e.Error?.Code, "resyncRequired", StringComparison.OrdinalIgnoreCase)));

    private async Task<IReadOnlyCollection<Guid>> NestedAsync(string firstPage, CancellationToken cancellationToken)
    {
        var page = await ParseAsync<Models.GroupCollectionResponse>(firstPage, cancellationToken);
        var nested = new List<Guid>(Rows(page.Value).Select(g => Guid.Parse(g.Id!)));
        while (Checked(page.OdataNextLink) is { } next)
        {
            page = (await graph.Groups[Guid.Empty.ToString()].TransitiveMembers.GraphGroup.WithUrl(next).GetAsync(request => request.Headers.Add("ConsistencyLevel", "eventual"), cancellationToken))!;
            nested.AddRange(Rows(page.Value).Select(g => Guid.Parse(g.Id!)));
        }

        return nested;
    }

    private static async Task<T> ParseAsync<T>(string json, CancellationToken cancellationToken)
        where T : IParsable =>
        await KiotaJsonSerializer.DeserializeAsync<T>(json, cancellationToken) ?? throw new DirectoryUnavailableException("The directory answered with nothing.", null, null);

    /// <summary>Up to twenty reads in one request. A throttled one is repeated, the others are not.</summary>
    /// <returns>What became of each, in the order of the steps.</returns>
    private async Task<StepAnswer[]> BatchAsync(Step[] steps, CancellationToken cancellationToken)
    {
        var answers = new StepAnswer[steps.Length];
        var open = Enumerable.Range(0, steps.Length).ToList();
        for (var attempt = 0; ; attempt++)
        {
            var (throttled, longest, asksToWait) = (new List<int>(), TimeSpan.Zero, false);
            using var answer = await SendBatchAsync(steps, open, cancellationToken);
            foreach (var response in answer.RootElement.GetProperty("responses").EnumerateArray())
            {
                var index = int.Parse(response.GetProperty("id").GetString()!, System.Globalization.CultureInfo.InvariantCulture);
                var status = response.GetProperty("status").GetInt32();
                switch (status)
                {
                    case >= 200 and < 300:
                        answers[index] = new StepAnswer(response.GetProperty("body").GetRawText());
                        break;
                    case 404:
                        answers[index] = default;
                        break;
                    case 401 or 403:
                        logger.ReadFailed("batch", status, null);
                        answers[index] = new StepAnswer(null, new DirectoryConsentMissingException("The directory refuses to be read: grant GroupMember.Read.All and User.Read.All, with administrator consent.", null));
                        break;
                    case 429 or 503 or 504:
                        throttled.Add(index);
                        answers[index] = new StepAnswer(null, new DirectoryUnavailableException("The directory does not answer as it should.", null, null));
                        var named = RetryAfterOf(response);
                        asksToWait |= status == 429 || named is not null;
                        // How long we wait by ourselves is nothing that anybody asks of us.
                        var own = options.Value.FirstBackoff * Math.Pow(2, attempt);
                        var asked = named ?? (own < options.Value.LongestWait ? own : options.Value.LongestWait);
                        longest = asked > longest ? asked : longest;
                        break;
                    default:
                        logger.ReadFailed("batch", status, null);
                        answers[index] = new StepAnswer(null, new DirectoryUnavailableException("The directory does not answer as it should.", null, null));
                        break;
                }

                open.Remove(index);
            }

            if (open.Count > 0)
            {
                throw new DirectoryUnavailableException("The directory left a question without an answer.", null, null);
            }

            if (throttled.Count == 0 || (!asksToWait && attempt >= options.Value.Retries))
            {
                // One that never comes is its own failure: the others did come.
                return answers;
            }

            gate.CloseFor(longest);
            if (attempt >= options.Value.Retries || longest > options.Value.LongestWait)
            {
                throw new DirectoryUnavailableException("The directory asks us to wait.", clock.GetUtcNow() + longest, null);
            }

            open = throttled;
        }
    }

    private async Task<JsonDocument> SendBatchAsync(Step[] steps, List<int> which, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("requests");
            foreach (var index in which)
            {
                writer.WriteStartObject();
                writer.WriteString("id", index.ToString(System.Globalization.CultureInfo.InvariantCulture));
                writer.WriteString("method", "GET");
                writer.WriteString("url", steps[index].Url);
                if (steps[index].Eventual)
                {
                    writer.WriteStartObject("headers");
                    writer.WriteString("ConsistencyLevel", "eventual");
                    writer.WriteEndObject();
                }

                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        body.Position = 0;
        var request = new RequestInformation { HttpMethod = Method.POST, URI = new Uri(Home + "/$batch") };
        request.SetStreamContent(body, "application/json");
        var answer = await graph.RequestAdapter.SendPrimitiveAsync<Stream>(
            request, new Dictionary<string, ParsableFactory<IParsable>> { ["XXX"] = ODataError.CreateFromDiscriminatorValue }, cancellationToken);
        await using (answer)
        {
            return await JsonDocument.ParseAsync(answer!, default, cancellationToken);
        }
    }

    private TimeSpan? RetryAfterOf(JsonElement response) =>
        response.TryGetProperty("headers", out var headers)
        && headers.EnumerateObject().FirstOrDefault(h => string.Equals(h.Name, "Retry-After", StringComparison.OrdinalIgnoreCase)) is { Value.ValueKind: not JsonValueKind.Undefined } header
            ? DirectoryRegistration.RetryAfter([header.Value.ToString()], clock.GetUtcNow())
            : null;

    /// <param name="Body">What came; null for what is not there (404).</param>
    /// <param name="Failure">Why nothing came.</param>
    private readonly record struct StepAnswer(string? Body, DirectoryException? Failure = null);

    /// <param name="Url">Address below the version.</param>
    /// <param name="Eventual">It is an advanced query.</param>
    private sealed record Step(string Url, bool Eventual = false);

    private Task<bool> IsInRecycleBinAsync(Guid directoryId, CancellationToken cancellationToken) =>
        AskAsync(async () =>
        {
            try
            {
                return await graph.Directory.DeletedItems[directoryId.ToString()].GetAsync(null, cancellationToken) is not null;
            }
            catch (ODataError e) when (e.ResponseStatusCode is 404 or 403)
            {
                // 403: the bin needs a permission of its own; "deleted" is then all we know.
                return false;
            }
        }, cancellationToken);

    private async Task<T> AskAsync<T>(Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        try
        {
            return await ask();
        }
        catch (DirectoryException)
        {
            throw;
        }
        catch (ApiException e)
        {
            throw Explain(e);
        }
#pragma warning disable CA1031 // Whatever the SDK, the sign-in or the network throws, it means one thing: no answer.
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            logger.ReadFailed(e.GetType().Name, 0, null);
            throw new DirectoryUnavailableException("The directory does not answer.", null, e);
        }
    }

    private DirectoryException Explain(ApiException e)
    {
        var headers = new Dictionary<string, IEnumerable<string>>(e.ResponseHeaders ?? new Dictionary<string, IEnumerable<string>>(), StringComparer.OrdinalIgnoreCase);
        logger.ReadFailed((e as ODataError)?.Error?.Code ?? "", e.ResponseStatusCode, headers.GetValueOrDefault("request-id")?.FirstOrDefault());
        if (e.ResponseStatusCode is 401 or 403)
        {
            return new DirectoryConsentMissingException("The directory refuses to be read: grant GroupMember.Read.All and User.Read.All, with administrator consent.", e);
        }

        var now = clock.GetUtcNow();
        return new DirectoryUnavailableException(
            e.ResponseStatusCode == 429 ? "The directory asks us to wait." : "The directory does not answer as it should.",
            now + DirectoryRegistration.RetryAfter(headers.GetValueOrDefault("Retry-After"), now),
            e);
    }
}
