using Microsoft.AspNetCore.Mvc;
using VppBooks.Core.Security;

namespace VppBooks.Web.Api.Graph;

/// <summary>The part of Microsoft Graph that manages tokens and books, on <c>/v1.0</c> and <c>/beta</c> alike.</summary>
internal static class GraphApi
{
    private const int MaxBodyBytes = 1024 * 1024;

    extension(IEndpointRouteBuilder endpoints)
    {
        public void MapGraphApi()
        {
            foreach (var root in new[] { "/v1.0", "/beta" })
            {
                var routes = endpoints.MapGroup(root + "/deviceAppManagement")
                    .AddEndpointFilter(AnswerAsync)
                    .WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes))
                    .DisableAntiforgery();
                VppTokensApi.Map(routes);
                ManagedEBooksApi.Map(routes);
            }

            // A segment that nothing serves is a bad request in Graph, not a missing thing.
            endpoints.MapFallback("/v1.0/{**path}", UnknownSegment).RequireAuthorization();
            endpoints.MapFallback("/beta/{**path}", UnknownSegment).RequireAuthorization();
        }
    }

    private static GraphError UnknownSegment(string? path) =>
        GraphError.BadRequest($"Resource not found for the segment '{(path ?? "").Split('/')[0]}'.");

    private static async ValueTask<object?> AnswerAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        context.Response.Headers["request-id"] = context.TraceIdentifier;
        if (Guid.TryParse(context.Request.Headers["client-request-id"], out var asked))
        {
            context.Response.Headers["client-request-id"] = asked.ToString();
        }

        try
        {
            return await next(invocation);
        }
        catch (GraphQueryException e)
        {
            return GraphError.BadRequest(e.Message);
        }
        catch (NotAllowedException)
        {
            return GraphError.ForStatus(StatusCodes.Status403Forbidden);
        }
        catch (BadHttpRequestException e)
        {
            return GraphError.ForStatus(e.StatusCode);
        }
    }
}
