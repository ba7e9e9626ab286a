using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using VppBooks.Web.Api;

namespace VppBooks.Web.SignIn;

/// <summary>Turns a refusal into what its caller can use: an error envelope, the reader's library, or a page that explains.</summary>
internal sealed class RefusalHandler(ILogger<RefusalHandler> logger) : IAuthorizationMiddlewareResultHandler
{
    private readonly AuthorizationMiddlewareResultHandler _default = new();

    public async Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Succeeded)
        {
            await next(context);
            return;
        }

        if (authorizeResult.Forbidden)
        {
            logger.Refused(context.User.ObjectId, context.Request.Path);
        }

        if (ApiRoutes.AnswersPrograms(context))
        {
            await _default.HandleAsync(next, context, policy, authorizeResult);
            if (!context.Response.HasStarted)
            {
                await GraphError.ForStatus(context.Response.StatusCode).ExecuteAsync(context);
            }

            return;
        }

        // Somebody without a role typed the address of the console: the page that is theirs is better than a refusal.
        if (authorizeResult.Forbidden && context.Request.Path == "/" && !context.User.HasConsoleRole)
        {
            context.Response.Redirect("/library");
            return;
        }

        // A page's data or socket cannot follow a redirect to the sign-in page.
        if (authorizeResult.Challenged && context.Request.Path.StartsWithSegments("/_blazor", StringComparison.Ordinal))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        await _default.HandleAsync(next, context, policy, authorizeResult);
    }
}
