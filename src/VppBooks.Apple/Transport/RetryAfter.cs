using System.Globalization;
using System.Net.Http.Headers;

namespace VppBooks.Apple.Transport;

/// <summary>The header <c>Retry-After</c>: seconds or an HTTP date (reference 5.3).</summary>
internal static class RetryAfter
{
    /// <summary>The longest wait that is believed.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>Zero to one hour; null when absent, negative or unreadable: then our own back-off applies.</summary>
    public static TimeSpan? Read(HttpResponseMessage response, TimeProvider clock)
    {
        if (!response.Headers.NonValidated.TryGetValues("Retry-After", out var values))
        {
            return null;
        }

        var text = values.ToString().Trim();
        if (text.Length > 0 && text.All(char.IsAsciiDigit))
        {
            return double.Parse(text, CultureInfo.InvariantCulture) is var seconds && seconds < Longest.TotalSeconds ? TimeSpan.FromSeconds(seconds) : Longest;
        }

        if (!RetryConditionHeaderValue.TryParse(text, out var condition) || condition.Date is not { } date)
        {
            return null;
        }

        var wait = date - clock.GetUtcNow();
        return wait < TimeSpan.Zero ? null : wait < Longest ? wait : Longest;
    }
}
