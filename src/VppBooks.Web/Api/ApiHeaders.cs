namespace VppBooks.Web.Api;

/// <summary>What every answer of an API route carries, whoever gives it.</summary>
internal static class ApiHeaders
{
    extension(IApplicationBuilder app)
    {
        public void UseApiHeaders() => app.UseWhen(ApiRoutes.AnswersPrograms, api => api.Use((context, next) =>
        {
            // At the last moment: the error handler clears what was set before it.
            context.Response.OnStarting(() => SetAsync(context));
            return next(context);
        }));
    }

    private static Task SetAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers["request-id"] = context.TraceIdentifier;
        headers.CacheControl = "no-store";
        if (Guid.TryParse(context.Request.Headers["client-request-id"], out var asked))
        {
            headers["client-request-id"] = asked.ToString();
        }

        return Task.CompletedTask;
    }
}
