using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api;

/// <summary><c>/openapi/v1.json</c>: every address of the API as an OpenAPI 3.1 document, made from the running routes.</summary>
internal static class ApiDocument
{
    private static readonly Dictionary<string, string> _refusals = new()
    {
        ["400"] = "The request cannot be understood; the message says where.",
        ["401"] = "The access token is missing, has expired, or is not for this service.",
        ["403"] = "The roles of the caller do not allow it.",
        ["404"] = "There is no such thing.",
        ["429"] = "Too many requests; Retry-After says how long to wait.",
        ["500"] = "Something went wrong here.",
    };

    extension(IServiceCollection services)
    {
        public void AddApiDocument() => services.AddOpenApi("v1", options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.ShouldInclude = description => ApiRoutes.Match("/" + description.RelativePath);
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new OpenApiInfo
                {
                    Title = "VppBooks",
                    Version = "v1",
                    Description = "Tokens and books as in Microsoft Graph under /v1.0 and /beta; plans, waiting lists, activity and explanations under /api.",
                };
                // The address under which somebody reads it is not the only one.
                document.Servers = [];
                return Task.CompletedTask;
            });
            options.AddOperationTransformer((operation, context, _) =>
            {
                operation.Responses ??= [];
                if (GraphSchemas.Find(context.Description.HttpMethod ?? "", context.Description.RelativePath ?? "") is var (status, body))
                {
                    operation.Responses.Clear();
                    operation.Responses[status] = new OpenApiResponse
                    {
                        Description = "Done.",
                        Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = body } },
                    };
                }

                foreach (var (refused, text) in _refusals)
                {
                    operation.Responses.TryAdd(refused, new OpenApiResponse { Description = text, Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = Envelope() } } });
                }

                if (context.Description.HttpMethod is "POST" or "PATCH" or "DELETE")
                {
                    operation.Parameters ??= [];
                    operation.Parameters.Add(new OpenApiParameter
                    {
                        Name = Idempotency.Header,
                        In = ParameterLocation.Header,
                        Description = "A new GUID per change: the same request again gets the same answer and does nothing.",
                        Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = 128 },
                    });
                }

                return Task.CompletedTask;
            });
        });
    }

    extension(IEndpointRouteBuilder endpoints)
    {
        public void MapApiDocument() => endpoints.MapOpenApi("/openapi/{documentName}.json").RequireAuthorization(Policies.ReadAll);
    }

    private static OpenApiSchema Envelope() => new()
    {
        Type = JsonSchemaType.Object,
        Required = new HashSet<string> { "error" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["error"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Required = new HashSet<string> { "code", "message", "innerError" },
                Properties = new Dictionary<string, IOpenApiSchema>
                {
                    ["code"] = new OpenApiSchema { Type = JsonSchemaType.String },
                    ["message"] = new OpenApiSchema { Type = JsonSchemaType.String },
                    ["target"] = new OpenApiSchema { Type = JsonSchemaType.String },
                    ["details"] = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.Object } },
                    ["innerError"] = new OpenApiSchema { Type = JsonSchemaType.Object },
                },
            },
        },
    };
}
