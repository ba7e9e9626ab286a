using System.Globalization;
using Microsoft.Extensions.Localization;
using VppBooks.Core.Why;
using VppBooks.Web.Components.Why;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api;

/// <summary><c>GET /api/people/{id}/books/{bookId}/why</c>: what the page Why? shows, for programs.</summary>
internal static class WhyApi
{
    extension(IEndpointRouteBuilder endpoints)
    {
        public void MapWhyApi() => endpoints.MapGet("/api/people/{id}/books/{bookId}/why", ReadAsync).RequireAuthorization(Policies.ReadAll)
            .Produces<WhyWire>().WithSummary("Why somebody has a book or not");
    }

    private static async Task<IResult> ReadAsync(
        string id, string bookId, WhyReader reader, CoreActor actor, IStringLocalizer<WhyTexts> words, CancellationToken cancellationToken)
    {
        var answer = ApiId.TryParse(id, out var person) && ApiId.TryParse(bookId, out var book) ? await reader.ReadAsync(person, book, await actor.FindAsync(), cancellationToken) : null;

        // An unknown person and an unknown book answer alike.
        return answer is null ? GraphError.NotFound("There is no such person or no such book.") : ApiJson.Answer(InEnglish(() => WhyWire.From(answer, words)));
    }

    // Programs read one language, whatever the browser of their user prefers.
    private static T InEnglish<T>(Func<T> make)
    {
        var (text, format) = (CultureInfo.CurrentUICulture, CultureInfo.CurrentCulture);
        try
        {
            CultureInfo.CurrentUICulture = CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("en");
            return make();
        }
        finally
        {
            (CultureInfo.CurrentUICulture, CultureInfo.CurrentCulture) = (text, format);
        }
    }
}
