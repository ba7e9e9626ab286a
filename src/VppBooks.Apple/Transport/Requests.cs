using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace VppBooks.Apple.Transport;

/// <summary>Builds requests. Each attempt gets a new message with its body again (reference 5.3).</summary>
internal static class Requests
{
    public static HttpRequestMessage Create(AppleOptions options, AppleLocation? location, string pathAndQuery, byte[]? body)
    {
        var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, options.BaseUrl.TrimEnd('/') + pathAndQuery);
        request.Headers.Accept.ParseAdd("application/json");
        if (location is not null)
        {
            request.Options.Set(TokenHandler.Bearer, location.Token);
        }

        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        return request;
    }

    public static string Path(string path, params ReadOnlySpan<(string Name, string? Value)> query)
    {
        var separator = '?';
        foreach (var (name, value) in query)
        {
            if (value is not null)
            {
                path += $"{separator}{name}={Uri.EscapeDataString(value)}";
                separator = '&';
            }
        }

        return path;
    }

    public static byte[] ClientConfig(ClientConfigChange change) => Json(writer =>
    {
        if (change.MdmInfo is { } claim)
        {
            // All three together, or Apple refuses with 9723.
            writer.WriteStartObject("mdmInfo");
            writer.WriteString("id", claim.Id);
            writer.WriteString("name", claim.Name ?? "");
            writer.WriteString("metadata", claim.Metadata ?? "");
            writer.WriteEndObject();
        }

        WriteIfSet(writer, "notificationUrl", change.NotificationUrl);
        WriteIfSet(writer, "notificationAuthToken", change.NotificationAuthToken);
        if (change.NotificationTypes is { } types)
        {
            WriteTexts(writer, "notificationTypes", types);
        }
    });

    public static byte[] Users(IReadOnlyList<VppUserChange> users) => Json(writer =>
    {
        writer.WriteStartArray("users");
        foreach (var user in users)
        {
            writer.WriteStartObject();
            writer.WriteString("clientUserId", user.ClientUserId);
            WriteIfSet(writer, "email", user.Email);
            WriteIfSet(writer, "managedAppleId", user.ManagedAppleId);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    public static byte[] Associate(IReadOnlyList<AssetKey> assets, IReadOnlyList<string> clientUserIds) => Json(writer =>
    {
        writer.WriteStartArray("assets");
        foreach (var asset in assets)
        {
            writer.WriteStartObject();
            writer.WriteString("adamId", asset.AdamId);
            writer.WriteString("pricingParam", asset.PricingParam == PricingParam.PLUS ? "PLUS" : "STDQ");
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        WriteTexts(writer, "clientUserIds", clientUserIds);
    });

    private static byte[] Json(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();

        // The body is never part of a web page, so only what JSON itself demands is escaped.
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteIfSet(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }

    private static void WriteTexts(Utf8JsonWriter writer, string name, IReadOnlyList<string> values)
    {
        writer.WriteStartArray(name);
        foreach (var value in values)
        {
            writer.WriteStringValue(value);
        }

        writer.WriteEndArray();
    }
}
