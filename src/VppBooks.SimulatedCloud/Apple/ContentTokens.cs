using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace VppBooks.SimulatedCloud.Apple;

/// <summary>What a content token says about itself.</summary>
internal sealed record TokenFacts(string UId, int Number, DateTimeOffset ExpiresAt, bool ReadOnly);

/// <summary>
/// Issues and reads content tokens. A token carries its facts under a seal made from the seed, so that one downloaded from an earlier
/// run of the demo is still good: its owner stored it in a database that outlives the stand-ins.
/// </summary>
internal sealed class ContentTokens(int seed, string organization)
{
    private readonly byte[] _key = SHA256.HashData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"content-tokens-{seed}")));

    public string Issue(TokenFacts facts)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{facts.UId}|{facts.Number}|{facts.ExpiresAt.ToUnixTimeSeconds()}|{(facts.ReadOnly ? 'r' : 'w')}");
        var inner = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{text}|{Seal(text)}"));
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("expDate", FormatDate(facts.ExpiresAt));
            writer.WriteString("token", inner);
            writer.WriteString("orgName", organization);
            writer.WriteEndObject();
        }

        return Convert.ToBase64String(json.ToArray());
    }

    /// <summary>Null when the text is not one of our tokens.</summary>
    public TokenFacts? Read(string text)
    {
        if (text.Length is 0 or > 4096 || !Base64.IsValid(text))
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(Convert.FromBase64String(text));
            var parts = Encoding.ASCII.GetString(Convert.FromBase64String(json.RootElement.GetProperty("token").GetString() ?? "")).Split('|');
            return parts.Length == 5 && parts[4] == Seal(string.Join('|', parts[..4]))
                ? new TokenFacts(
                    parts[0],
                    int.Parse(parts[1], CultureInfo.InvariantCulture),
                    DateTimeOffset.FromUnixTimeSeconds(long.Parse(parts[2], CultureInfo.InvariantCulture)),
                    parts[3] == "r")
                : null;
        }
        catch (Exception exception) when (exception is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Apple's form of a date: UTC with an offset that has no colon.</summary>
    public static string FormatDate(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'+0000'", CultureInfo.InvariantCulture);

    private string Seal(string text) => Convert.ToHexStringLower(HMACSHA256.HashData(_key, Encoding.ASCII.GetBytes(text)), 0, 12);
}
