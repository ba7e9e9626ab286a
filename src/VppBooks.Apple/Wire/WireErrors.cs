using System.Text.Json;

namespace VppBooks.Apple.Wire;

/// <summary>Targets that an error names (reference 4.2). An odd shape here must not hide the error's number, so it is skipped.</summary>
internal static class WireErrors
{
    public static AppleErrorInfo? ReadInfo(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        var assets = new List<AssetKey>();
        var people = new List<string>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var list = reader.ValueTextEquals("assets"u8) ? 1 : reader.ValueTextEquals("clientUserIds"u8) ? 2 : 0;
            reader.Read();
            if (list == 0 || reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (list == 1 && reader.TokenType == JsonTokenType.StartObject)
                {
                    if (WireJson.ReadAssetKey(ref reader) is { } asset)
                    {
                        assets.Add(asset);
                    }
                }
                else if (list == 2 && reader.TokenType is JsonTokenType.String or JsonTokenType.Number)
                {
                    people.Add(WireJson.ReadText(ref reader)!);
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        return new(assets, people);
    }

    public static EventFailure ReadFailure(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new WireFormatException("A failure was expected.");
        }

        var number = 0;
        string? message = null;
        AppleErrorInfo? info = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("errorNumber"u8))
            {
                reader.Read();
                number = WireJson.ReadInt32(ref reader) ?? 0;
            }
            else if (reader.ValueTextEquals("errorMessage"u8))
            {
                reader.Read();
                message = WireJson.ReadText(ref reader);
            }
            else if (reader.ValueTextEquals("errorInfo"u8))
            {
                reader.Read();
                info = ReadInfo(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return new(number, message, info?.Assets ?? [], info?.ClientUserIds ?? []);
    }
}
