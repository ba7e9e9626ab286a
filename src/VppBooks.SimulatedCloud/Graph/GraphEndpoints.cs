using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using VppBooks.SimulatedCloud.Entra;

namespace VppBooks.SimulatedCloud.Graph;

internal static class GraphEndpoints
{
    /// <summary>Maps <c>/graph/v1.0</c> and <c>/graph/beta</c>.</summary>
    /// <param name="entra">Whose tokens are accepted; null accepts any bearer token.</param>
    public static void MapGraph(this WebApplication app, GraphSimulator graph, EntraSimulator? entra)
    {
        var endpoint = new Endpoint(graph, entra is null ? null : new EntraTokens(entra));
        app.Map("/graph/v1.0/{**path}", context => endpoint.HandleAsync(context, "v1.0"));
        app.Map("/graph/beta/{**path}", context => endpoint.HandleAsync(context, "beta"));
    }

    private sealed class Endpoint(GraphSimulator graph, EntraTokens? tokens)
    {
        private readonly GraphService _service = new(graph);

        public async Task HandleAsync(HttpContext context, string version)
        {
            var http = context.Request;
            // The path as it arrived: a key with an encoded slash is still one segment.
            var path = http.Path.ToUriComponent()["/graph/".Length..][version.Length..];
            var request = new GraphRequest(
                http.Method,
                $"{http.Scheme}://{http.Host}/graph/{version}",
                path.TrimEnd('/') + http.QueryString,
                name => http.Headers.TryGetValue(name, out var value) ? value.ToString() : null);
            if (graph.Latency > TimeSpan.Zero)
            {
                await Task.Delay(graph.Latency, graph.Clock, context.RequestAborted);
            }

            var answer = await AnswerAsync(context, request);
            context.Response.StatusCode = answer.Status;
            context.Response.ContentType = answer.ContentType == "application/json"
                ? "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
                : answer.ContentType;
            foreach (var (name, value) in answer.Headers)
            {
                context.Response.Headers[name] = value;
            }

            await context.Response.Body.WriteAsync(answer.Body, context.RequestAborted);
        }

        private async Task<GraphAnswer> AnswerAsync(HttpContext context, GraphRequest request)
        {
            var isBatch = request.Method == "POST" && request.Segments is ["$batch"];
            try
            {
                await CheckTokenAsync(request);
                if (!isBatch)
                {
                    return _service.Answer(request, inBatch: false);
                }

                graph.ThrowFault(request.Path);
                using var body = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted);
                var answer = new GraphBatch(_service).Answer(request, body.RootElement);
                _service.Log(request, answer.Status, inBatch: false);
                return answer;
            }
            catch (GraphErrorException error)
            {
                return Refuse(request, error);
            }
            catch (JsonException)
            {
                return Refuse(request, GraphErrorException.BadRequest("Unable to read JSON request payload."));
            }
        }

        private GraphAnswer Refuse(GraphRequest request, GraphErrorException error)
        {
            _service.Log(request, error.Status, inBatch: false);
            var id = Guid.NewGuid().ToString();
            return GraphAnswer.Error(error, id, request.Header("client-request-id"), _service.Now);
        }

        private async Task CheckTokenAsync(GraphRequest request)
        {
            var header = request.Header("Authorization") ?? "";
            var token = header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? header[7..].Trim() : "";
            var problem = token.Length == 0 ? "Access token is empty."
                : tokens is null ? null
                : !await tokens.IsValidAsync(token) ? "Access token validation failure. Lifetime, issuer or signature is wrong."
                : new JsonWebToken(token).Audiences.Contains(EntraSimulator.ConsoleClientId, StringComparer.Ordinal) ? "Access token validation failure. Invalid audience."
                : null;
            if (problem is not null)
            {
                throw new GraphErrorException(401, "InvalidAuthenticationToken", problem) { Headers = { ["WWW-Authenticate"] = "Bearer" } };
            }
        }
    }
}
