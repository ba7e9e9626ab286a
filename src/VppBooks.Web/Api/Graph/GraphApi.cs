using Microsoft.AspNetCore.Mvc;
using VppBooks.Core.Security;

namespace VppBooks.Web.Api.Graph;

/// <summary>The part of Microsoft Graph that manages tokens and books, on <c>/v1.0</c> and <c>/beta</c> alike.</summary>
internal static class GraphApi
{
    private const int MaxBodyBytes = 1024 * 1024;

    extension(IServiceCollection services)
    {
        public void AddGraphApi()
        {
            services.AddSingleton<GraphSkipTokens>();
            services.AddScoped<BookReading>();
        }
    }

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
                ManagedEBookAssignmentsApi.Map(routes);
                ManagedEBookStatesApi.Map(routes);
                ManagedEBookCategoriesApi.Map(routes);
            }
        }
    }

    private static async ValueTask<object?> AnswerAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
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
