namespace VppBooks.SimulatedCloud.Portal;

/// <summary>What Apple shows to a person who opens an invitation.</summary>
internal static class InvitePage
{
    public static string Render(string inviteCode, string account, string? refusal) => PortalLayout.Page("Accept invitation", Html.Of($"""
        <h1>Get books from your organization</h1>
        <p>This page stands in for Apple's. Sign in with any Apple Account; there is no password.</p>
        {(refusal is null ? Html.Empty : Html.Of($"""<p class="bad" role="alert">{refusal}</p>"""))}
        <form method="post" action="/invite" class="card">
          <input type="hidden" name="inviteCode" value="{inviteCode}">
          <label for="account">Apple Account</label>
          <input id="account" name="account" value="{account}" required autocomplete="off" size="32">
          <button class="primary">Accept</button>
        </form>
        """));

    public static string RenderAccepted(string account) => PortalLayout.Page("Invitation accepted", Html.Of($"""
        <h1>You are ready</h1>
        <p role="status">Books that {account} gets from the organization appear in Apple Books. You can close this page.</p>
        """));
}
