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
        public void AddApiDocument() => services.ConfigureHttpJsonOptions(o => ApiJson.Configure(o.SerializerOptions)).AddOpenApi("v1", options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.ShouldInclude = description => ApiRoutes.Match("/" + description.RelativePath);
            options.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new OpenApiInfo
                {
                    Title = "VppBooks",
                    Version = "v1",
                    Description = "Tokens and books as in Microsoft Graph under /v1.0 and /beta; plans, waiting lists, activity, reports and explanations under /api.",
                };
                // The address under which somebody reads it is not the only one.
                document.Servers = [];
                document.Tags = document.Paths.Keys.Select(ApiOperations.Chapter).Distinct().Select(c => new OpenApiTag { Name = c }).ToHashSet();
                return Task.CompletedTask;
            });
            // What may be absent is not required, whatever the constructor demands.
            options.AddSchemaTransformer((schema, context, _) =>
            {
                foreach (var property in context.JsonTypeInfo.Properties.Where(p => p.IsGetNullable || Nullable.GetUnderlyingType(p.PropertyType) is not null))
                {
                    schema.Required?.Remove(property.Name);
                }

                return Task.CompletedTask;
            });
            options.AddOperationTransformer((operation, context, _) =>
            {
                Describe(operation, context.Description.HttpMethod ?? "", context.Description.RelativePath ?? "", context.Description.ActionDescriptor.EndpointMetadata.OfType<ApiOption>());
                return Task.CompletedTask;
            });
        });
    }

    extension(IEndpointRouteBuilder endpoints)
    {
        public void MapApiDocument() => endpoints.MapOpenApi("/openapi/{documentName}.json").RequireAuthorization(Policies.ReadAll);
    }

    private static void Describe(OpenApiOperation operation, string method, string path, IEnumerable<ApiOption> known)
    {
        operation.Responses ??= [];
        operation.Tags = new HashSet<OpenApiTagReference> { new(ApiOperations.Chapter(path)) };
        operation.Summary ??= ApiOperations.Summary(method, path);
        var options = known.ToList();
        if (GraphSchemas.Find(method, path) is var (status, body))
        {
            operation.Responses.Clear();
            operation.Responses[status] = new OpenApiResponse { Description = "Done.", Content = Json(body) };
            if (method == "GET")
            {
                options.AddRange(GraphSchemas.IsCollection(body) ? ApiOption.Collections : ApiOption.Entities);
            }
        }

        foreach (var (refused, text) in _refusals)
        {
            operation.Responses.TryAdd(refused, new OpenApiResponse { Description = text, Content = Json(Envelope()) });
        }

        if (ApiOperations.Body(method, path) is { } sent)
        {
            operation.RequestBody = new OpenApiRequestBody { Content = Json(sent) };
        }

        operation.Parameters ??= [];
        foreach (var option in options)
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = option.Name,
                In = ParameterLocation.Query,
                Description = option.Text,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, Default = option.Default },
            });
        }

        if (method is "POST" or "PATCH" or "DELETE")
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = Idempotency.Header,
                In = ParameterLocation.Header,
                Description = "A new GUID per change: the same request again gets the same answer and does nothing.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = 128 },
            });
        }
    }

    private static Dictionary<string, OpenApiMediaType> Json(IOpenApiSchema schema) => new() { ["application/json"] = new OpenApiMediaType { Schema = schema } };

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
