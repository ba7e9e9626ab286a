namespace VppBooks.Web.SignIn;

/// <summary>The app roles of the registration in Entra, as they arrive in the token.</summary>
public static class Roles
{
    public const string Administrator = "VppBooks.Administrator";
    public const string Assigner = "VppBooks.Assigner";
    public const string Helpdesk = "VppBooks.Helpdesk";
    public const string Auditor = "VppBooks.Auditor";

    public static IReadOnlyList<string> All { get; } = [Administrator, Assigner, Helpdesk, Auditor];
}
