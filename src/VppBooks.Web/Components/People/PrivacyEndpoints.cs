using System.Text.Json;
using System.Text.Json.Serialization;
using VppBooks.Core.Privacy;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Components.People;

/// <summary>What is stored about a person as a file: for administrators about anybody, for everybody about themselves.</summary>
internal static class PrivacyEndpoints
{
    public const string OwnPath = "/library/data.json";

    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    extension(IEndpointRouteBuilder routes)
    {
        public void MapPrivacy()
        {
            routes.MapGet("/people/{id:guid}/data.json", async (Guid id, HttpContext context, PersonDataReader people, CancellationToken cancellationToken) =>
                Answer(context, await people.ReadAsync(id, CoreActor.From(context.User), cancellationToken))).RequireAuthorization(Policies.ManagePrivacy);
            routes.MapGet(OwnPath, async (HttpContext context, PersonDataReader people, CancellationToken cancellationToken) =>
                Answer(context, await people.ReadOwnAsync(CoreActor.From(context.User), cancellationToken))).RequireAuthorization(Policies.UseLibrary);
        }
    }

    /// <summary>Address of a person's file.</summary>
    public static string Href(Guid id) => $"{PeopleListPage.Path}/{id}/data.json";

    private static IResult Answer(HttpContext context, PersonData? data)
    {
        context.Response.Headers.CacheControl = "private, no-store";
        if (data is null)
        {
            return Results.Text("Nothing is stored about this person.", "text/plain; charset=utf-8", statusCode: StatusCodes.Status404NotFound);
        }

        context.Response.Headers.ContentDisposition = "attachment; filename=\"vppbooks-person.json\"";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return Results.Json(data, _json);
    }
}
