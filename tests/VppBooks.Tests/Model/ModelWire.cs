using System.Text.Json;
using VppBooks.SimulatedCloud.Apple;

namespace VppBooks.Tests.Model;

/// <summary>The network of one server: carries requests to the stand-ins, and judges every change of Apple at the moment it arrives there.</summary>
internal sealed class ModelWire(ModelWorld world, ModelServer server) : HttpMessageHandler
{
    private static readonly string[] Changes = ["/assets/associate", "/users/create", "/users/update", "/users/retire"];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath;
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var name = $"{request.Method} {path[(path.IndexOf("/v", StringComparison.Ordinal) + 1)..]}";
        await server.Points.PassAsync(PointKind.BeforeRequest, name);
        cancellationToken.ThrowIfCancellationRequested();

        if (path.Contains("/apple/", StringComparison.Ordinal))
        {
            world.Truth.FinishForgottenWork(path);
            if (request.Method == HttpMethod.Post && Array.Exists(Changes, change => path.EndsWith(change, StringComparison.Ordinal)))
            {
                world.Truth.JudgeChange(server, LocationOf(request), path, body);
            }
        }

        var response = await world.Cloud.AnswerAsync(request, body, cancellationToken);
        await world.Truth.NoteAnswerAsync(server, LocationOf(request), response);
        await server.Points.PassAsync(PointKind.AfterRequest, name);
        return response;
    }

    private string? LocationOf(HttpRequestMessage request) =>
        request.Headers.Authorization?.Parameter is { } token ? world.Cloud.Apple.Tokens.Read(token)?.UId : null;
}

/// <summary>A change of Apple's licenses as it was asked for.</summary>
internal sealed record AssociatePost(IReadOnlyList<(string AdamId, string PricingParam)> Assets, IReadOnlyList<string> ClientUserIds)
{
    public static AssociatePost Read(byte[] body)
    {
        using var json = JsonDocument.Parse(body);
        return new AssociatePost(
            [.. json.RootElement.GetProperty("assets").EnumerateArray().Select(a => (a.GetProperty("adamId").GetString()!, a.GetProperty("pricingParam").GetString()!))],
            [.. json.RootElement.GetProperty("clientUserIds").EnumerateArray().Select(u => u.GetString()!)]);
    }

    public IEnumerable<string> Pairs => Assets.SelectMany(a => ClientUserIds.Select(u => $"{a.AdamId}|{a.PricingParam}|{u}"));
}
