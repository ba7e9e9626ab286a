using Microsoft.Graph;
using Microsoft.Kiota.Abstractions;

namespace VppBooks.Core.Directory;

/// <summary>How somebody stands with the organization now.</summary>
/// <param name="Enabled">The account is there and may sign in.</param>
/// <param name="Roles">Values of the application's roles that were given to the person, or to a group with the person in it.</param>
public sealed record Standing(bool Enabled, IReadOnlyList<string> Roles);

/// <summary>Asks whether somebody who signed in earlier still may.</summary>
/// <remarks>
/// Needs the application permissions <c>User.Read.All</c> and <c>Directory.Read.All</c>. Source: Microsoft Graph v1.0, "List appRoleAssignments granted to a user",
/// "Get servicePrincipal".
/// </remarks>
public sealed class StandingReader(GraphServiceClient graph, TimeProvider clock)
{
    /// <summary>What roles an application has changes with a new release of it.</summary>
    private static readonly TimeSpan RolesReadAgain = TimeSpan.FromHours(1);

    private volatile Application? _application;

    /// <summary>How a person stands as a user of an application; without account and roles when the directory does not know the person any more.</summary>
    /// <exception cref="DirectoryUnavailableException">No answer, or none that can be used.</exception>
    /// <exception cref="DirectoryConsentMissingException">The directory does not let itself be asked.</exception>
    public async Task<Standing> ReadAsync(Guid personId, string applicationId, CancellationToken cancellationToken)
    {
        try
        {
            return await IsEnabledAsync(personId, cancellationToken)
                ? new Standing(Enabled: true, await RolesAsync(personId, applicationId, cancellationToken))
                : new Standing(Enabled: false, []);
        }
        catch (ApiException e) when (e.ResponseStatusCode is 401 or 403)
        {
            throw new DirectoryConsentMissingException("The directory does not tell who may still sign in: grant User.Read.All and Directory.Read.All, with administrator consent.", e);
        }
#pragma warning disable CA1031 // Whatever the SDK, the sign-in or the network throws, it means one thing: no answer.
        catch (Exception e) when (e is not DirectoryException && !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            throw new DirectoryUnavailableException("The directory does not tell who may still sign in.", null, e);
        }
    }

    private async Task<bool> IsEnabledAsync(Guid personId, CancellationToken cancellationToken)
    {
        try
        {
            var user = await graph.Users[personId.ToString()].GetAsync(request => request.QueryParameters.Select = ["id", "accountEnabled"], cancellationToken);

            // Without the permission for users the property is left out, which says nothing of the account.
            return user?.AccountEnabled ?? throw new DirectoryConsentMissingException("The directory does not show whether accounts are enabled: the permission User.Read.All is missing.", null);
        }
        catch (ApiException e) when (e.ResponseStatusCode == 404)
        {
            return false;
        }
    }

    private async Task<IReadOnlyList<string>> RolesAsync(Guid personId, string applicationId, CancellationToken cancellationToken)
    {
        var application = await ApplicationAsync(applicationId, cancellationToken);

        // What a group brings is complete only with the header and the count.
        var given = await graph.Users[personId.ToString()].AppRoleAssignments.GetAsync(
            request =>
            {
                request.QueryParameters.Filter = $"resourceId eq {application.ObjectId}";
                request.QueryParameters.Count = true;
                request.QueryParameters.Top = 999;
                request.Headers.Add("ConsistencyLevel", "eventual");
            },
            cancellationToken);
        return given?.Value is { } rows
            ? [.. rows.Select(r => r.AppRoleId is { } id ? application.Roles.GetValueOrDefault(id) : null).OfType<string>().Distinct(StringComparer.Ordinal)]
            : throw new DirectoryUnavailableException("The directory answered without a list.", null, null);
    }

    private async Task<Application> ApplicationAsync(string applicationId, CancellationToken cancellationToken)
    {
        if (_application is { } known && known.Id == applicationId && clock.GetUtcNow() - known.ReadAt < RolesReadAgain)
        {
            return known;
        }

        var principal = await graph.ServicePrincipalsWithAppId(applicationId).GetAsync(request => request.QueryParameters.Select = ["id", "appRoles"], cancellationToken);
        if (principal is not { Id: { } objectId, AppRoles: { } roles })
        {
            throw new DirectoryUnavailableException("The directory answered without the roles of the application.", null, null);
        }

        var read = new Application(
            applicationId,
            Guid.Parse(objectId),
            roles.Where(r => r is { Id: not null, Value.Length: > 0 }).ToDictionary(r => r.Id!.Value, r => r.Value!),
            clock.GetUtcNow());
        _application = read;
        return read;
    }

    private sealed record Application(string Id, Guid ObjectId, IReadOnlyDictionary<Guid, string> Roles, DateTimeOffset ReadAt);
}
