using System.Text;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;

namespace VppBooks.Tests.Licenses;

/// <summary>Stands in the line to Apple: does something before a request leaves, or changes what an answer says.</summary>
internal sealed class RequestTap
{
    /// <summary>Runs before each request leaves.</summary>
    public Func<HttpRequestMessage, Task>? Before { get; set; }

    /// <summary>Makes another body of an answer's.</summary>
    public Func<HttpRequestMessage, string, string>? Rewrite { get; set; }

    public void Attach(IServiceCollection services)
    {
        services.AddHttpClient(AppleServices.ClientName).AddHttpMessageHandler(() => new Handler(this));
        services.AddHttpClient(AppleServices.StoreClientName).AddHttpMessageHandler(() => new Handler(this));
    }

    /// <summary>Does something just before the nth request that matches.</summary>
    public void Once(string method, string path, Func<Task> action, int nth = 1)
    {
        var seen = 0;
        Before = request => request.Method.Method == method && request.RequestUri!.AbsolutePath.EndsWith(path, StringComparison.Ordinal) && Interlocked.Increment(ref seen) == nth
            ? action()
            : Task.CompletedTask;
    }

    private sealed class Handler(RequestTap tap) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (tap.Before is { } before)
            {
                await before(request);
            }

            var response = await base.SendAsync(request, cancellationToken);
            if (tap.Rewrite is { } rewrite)
            {
                var body = await response.Content.ReadAsStringAsync(cancellationToken);
                response.Content = new StringContent(rewrite(request, body), Encoding.UTF8, "application/json");
            }

            return response;
        }
    }
}
