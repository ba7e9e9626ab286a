using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace VppBooks.Core.Alerts;

/// <summary>Sends signed HTTP requests.</summary>
public sealed class AlertHooks(IHttpClientFactory clients, AlertRules rules, TimeProvider clock)
{
    /// <summary>Name of the HTTP client for webhooks.</summary>
    public const string ClientName = "VppBooks.Alerts";

    /// <summary>Name of the one that goes to the public internet alone.</summary>
    public const string PublicClientName = ClientName + ".Public";

    /// <summary>Carries time and signature: <c>t=1790000000,v1=…</c>, the lower-case hex of HMAC-SHA256 with the secret over the time, a dot and the body.</summary>
    public const string SignatureHeader = "VppBooks-Signature";

    /// <summary>How long one attempt may take.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The signature of a body sent at a time.</summary>
    /// <param name="secret">The receiver's secret.</param>
    /// <param name="time">Unix seconds.</param>
    /// <param name="body">The body as sent.</param>
    public static string Sign(string secret, long time, string body) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{time}.{body}")));

    internal async Task<AlertAttempt> PostAsync(AlertReceiver.Hook hook, string body, CancellationToken cancellationToken)
    {
        var attempt = await PostAsync(hook.Added && !rules.WebhooksMayBePrivate ? PublicClientName : ClientName, hook.Webhook, body, cancellationToken);
        // The answers of addresses that somebody typed in would tell every reader what there is in a network.
        return hook.Added && attempt.Failure is { } detail ? attempt with { Failure = "not taken", Detail = detail } : attempt;
    }

    private async Task<AlertAttempt> PostAsync(string client, AlertWebhook webhook, string body, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            var time = clock.GetUtcNow().ToUnixTimeSeconds();
            using var request = new HttpRequestMessage(HttpMethod.Post, webhook.Url) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json") { CharSet = "utf-8" };
            request.Headers.Add(SignatureHeader, $"t={time},v1={Sign(webhook.Secret, time, body)}");
            using var answer = await clients.CreateClient(client).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            return answer.IsSuccessStatusCode ? new AlertAttempt(Failure: null) : new AlertAttempt($"status {(int)answer.StatusCode}")
            {
                NobodyThere = answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout,
            };
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new AlertAttempt(e is HttpRequestException http ? http.HttpRequestError.ToString() : "no answer in time") { NobodyThere = true };
        }
    }
}
