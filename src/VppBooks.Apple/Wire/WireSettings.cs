using System.Text.Json;

namespace VppBooks.Apple.Wire;

/// <summary><c>GET /service/config</c> (reference 3). The keys vary, so everything is read as a map; odd entries are left out.</summary>
internal sealed class WireServiceConfig : WireAnswer
{
    private readonly Dictionary<string, int> _limits = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _urls = new(StringComparer.Ordinal);
    private readonly Dictionary<int, string> _errorCodes = [];
    private List<string> _notificationTypes = [];

    public ServiceConfig ToServiceConfig() => new(_limits, _urls, _notificationTypes, _errorCodes);

    public override void RequireComplete()
    {
        if (_limits.Count == 0 && _urls.Count == 0)
        {
            throw new WireFormatException("Neither limits nor addresses.");
        }
    }

    protected override bool ReadMember(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("limits"u8))
        {
            ReadMap(ref reader, static (ref Utf8JsonReader value, WireServiceConfig self, string name) =>
            {
                if (value.TokenType == JsonTokenType.Number && value.TryGetInt32(out var limit))
                {
                    self._limits[name] = limit;
                }
            });
        }
        else if (reader.ValueTextEquals("urls"u8))
        {
            ReadMap(ref reader, static (ref Utf8JsonReader value, WireServiceConfig self, string name) =>
            {
                if (value.TokenType == JsonTokenType.String)
                {
                    self._urls[name] = value.GetString()!;
                }
            });
        }
        else if (reader.ValueTextEquals("notificationTypes"u8))
        {
            reader.Read();
            _notificationTypes = WireJson.ReadTexts(ref reader);
        }
        else if (reader.ValueTextEquals("errorCodes"u8))
        {
            reader.Read();
            if (WireJson.StartsArray(ref reader))
            {
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    var failure = WireErrors.ReadFailure(ref reader);
                    _errorCodes[failure.ErrorNumber] = failure.ErrorMessage ?? "";
                }
            }
        }
        else
        {
            return false;
        }

        return true;
    }

    private delegate void Entry(ref Utf8JsonReader value, WireServiceConfig self, string name);

    private void ReadMap(ref Utf8JsonReader reader, Entry entry)
    {
        reader.Read();
        if (!WireJson.StartsObject(ref reader))
        {
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            entry(ref reader, this, name);
            reader.Skip();
        }
    }
}

/// <summary><c>GET</c> and <c>POST /client/config</c> (reference 2.5). <c>notificationAuthToken</c> is echoed by Apple and left unread: it is a secret.</summary>
internal sealed class WireClientConfig(bool changed) : WireAnswer
{
    private string? _locationName;
    private string? _country;
    private string? _platform;
    private string? _website;
    private string? _notificationUrl;
    private List<string> _notificationTypes = [];

    public ClientConfig ToClientConfig() => new(Envelope, _locationName, _country, _platform, _website, _notificationUrl, _notificationTypes);

    // The answer to a change shows only parts (reference 2.5).
    public override void RequireComplete()
    {
        if (!changed && string.IsNullOrEmpty(UId))
        {
            throw new WireFormatException("The location's uId is missing.");
        }
    }

    protected override bool ReadMember(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("locationName"u8))
        {
            reader.Read();
            _locationName = WireJson.ReadText(ref reader);
        }
        else if (reader.ValueTextEquals("countryISO2ACode"u8))
        {
            reader.Read();
            _country = WireJson.ReadText(ref reader);
        }
        else if (reader.ValueTextEquals("defaultPlatform"u8))
        {
            reader.Read();
            _platform = WireJson.ReadText(ref reader);
        }
        else if (reader.ValueTextEquals("websiteURL"u8))
        {
            reader.Read();
            _website = WireJson.ReadText(ref reader);
        }
        else if (reader.ValueTextEquals("notificationUrl"u8))
        {
            reader.Read();
            _notificationUrl = WireJson.ReadText(ref reader);
        }
        else if (reader.ValueTextEquals("subscribedNotificationTypes"u8))
        {
            reader.Read();
            _notificationTypes = WireJson.ReadTexts(ref reader);
        }
        else
        {
            return false;
        }

        return true;
    }
}
