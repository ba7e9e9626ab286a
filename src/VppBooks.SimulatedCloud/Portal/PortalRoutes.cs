using System.Globalization;
using System.Reflection;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.SimulatedCloud.Portal;

/// <summary>The page a person uses: tokens, purchases, invitations, trouble on demand.</summary>
internal static class PortalRoutes
{
    public static void MapPortal(this IEndpointRouteBuilder app, SimulatedCloudHost host)
    {
        var apple = host.Apple;
        app.MapGet("/", (string? open) => Page(PortalPage.Render(host, open)));
        app.MapGet("/mails", () => Page(MailsPage.Render(host.Mails)));
        app.MapGet("/mails/{id:int}", (int id) => host.Mails.Find(id) is { } mail ? Page(MailsPage.Render(mail)) : Results.NotFound());
        app.MapGet("/invite", (string? inviteCode) => Page(InvitePage.Render(inviteCode ?? "", Suggest(host, inviteCode), null)));
        app.MapPost("/invite", async (HttpContext context) =>
        {
            var form = await context.Request.ReadFormAsync(context.RequestAborted);
            var (code, account) = (form["inviteCode"].ToString(), form["account"].ToString().Trim());
            return Page(apple.AcceptInvitation(code, account) is { } refusal ? InvitePage.Render(code, account, refusal) : InvitePage.RenderAccepted(account));
        });
        app.MapGet("/portal/locations/{uId}/token", (string uId) =>
            apple.Locations.FirstOrDefault(l => l.UId == uId) is { } location
                ? Results.File(apple.IssueToken(uId), "application/octet-stream", $"sToken_for_{location.Name}.vpptoken")
                : Results.NotFound());

        var forms = app.MapGroup("/portal").RefuseOtherSites();
        Post("/locations/{uId}/buy", (uId, form) =>
            apple.Buy(uId, form["adamId"].ToString(), form["pricingParam"].ToString(), int.Parse(form["licenses"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture)));
        Post("/locations/{uId}/claim", (uId, _) => apple.ClaimByOtherMdm(uId));
        Post("/locations/{uId}/revoke", (uId, _) => apple.RevokeTokens(uId));
        Post("/locations/{uId}/password", (uId, _) => apple.ChangePassword(uId));
        Post("/faults", (_, form) =>
        {
            if (FaultPresets.All.TryGetValue(form["fault"].ToString(), out var preset))
            {
                apple.Faults.Add(preset());
            }
        });
        Post("/faults/clear", (_, _) => apple.Faults.Clear());
        Post("/switches", (_, form) =>
        {
            foreach (var property in Toggles)
            {
                property.SetValue(apple.Switches, form.ContainsKey(property.Name));
            }

            apple.Switches.Outage = Enum.TryParse<AppleOutage>(form["Outage"].ToString(), out var outage) ? outage : AppleOutage.None;
        });

        void Post(string path, Action<string, IFormCollection> action) => forms.MapPost(path, async (HttpContext context) =>
        {
            var form = await context.Request.ReadFormAsync(context.RequestAborted);
            var uId = context.GetRouteValue("uId") as string ?? "";
            try
            {
                action(uId, form);
            }
            catch (Exception exception) when (exception is ArgumentException or FormatException or OverflowException)
            {
                return Results.Text(exception.Message, statusCode: 400);
            }

            context.Response.Headers.Location = uId.Length > 0 ? "/?open=" + uId + "#l" + uId : "/#trouble";
            return Results.StatusCode(303);
        });
    }

    /// <summary>Switches that are on or off.</summary>
    public static IReadOnlyList<PropertyInfo> Toggles { get; } = [.. typeof(AppleSwitches).GetProperties().Where(p => p.PropertyType == typeof(bool))];

    private static string Suggest(SimulatedCloudHost host, string? code) =>
        host.Apple.Locations.SelectMany(l => host.Apple.Users(l.UId)).FirstOrDefault(u => u.InviteCode == code && code is { Length: > 0 })?.Email ?? "";

    private static IResult Page(string html) => Results.Content(html, "text/html; charset=utf-8");
}
