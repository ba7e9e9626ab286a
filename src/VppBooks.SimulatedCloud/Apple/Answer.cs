using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace VppBooks.SimulatedCloud.Apple;

/// <summary>An answer of the stand-in, complete before anything is sent, so that a fault can spoil it.</summary>
internal sealed record Answer(int Status, ReadOnlyMemory<byte> Body)
{
    public int ErrorNumber { get; init; }

    public string? RetryAfter { get; init; }

    public string ContentType { get; init; } = "application/json;charset=UTF-8";

    public static Answer Json(int status, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true }))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        return new Answer(status, buffer.WrittenMemory);
    }

    public static Answer Error(int errorNumber, int? status = null, ErrorInfo? info = null, string? retryAfter = null) =>
        Json(status ?? AppleErrors.StatusOf(errorNumber), writer => writer.WriteError(errorNumber, info)) with { ErrorNumber = errorNumber, RetryAfter = retryAfter };

    public static Answer Html(int status) =>
        new(status, "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"u8.ToArray()) { ContentType = "text/html" };
}

internal static class AppleJson
{
    public static void WriteError(this Utf8JsonWriter writer, int errorNumber, ErrorInfo? info)
    {
        writer.WriteNumber("errorNumber", errorNumber);
        writer.WriteString("errorMessage", AppleErrors.MessageOf(errorNumber));
        if (info is null)
        {
            return;
        }

        writer.WriteStartObject("errorInfo");
        if (info.Assets is { Count: > 0 })
        {
            writer.WriteStartArray("assets");
            foreach (var (adamId, pricingParam) in info.Assets)
            {
                writer.WriteStartObject();
                writer.WriteString("adamId", adamId);
                writer.WriteString("pricingParam", pricingParam);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        WriteStrings(writer, "clientUserIds", info.ClientUserIds);
        WriteStrings(writer, "serialNumbers", info.SerialNumbers);
        writer.WriteEndObject();
    }

    public static void WriteClaim(this Utf8JsonWriter writer, MdmClaim? claim)
    {
        if (claim is null)
        {
            return;
        }

        writer.WriteStartObject("mdmInfo");
        writer.WriteString("id", claim.Id);
        writer.WriteString("name", claim.Name);
        writer.WriteString("metadata", claim.Metadata);
        writer.WriteEndObject();
    }

    public static void WriteUser(this Utf8JsonWriter writer, UserState user)
    {
        writer.WriteStartObject();
        writer.WriteString("clientUserId", user.ClientUserId);
        if (user.Email is { } email)
        {
            writer.WriteString("email", email);
        }

        if (user.IdHash is { } hash)
        {
            writer.WriteString("idHash", hash);
        }

        if (user.InviteCode is { } code)
        {
            writer.WriteString("inviteCode", code);
        }

        writer.WriteString("status", user.Status.Text());
        writer.WriteEndObject();
    }

    public static void WriteAssignment(this Utf8JsonWriter writer, LocationState location, AssetState asset, int target, bool withState)
    {
        writer.WriteStartObject();
        writer.WriteString("adamId", asset.AdamId);
        writer.WriteString("pricingParam", asset.PricingParam);
        if (target < 0)
        {
            writer.WriteString("serialNumber", location.Serials[~target]);
        }
        else
        {
            var user = location.Users[target];
            writer.WriteString("clientUserId", user.ClientUserId);
            if (withState)
            {
                writer.WriteString("userStatus", user.Status.Text());
                if (user.IdHash is { } hash)
                {
                    writer.WriteString("idHash", hash);
                }
            }
        }

        writer.WriteEndObject();
    }

    public static string Text(this UserStatus status) => status switch
    {
        UserStatus.Registered => "Registered",
        UserStatus.Associated => "Associated",
        UserStatus.Retired => "Retired",
        _ => "Deleted",
    };

    private static void WriteStrings(Utf8JsonWriter writer, string name, IReadOnlyCollection<string>? values)
    {
        if (values is not { Count: > 0 })
        {
            return;
        }

        writer.WriteStartArray(name);
        foreach (var value in values)
        {
            writer.WriteStringValue(value);
        }

        writer.WriteEndArray();
    }
}
