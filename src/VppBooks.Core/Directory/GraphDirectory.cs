using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Graph;
using Microsoft.Graph.Models.ODataErrors;
using Microsoft.Kiota.Abstractions;
using VppBooks.Core.People;
using Models = Microsoft.Graph.Models;

namespace VppBooks.Core.Directory;

/// <summary>Reads groups and users from Microsoft Graph. Every method gives a complete answer or throws: an outage is never an empty group.</summary>
/// <remarks>Needs the application permissions <c>GroupMember.Read.All</c> and <c>User.Read.All</c>. Source: Microsoft Graph v1.0 reference.</remarks>
public sealed class GraphDirectory(GraphServiceClient graph, IOptions<PeopleOptions> people, TimeProvider clock, ILogger<GraphDirectory> logger)
{
    /// <summary>Ids in one <c>in</c> filter: what Graph accepts.</summary>
    public const int IdsPerFilter = 15;

    private const int PageSize = 999;
    private static readonly string[] GroupProperties = ["id", "displayName", "description", "groupTypes", "securityEnabled", "mailEnabled", "membershipRule"];
    private static readonly string[] UserProperties = ["id", "displayName", "userPrincipalName", "mail", "accountEnabled", "userType"];

    private readonly ManagedAccountRule _rule = ManagedAccountRule.TryParse(people.Value.ManagedAppleAccount, out var rule) ? rule : default;

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

    /// <summary>The groups of a list that exist; at most <see cref="IdsPerFilter"/> at a time.</summary>
    /// <exception cref="DirectoryException">Throttled, down, or without consent.</exception>
    public Task<IReadOnlyList<DirectoryGroupEntry>> ListGroupsAsync(IReadOnlyCollection<Guid> directoryIds, CancellationToken cancellationToken) =>
        AskAsync<IReadOnlyList<DirectoryGroupEntry>>(async () =>
        {
            var page = await graph.Groups.GetAsync(request =>
            {
                request.QueryParameters.Filter = $"id in ({string.Join(',', directoryIds.Select(id => $"'{id}'"))})";
                request.QueryParameters.Select = GroupProperties;
            }, cancellationToken);
            return [.. Rows(page?.Value).Select(ToEntry)];
        }, cancellationToken);

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

    /// <summary>One user; null when the directory does not have the user (any more).</summary>
    /// <exception cref="DirectoryException">Throttled, down, or without consent.</exception>
    public Task<DirectoryUser?> FindUserAsync(Guid directoryId, CancellationToken cancellationToken) =>
        AskAsync(async () =>
        {
            try
            {
                var user = await graph.Users[directoryId.ToString()].GetAsync(request => request.QueryParameters.Select = SelectedUserProperties, cancellationToken);
                return user is null ? null : ToUser(user);
            }
            catch (ODataError e) when (e.ResponseStatusCode == 404)
            {
                return null;
            }
        }, cancellationToken);

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
            guest);
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

    /// <summary>A link to the next page leads where the first page came from, or it is not followed: our sign-in goes along with it.</summary>
    private string? Checked(string? nextLink)
    {
        if (nextLink is null)
        {
            return null;
        }

        var home = new Uri(graph.RequestAdapter.BaseUrl ?? "https://graph.microsoft.com/v1.0");
        return Uri.TryCreate(nextLink, UriKind.Absolute, out var next) && Uri.Compare(home, next, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0
            ? nextLink
            : throw new DirectoryUnavailableException("The directory's link to the next page leads elsewhere.", null, null);
    }

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
