using Microsoft.AspNetCore.Diagnostics;

namespace VppBooks.Web.Api;

/// <summary>Answers API routes with the error envelope where the pipeline would answer with nothing or with a page.</summary>
internal sealed class ApiFailures : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (!ApiRoutes.Match(httpContext.Request.Path))
        {
            return false;
        }

        var status = exception is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError;
        await GraphError.ForStatus(status).ExecuteAsync(httpContext);
        return true;
    }

    /// <summary>Fills in the envelope after a bare status such as 404 or 405.</summary>
    public static Task FillInAsync(StatusCodeContext context) =>
        GraphError.ForStatus(context.HttpContext.Response.StatusCode).ExecuteAsync(context.HttpContext);
}
