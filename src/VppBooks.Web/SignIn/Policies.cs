using Microsoft.AspNetCore.Authorization;
using VppBooks.Core.Security;

namespace VppBooks.Web.SignIn;

/// <summary>What a signed-in person may do. Pages and endpoints name one of these; Core checks the actor again.</summary>
public static class Policies
{
    /// <summary>Every screen of the console.</summary>
    public const string ReadAll = nameof(ReadAll);

    /// <summary>Tokens, for programs that may see nothing else.</summary>
    public const string ReadTokens = nameof(ReadTokens);

    /// <summary>Upload, renew, take over and delete content tokens.</summary>
    public const string ManageTokens = nameof(ManageTokens);

    /// <summary>Categories of books, and books that are gone.</summary>
    public const string ManageBooks = nameof(ManageBooks);

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

    /// <summary>What each policy demands; <see cref="Permissions.None"/> admits every signed-in person. Who has which permission, Core says.</summary>
    public static IReadOnlyDictionary<string, Permissions> Demands { get; } = new Dictionary<string, Permissions>
    {
        [ReadAll] = Permissions.Read,
        [ReadTokens] = Permissions.ReadTokens,
        [ManageTokens] = Permissions.ManageTokens,
        [ManageBooks] = Permissions.ManageBooks,
        [Assign] = Permissions.Assign,
        [SyncNow] = Permissions.SyncNow,
        [ResendInvitation] = Permissions.ResendInvitation,
        [ReadActivity] = Permissions.ReadActivity,
        [Export] = Permissions.Export,
        [ReadSettings] = Permissions.ReadSettings,
        [ManageSettings] = Permissions.ManageSettings,
        [ManagePrivacy] = Permissions.ManagePrivacy,
        [UseLibrary] = Permissions.None,
    };

    internal static void Register(AuthorizationOptions options)
    {
        foreach (var (name, needed) in Demands)
        {
            options.AddPolicy(name, policy => policy.RequireAuthenticatedUser().RequireAssertion(context => CoreActor.From(context.User).May(needed)));
        }

        options.FallbackPolicy = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build();
    }
}
