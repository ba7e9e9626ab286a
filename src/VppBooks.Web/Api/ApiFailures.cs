using Microsoft.AspNetCore.Diagnostics;
using VppBooks.Core.Security;

namespace VppBooks.Web.Api;

/// <summary>Answers API routes with the error envelope where the pipeline would answer with nothing or with a page.</summary>
internal sealed class ApiFailures : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        // The request has been pointed at the page for failures already.
        if (!ApiRoutes.Match(httpContext.Features.Get<IExceptionHandlerPathFeature>()?.Path ?? httpContext.Request.Path))
        {
            return false;
        }

        var status = exception switch
        {
            BadHttpRequestException bad => bad.StatusCode,
            NotAllowedException => StatusCodes.Status403Forbidden,
            _ => StatusCodes.Status500InternalServerError,
        };
        await GraphError.ForStatus(status).ExecuteAsync(httpContext);
        return true;
    }

    /// <summary>Fills in the envelope after a bare status such as 404 or 405.</summary>
    public static Task FillInAsync(StatusCodeContext context)
    {
        var http = context.HttpContext;

        if (http.Response.StatusCode == StatusCodes.Status404NotFound && !ApiRoutes.IsServed(http) && ApiRoutes.MethodsOf(http) is { Count: > 0 } methods)
        {
            http.Response.Headers.Allow = string.Join(", ", methods);
            return GraphError.ForStatus(StatusCodes.Status405MethodNotAllowed).ExecuteAsync(http);
        }

        // A segment that nothing serves is a bad request in Graph, not a missing thing.
        var answer = http.Response.StatusCode == StatusCodes.Status404NotFound && ApiRoutes.UnknownSegment(http.Request.Path) is { } segment
            ? GraphError.BadRequest($"Resource not found for the segment '{segment}'.")
            : GraphError.ForStatus(http.Response.StatusCode);
        return answer.ExecuteAsync(http);
    }
}
