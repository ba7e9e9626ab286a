using VppBooks.Core.Security;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Security;

/// <summary>
/// Who may do what, written down once by hand and held against the running program: every endpoint is asked as everybody, and every service of Core is called as everybody.
/// What is not written down fails: a new door has to say for whom it is.
/// </summary>
public sealed partial class RoleMatrixTests
{
    /// <summary>Everybody who may come: the four roles, a signed-in person without one, and nobody.</summary>
    [Flags]
    public enum Who
    {
        None = 0,
        Anonymous = 1,
        Reader = 2,
        Auditor = 4,
        Helpdesk = 8,
        Assigner = 16,
        Administrator = 32,

        /// <summary>All who have a role.</summary>
        Console = Administrator | Assigner | Helpdesk | Auditor,

        /// <summary>All who have signed in.</summary>
        SignedIn = Console | Reader,

        /// <summary>Needs no sign-in.</summary>
        Everybody = SignedIn | Anonymous,
    }

    private static readonly Who[] _everyone = [Who.Administrator, Who.Assigner, Who.Helpdesk, Who.Auditor, Who.Reader, Who.Anonymous];

    private static string? RoleOf(Who who) => who switch
    {
        Who.Administrator => Roles.Administrator,
        Who.Assigner => Roles.Assigner,
        Who.Helpdesk => Roles.Helpdesk,
        Who.Auditor => Roles.Auditor,
        _ => null,
    };

    /// <summary>Who holds a permission, from the table of roles in the product's paper; not from the code that is tested.</summary>
    private static Who Holders(Permissions needed)
    {
        var holders = Who.Everybody;
        foreach (var permission in Enum.GetValues<Permissions>().Where(p => p != Permissions.None && needed.HasFlag(p)))
        {
            holders &= permission switch
            {
                Permissions.Read or Permissions.ReadTokens or Permissions.Export => Who.Console,
                Permissions.Assign => Who.Administrator | Who.Assigner,
                Permissions.SyncNow => Who.Administrator | Who.Assigner | Who.Helpdesk,
                Permissions.ResendInvitation or Permissions.HandleAlerts => Who.Administrator | Who.Helpdesk,
                Permissions.ReadActivity or Permissions.ReadSettings => Who.Administrator | Who.Helpdesk | Who.Auditor,
                Permissions.ManageTokens or Permissions.ManageBooks or Permissions.ManageSettings or Permissions.ManagePrivacy => Who.Administrator,
                _ => throw new InvalidOperationException($"The permission {permission} is new: write here who holds it."),
            };
        }

        return holders;
    }

    private static void AssertNone(List<string> faults, string what) =>
        Assert.True(faults.Count == 0, $"{what}:{Environment.NewLine}{string.Join(Environment.NewLine, faults)}");
}
