using Microsoft.AspNetCore.Authorization;

namespace VppBooks.Web.SignIn;

/// <summary>What a signed-in person may do. Pages and endpoints name one of these; Core checks the actor again.</summary>
public static class Policies
{
    /// <summary>Every screen of the console.</summary>
    public const string ReadAll = nameof(ReadAll);

    /// <summary>Upload, renew, take over and delete content tokens.</summary>
    public const string ManageTokens = nameof(ManageTokens);

    /// <summary>Plan and commit assignments: the only way to spend licenses.</summary>
    public const string Assign = nameof(Assign);

    /// <summary>Read Apple now instead of at the next scheduled time.</summary>
    public const string SyncNow = nameof(SyncNow);

    /// <summary>Send a reader's invitation again.</summary>
    public const string ResendInvitation = nameof(ResendInvitation);

    /// <summary>The audit trail and its export.</summary>
    public const string ReadActivity = nameof(ReadActivity);

    /// <summary>Take lists out of the console as files.</summary>
    public const string Export = nameof(Export);

    /// <summary>See schedule, guards and alerts as they are set.</summary>
    public const string ReadSettings = nameof(ReadSettings);

    /// <summary>Schedule, guards, alerts.</summary>
    public const string ManageSettings = nameof(ManageSettings);

    /// <summary>Hand out and erase what is stored about a person.</summary>
    public const string ManagePrivacy = nameof(ManagePrivacy);

    /// <summary>A reader's own page: anyone who is signed in.</summary>
    public const string UseLibrary = nameof(UseLibrary);

    /// <summary>The roles each policy admits; an empty list admits every signed-in person.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Matrix { get; } = new Dictionary<string, IReadOnlyList<string>>
    {
        [ReadAll] = Roles.All,
        [ManageTokens] = [Roles.Administrator],
        [Assign] = [Roles.Administrator, Roles.Assigner],
        [SyncNow] = [Roles.Administrator, Roles.Assigner, Roles.Helpdesk],
        [ResendInvitation] = [Roles.Administrator, Roles.Helpdesk],
        [ReadActivity] = [Roles.Administrator, Roles.Auditor],
        [Export] = [Roles.Administrator, Roles.Assigner, Roles.Helpdesk, Roles.Auditor],
        [ReadSettings] = [Roles.Administrator, Roles.Auditor],
        [ManageSettings] = [Roles.Administrator],
        [ManagePrivacy] = [Roles.Administrator],
        [UseLibrary] = [],
    };

    /// <summary>What a person may still do whose roles nobody could confirm for long.</summary>
    private static readonly string[] _reading = [ReadAll, ReadActivity, ReadSettings, Export, UseLibrary];

    internal static void Register(AuthorizationOptions options)
    {
        foreach (var (name, roles) in Matrix)
        {
            options.AddPolicy(name, policy =>
            {
                policy.RequireAuthenticatedUser();
                if (roles.Count > 0)
                {
                    policy.RequireRole(roles);
                }

                if (!_reading.Contains(name))
                {
                    policy.RequireAssertion(context => !SessionClaims.IsReadOnly(context.User));
                }
            });
        }

        options.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build();
    }
}
