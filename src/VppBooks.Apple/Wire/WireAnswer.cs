using System.Text.Json;

namespace VppBooks.Apple.Wire;

/// <summary>
/// What any answer may carry: the envelope (reference 2.2) and an error (5.1). Subclasses add the rest. Read in one pass, because the order
/// of members is not promised and an error may stand behind a thousand rows.
/// </summary>
internal class WireAnswer
{
    private string? _tokenExpires;

    /// <summary>0 when the answer carries no error.</summary>
    public int ErrorNumber { get; private set; }

    public string? ErrorMessage { get; private set; }

    public AppleErrorInfo? ErrorInfo { get; private set; }

    public string? UId { get; private set; }

    public MdmInfo? MdmInfo { get; private set; }

    /// <summary>A date was there and could not be read; the old one stays valid (reference 1.3).</summary>
    public bool TokenExpiresUnreadable => _tokenExpires is not null && !AppleDate.TryParse(_tokenExpires, out _);

    public Envelope Envelope => new(UId, AppleDate.TryParse(_tokenExpires, out var expires) ? expires : null, MdmInfo);

    /// <summary>Reads the whole body.</summary>
    /// <exception cref="JsonException">Not JSON, cut off, or followed by something.</exception>
    /// <exception cref="InvalidOperationException">A text is not valid Unicode.</exception>
    /// <exception cref="WireFormatException">JSON of the wrong shape.</exception>
    public void Read(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body.StartsWith("\uFEFF"u8) ? body[3..] : body);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new WireFormatException("An object was expected.");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (!ReadCommon(ref reader) && !ReadMember(ref reader))
            {
                reader.Skip();
            }
        }

        // Finds anything behind the object.
        reader.Read();
    }

    /// <summary>Refuses a success that lacks what the caller needs.</summary>
    /// <exception cref="WireFormatException">Something is missing.</exception>
    public virtual void RequireComplete()
    {
    }

    /// <summary>Stands on a member's name; reads its value and returns true, or leaves the reader alone and returns false.</summary>
    protected virtual bool ReadMember(ref Utf8JsonReader reader) => false;

    private bool ReadCommon(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("uId"u8))
        {
            reader.Read();
            UId = WireJson.ReadText(ref reader);
        }
        else if (reader.ValueTextEquals("tokenExpirationDate"u8))
        {
            reader.Read();

            // Whatever stands here must not fail the call.
            _tokenExpires = reader.TokenType switch { JsonTokenType.Null => null, JsonTokenType.String => reader.GetString(), _ => "" };
            reader.Skip();
        }
        else if (reader.ValueTextEquals("mdmInfo"u8))
        {
            reader.Read();
            MdmInfo = ReadMdmInfo(ref reader);
        }
        else if (reader.ValueTextEquals("errorNumber"u8))
        {
            reader.Read();

            // If it is there twice, an error wins.
            ErrorNumber = WireJson.ReadInt32(ref reader) is { } number and not 0 ? number : ErrorNumber;
        }
        else if (reader.ValueTextEquals("errorMessage"u8))
        {
            reader.Read();
            ErrorMessage = reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            reader.Skip();
        }
        else if (reader.ValueTextEquals("errorInfo"u8))
        {
            reader.Read();
            ErrorInfo = WireErrors.ReadInfo(ref reader);
        }
        else
        {
            return false;
        }

        return true;
    }

    private static MdmInfo? ReadMdmInfo(ref Utf8JsonReader reader)
    {
        if (!WireJson.StartsObject(ref reader))
        {
            return null;
        }

        string? id = null, name = null, metadata = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                id = WireJson.ReadText(ref reader);
            }
            else if (reader.ValueTextEquals("name"u8))
            {
                reader.Read();
                name = WireJson.ReadText(ref reader);
            }
            else if (reader.ValueTextEquals("metadata"u8))
            {
                reader.Read();
                metadata = WireJson.ReadText(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        return new(id ?? "", name, metadata);
    }
}
