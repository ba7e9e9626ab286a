using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using VppBooks.Core.Library;
using VppBooks.Core.People;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Components.Library;

/// <summary>
/// A reader's page: plain HTML and plain forms, without a circuit and without scripts that it needs. Every change is a post followed by a redirect; an invitation, which
/// changes nothing, is a page that leads to Apple.
/// </summary>
internal static class LibraryEndpoints
{
    public const string Path = "/library";

    extension(IEndpointRouteBuilder routes)
    {
        public void MapLibrary()
        {
            var library = routes.MapGroup(Path).RequireAuthorization(Policies.UseLibrary);
            library.MapGet("", ShowAsync);
            library.MapPost("/get", GetAsync);
            library.MapPost("/invitation", InviteAsync);
        }
    }

    private static async Task<RazorComponentResult<LibraryPage>> ShowAsync(
        string? q, string? said, HttpContext context, ReaderLibrary library, IAntiforgery antiforgery, CancellationToken cancellationToken)
    {
        var search = q is { Length: > 200 } ? q[..200] : q;
        var view = await library.FindAsync(CoreActor.From(context.User), search, cancellationToken);
        var token = antiforgery.GetAndStoreTokens(context);
        KeepPrivate(context);
        return new RazorComponentResult<LibraryPage>(new
        {
            View = view,
            Search = search ?? "",
            Said = Enum.TryParse<LibraryNews>(said, ignoreCase: true, out var news) ? news : LibraryNews.None,
            User = context.User,
            TokenName = token.FormFieldName,
            Token = token.RequestToken!,
        });
    }

    // The form parameters make the framework check the antiforgery token.
    private static async Task<IResult> GetAsync([FromForm] Guid book, [FromForm] string? q, HttpContext context, BookTaking taking, CancellationToken cancellationToken)
    {
        KeepPrivate(context);
        if (SessionClaims.IsReadOnly(context.User))
        {
            // Nobody could say for long whether the account still is one: nothing is spent for it until somebody can.
            return Back(LibraryNews.Later, q);
        }

        return Back(
            await taking.TakeAsync(book, CoreActor.From(context.User), cancellationToken) switch
            {
                TakeResult.Taken => LibraryNews.Taken,
                TakeResult.Waits => LibraryNews.Waits,
                TakeResult.AlreadyThere => LibraryNews.There,
                TakeResult.NotNow => LibraryNews.Later,
                TakeResult.Cannot => LibraryNews.Cannot,
                _ => LibraryNews.NotOffered,
            },
            q);
    }

    private static async Task<IResult> InviteAsync([FromForm] Guid location, HttpContext context, ReaderLibrary library, CancellationToken cancellationToken)
    {
        KeepPrivate(context);
        return !SessionClaims.IsReadOnly(context.User) && await library.InvitationAsync(location, CoreActor.From(context.User), cancellationToken) is InvitationLinkResult.Link link
            ? new RazorComponentResult<InvitationPage>(new { Link = link.Url })
            : Back(LibraryNews.NoInvitation, null);
    }

    private static IResult Back(LibraryNews news, string? search) => Results.LocalRedirect(
        Path + QueryString.Create([new("said", news.ToString()), .. string.IsNullOrEmpty(search) ? [] : new KeyValuePair<string, string?>[] { new("q", search) }]));

    private static void KeepPrivate(HttpContext context) => context.Response.Headers.CacheControl = "private, no-store";
}
