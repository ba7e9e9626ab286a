using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using VppBooks.Apple.Transport;

namespace VppBooks.Apple.Store;

/// <summary>Addresses of covers (reference 7.4) and what they lead to.</summary>
internal static partial class Artwork
{
    /// <summary>An address about <see cref="StoreLookup.CoverHeight"/> high of an artwork object or list; null when there is none that may be asked.</summary>
    public static string? Address(JsonElement artwork, TrustedHosts hosts)
    {
        if (artwork.ValueKind == JsonValueKind.Array)
        {
            // The smallest that is high enough, or else the highest.
            var candidates = artwork.EnumerateArray().Where(one => one.ValueKind == JsonValueKind.Object).OrderBy(one => Number(one, "height")).ToList();
            artwork = candidates.Find(one => Number(one, "height") >= StoreLookup.CoverHeight) is { ValueKind: JsonValueKind.Object } enough ? enough : candidates.LastOrDefault();
        }

        if (artwork.ValueKind != JsonValueKind.Object || Json.Text(artwork, "url") is not { } url)
        {
            return null;
        }

        var (width, height) = Fit(Number(artwork, "width"), Number(artwork, "height"));
        var filled = url.Replace("{w}", width, StringComparison.Ordinal).Replace("{h}", height, StringComparison.Ordinal)
            .Replace("{c}", "bb", StringComparison.Ordinal).Replace("{f}", "jpg", StringComparison.Ordinal);
        return Allowed(filled, hosts);
    }

    /// <summary>The same picture in our size, of an address of the public look-up that ends in its size.</summary>
    public static string? Resized(string? url, TrustedHosts hosts) =>
        url is null ? null : Allowed(SizeAtEnd().Replace(url, match => string.Create(CultureInfo.InvariantCulture, $"/{StoreLookup.CoverHeight}x{StoreLookup.CoverHeight}{match.Groups["ending"].Value}")), hosts);

    /// <summary>Judges a picture by its first bytes; null when it is none that we show.</summary>
    public static string? ContentType(ReadOnlySpan<byte> content) => content switch
    {
        [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
        [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => "image/png",
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => "image/webp",
        _ => null,
    };

    // A picture is not blown up beyond its size, and keeps its shape.
    private static (string Width, string Height) Fit(long width, long height)
    {
        var high = height is > 0 and < StoreLookup.CoverHeight ? height : StoreLookup.CoverHeight;
        var wide = width > 0 && height > 0 ? Math.Max(1, (long)Math.Round((double)high * width / height)) : high;
        return (wide.ToString(CultureInfo.InvariantCulture), high.ToString(CultureInfo.InvariantCulture));
    }

    private static string? Allowed(string url, TrustedHosts hosts) =>
        url.Length <= 2000 && !url.Contains('{', StringComparison.Ordinal) && Uri.TryCreate(url, UriKind.Absolute, out var address) && hosts.IsArtwork(address) ? url : null;

    private static long Number(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? Math.Clamp(number, 0, 100_000) : 0;

    [GeneratedRegex(@"/\d{1,5}x\d{1,5}(?<ending>[a-z]{0,4}(?:-\d+)?\.(?:jpg|jpeg|png|webp))$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex SizeAtEnd();
}
