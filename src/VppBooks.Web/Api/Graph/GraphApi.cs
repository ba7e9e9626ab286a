using Microsoft.AspNetCore.Mvc;
using VppBooks.Core.Security;

namespace VppBooks.Web.Api.Graph;

/// <summary>The part of Microsoft Graph that manages tokens and books, on <c>/v1.0</c> and <c>/beta</c> alike.</summary>
internal static class GraphApi
{
    public const int MaxBodyBytes = 1024 * 1024;

    extension(IServiceCollection services)
    {
        public void AddGraphApi()
        {
            services.AddSingleton<GraphSkipTokens>();
            services.AddSingleton<GraphBatch>();
            services.AddScoped<BookReading>();
        }
    }

    extension(IApplicationBuilder app)
    {
        /// <summary>Everything that follows also serves the requests inside a batch.</summary>
        public void UseGraphBatches() => app.Use(next =>
        {
            app.ApplicationServices.GetRequiredService<GraphBatch>().Pipeline = next;
            return next;
        });
    }

    extension(IEndpointRouteBuilder endpoints)
    {
        public void MapGraphApi()
        {
            foreach (var root in new[] { "/v1.0", "/beta" })
            {
                var version = endpoints.MapGroup(root)
                    .AddEndpointFilter(AnswerAsync)
                    .WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes))
                    .DisableAntiforgery();
                GraphBatch.Map(version);
                GraphMetadata.Map(version);
                var routes = version.MapGroup("/deviceAppManagement");
                VppTokensApi.Map(routes);
                ManagedEBooksApi.Map(routes);
                ManagedEBookAssignmentsApi.Map(routes);
                ManagedEBookStatesApi.Map(routes);
                ManagedEBookCategoriesApi.Map(routes);
                DeviceAppManagementApi.Map(routes);
                var management = version.MapGroup("/deviceManagement");
                DeviceManagementApi.Map(management);
                AuditEventsApi.Map(management);
            }
        }
    }

    public static async ValueTask<object?> AnswerAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
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
