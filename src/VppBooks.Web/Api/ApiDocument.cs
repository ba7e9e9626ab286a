using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api;

/// <summary><c>/openapi/v1.json</c>: every address of the API as an OpenAPI 3.1 document, made from the running routes.</summary>
internal static class ApiDocument
{
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
        if (GraphSchemas.Find(method, path) is { } answers)
        {
            operation.Responses.Clear();
            foreach (var answer in answers)
            {
                operation.Responses[answer.Status] = new OpenApiResponse { Description = answer.Text, Content = answer.Body is null ? null : Body(answer.Media, answer.Body) };
            }

            if (method == "GET" && answers is [{ Body: { } body }, ..])
            {
                options.AddRange(GraphSchemas.OptionsOf(path, body));
            }
        }

        var sent = ApiOperations.Body(method, path);
        foreach (var (refused, text) in ApiRefusals.Of(method, path, sent is not null))
        {
            operation.Responses.TryAdd(refused, new OpenApiResponse { Description = text, Content = Json(Envelope()) });
        }

        if (sent is not null)
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

        if (method != "GET" && !path.EndsWith("$batch", StringComparison.Ordinal))
        {
            AddHeader(operation, Idempotency.Header, "A new GUID per change: the same request again gets the same answer and does nothing.", longest: 128);
        }

        if (ApiRefusals.IsConditional(method, path))
        {
            AddHeader(operation, "If-Match", "The ETag of what was read: the change is made only if it is still so.");
        }

        if (ApiRefusals.IsCached(method, path))
        {
            AddHeader(operation, "If-None-Match", "The ETag of an earlier answer: it is not sent again when nothing has changed.");
            operation.Responses["304"] = new OpenApiResponse { Description = "The caller has it already." };
        }
    }

    private static void AddHeader(OpenApiOperation operation, string name, string text, int? longest = null) => operation.Parameters!.Add(new OpenApiParameter
    {
        Name = name,
        In = ParameterLocation.Header,
        Description = text,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = longest },
    });

    private static Dictionary<string, OpenApiMediaType> Json(IOpenApiSchema schema) => Body("application/json", schema);

    private static Dictionary<string, OpenApiMediaType> Body(string media, IOpenApiSchema schema) => new() { [media] = new OpenApiMediaType { Schema = schema } };

    private static OpenApiSchema Texts(string names, string required) => new()
    {
        Type = JsonSchemaType.Object,
        Required = required.Split(' ').ToHashSet(),
        Properties = names.Split(' ').ToDictionary(n => n, _ => (IOpenApiSchema)new OpenApiSchema { Type = JsonSchemaType.String }),
    };

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
                    ["details"] = new OpenApiSchema { Type = JsonSchemaType.Array, Items = Texts("code message target", required: "code message"), Description = "Each fault by itself, where a request has several." },
                    ["innerError"] = Texts("date request-id client-request-id", required: "date request-id"),
                },
            },
        },
    };
}
