using System.Globalization;
using System.Text;
using System.Text.Json;

namespace VppBooks.Apple.Wire;

/// <summary>Reads single values tolerantly: null is absent, numbers may be quoted, ids may be numbers. Anything else is refused.</summary>
internal static class WireJson
{
    /// <summary>A text, or the digits of a number; null for null.</summary>
    public static string? ReadText(ref Utf8JsonReader reader, StringCache? cache = null) => reader.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.String => cache is null ? reader.GetString() : cache.Get(ref reader),
        JsonTokenType.Number => Encoding.UTF8.GetString(reader.ValueSpan),
        _ => throw new WireFormatException("A text was expected."),
    };

    public static long? ReadNumber(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.Number when reader.TryGetInt64(out var number) => number,
        JsonTokenType.String when long.TryParse(reader.GetString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) => number,
        _ => throw new WireFormatException("A whole number was expected."),
    };

    /// <summary>A number that fits a count of pages or tasks.</summary>
    public static int? ReadInt32(ref Utf8JsonReader reader) => ReadNumber(ref reader) switch
    {
        null => null,
        { } number and >= int.MinValue and <= int.MaxValue => (int)number,
        _ => throw new WireFormatException("A number is out of range."),
    };

    public static bool ReadFlag(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False or JsonTokenType.Null => false,
        _ => throw new WireFormatException("True or false was expected."),
    };

    /// <summary>Stands on the start of an array, or on null; false for null.</summary>
    public static bool StartsArray(ref Utf8JsonReader reader) => Starts(ref reader, JsonTokenType.StartArray, "A list was expected.");

    /// <summary>Stands on the start of an object, or on null; false for null.</summary>
    public static bool StartsObject(ref Utf8JsonReader reader) => Starts(ref reader, JsonTokenType.StartObject, "An object was expected.");

    public static List<string> ReadTexts(ref Utf8JsonReader reader)
    {
        var texts = new List<string>();
        if (StartsArray(ref reader))
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (ReadText(ref reader) is { } text)
                {
                    texts.Add(text);
                }
            }
        }

        return texts;
    }

    public static PricingParam ReadPricing(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String when reader.ValueTextEquals("STDQ"u8) => PricingParam.STDQ,
        JsonTokenType.String when reader.ValueTextEquals("PLUS"u8) => PricingParam.PLUS,
        JsonTokenType.String or JsonTokenType.Null => PricingParam.Unknown,
        _ => throw new WireFormatException("A text was expected."),
    };

    public static VppUserStatus ReadUserStatus(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.String when reader.ValueTextEquals("Associated"u8) => VppUserStatus.Associated,
        JsonTokenType.String when reader.ValueTextEquals("Registered"u8) => VppUserStatus.Registered,
        JsonTokenType.String when reader.ValueTextEquals("Retired"u8) => VppUserStatus.Retired,
        JsonTokenType.String when reader.ValueTextEquals("Deleted"u8) => VppUserStatus.Deleted,
        JsonTokenType.String or JsonTokenType.Null => VppUserStatus.Unknown,
        _ => throw new WireFormatException("A text was expected."),
    };

    public static AssetKey? ReadAssetKey(ref Utf8JsonReader reader)
    {
        string? adamId = null;
        var pricing = PricingParam.Unknown;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("adamId"u8))
            {
                reader.Read();
                adamId = ReadText(ref reader);
            }
            else if (reader.ValueTextEquals("pricingParam"u8))
            {
                reader.Read();
                pricing = ReadPricing(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return string.IsNullOrEmpty(adamId) ? null : new(adamId, pricing);
    }

    private static bool Starts(ref Utf8JsonReader reader, JsonTokenType start, string otherwise) => reader.TokenType switch
    {
        JsonTokenType.Null => false,
        var type when type == start => true,
        _ => throw new WireFormatException(otherwise),
    };
}
