using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace VppBooks.Core.Notifications;

/// <summary>What a notification hints at (reference 4.4). People in it are passed over unread: nothing about them is kept or believed.</summary>
/// <param name="NotificationId">Apple's id; made from the content when Apple gives none that can be kept, so that the same one again is known again.</param>
/// <param name="Type">Apple's word.</param>
/// <param name="UId">The location it speaks of; null when it says none.</param>
/// <param name="EventId">The event it speaks of; null when it names none.</param>
/// <param name="Assets">The assets it names, as <see cref="InboxNotification.Assets"/> keeps them; null when none can be told.</param>
/// <param name="ErrorNumber">Apple's number when it tells of a failure.</param>
public sealed record ReceivedNotification(string NotificationId, string Type, string? UId, string? EventId, string? Assets, int? ErrorNumber)
{
    private const int MaxIdLength = 128;
    private const int MaxTypeLength = 64;
    private const int MaxAssetsLength = 4000;

    /// <summary>Reads a body.</summary>
    /// <returns>Null when it is not a JSON object.</returns>
    public static ReceivedNotification? Read(ReadOnlySpan<byte> body)
    {
        var reading = new Reading();
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 16 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return null;
            }

            reading.Envelope(ref reader);
            if (reader.Read())
            {
                return null;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Not JSON, or text that is not UTF-8.
            return null;
        }

        return new ReceivedNotification(
            reading.Id is { Length: > 0 and <= MaxIdLength } id ? id : "sha256:" + Convert.ToHexStringLower(SHA256.HashData(body)),
            reading.Type is { Length: <= MaxTypeLength } type && type.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? type : "",
            reading.UId,
            reading.EventId is { Length: > 0 and <= MaxIdLength } eventId ? eventId : null,
            reading.Assets,
            reading.ErrorNumber);
    }

    /// <summary>Walks over the document; a member of an unexpected kind counts as absent.</summary>
    private ref struct Reading
    {
        private readonly HashSet<(long AdamId, bool Plus)> _assets;
        private bool _assetsUnusable;
        private long _adamId;
        private string? _pricing;

        public Reading() => _assets = [];

        public string? Id { get; private set; }

        public string? Type { get; private set; }

        public string? UId { get; private set; }

        public string? EventId { get; private set; }

        public int? ErrorNumber { get; private set; }

        public readonly string? Assets
        {
            get
            {
                if (_assetsUnusable || _assets.Count == 0)
                {
                    return null;
                }

                var text = string.Join(',', _assets.Select(a => string.Create(CultureInfo.InvariantCulture, $"{a.AdamId}:{(a.Plus ? "PLUS" : "STDQ")}")));
                return text.Length <= MaxAssetsLength ? text : null;
            }
        }

        public void Envelope(ref Utf8JsonReader reader)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("notificationId"u8))
                {
                    Id = Text(ref reader);
                }
                else if (reader.ValueTextEquals("notificationType"u8))
                {
                    Type = Text(ref reader);
                }
                else if (reader.ValueTextEquals("uId"u8))
                {
                    UId = Text(ref reader);
                }
                else if (reader.ValueTextEquals("notification"u8))
                {
                    reader.Read();
                    if (reader.TokenType == JsonTokenType.StartObject)
                    {
                        Content(ref reader);
                    }
                    else
                    {
                        reader.Skip();
                    }
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        private void Content(ref Utf8JsonReader reader)
        {
            var named = false;
            (_adamId, _pricing) = (0, null);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("eventId"u8))
                {
                    EventId = Text(ref reader);
                }
                else if (reader.ValueTextEquals("assignments"u8))
                {
                    reader.Read();
                    Assignments(ref reader);
                }
                else if (reader.ValueTextEquals("error"u8))
                {
                    reader.Read();
                    Error(ref reader);
                }
                else
                {
                    named |= AssetMember(ref reader);
                }
            }

            if (named)
            {
                AddAsset();
            }
        }

        private void Assignments(ref Utf8JsonReader reader)
        {
            if (reader.TokenType != JsonTokenType.StartArray)
            {
                reader.Skip();
                return;
            }

            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType != JsonTokenType.StartObject)
                {
                    reader.Skip();
                    _assetsUnusable = true;
                    continue;
                }

                (_adamId, _pricing) = (0, null);
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    AssetMember(ref reader);
                }

                AddAsset();
            }
        }

        private void Error(ref Utf8JsonReader reader)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                return;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var number = reader.ValueTextEquals("errorNumber"u8);
                reader.Read();
                if (number && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var value))
                {
                    ErrorNumber = value;
                }

                reader.Skip();
            }
        }

        /// <returns>True when the member names an asset.</returns>
        private bool AssetMember(ref Utf8JsonReader reader)
        {
            if (reader.ValueTextEquals("adamId"u8))
            {
                reader.Read();
                // Text in all published samples of books; a number in those of subscriptions.
                _adamId = reader.TokenType switch
                {
                    JsonTokenType.String when long.TryParse(reader.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out var id) => id,
                    JsonTokenType.Number when reader.TryGetInt64(out var id) => id,
                    _ => 0,
                };
                reader.Skip();
                return true;
            }

            if (reader.ValueTextEquals("pricingParam"u8))
            {
                _pricing = Text(ref reader);
                return true;
            }

            reader.Skip();
            return false;
        }

        private void AddAsset()
        {
            if (_adamId > 0 && _pricing is ("STDQ" or "PLUS"))
            {
                _assets.Add((_adamId, _pricing == "PLUS"));
            }
            else
            {
                _assetsUnusable = true;
            }
        }

        private static string? Text(ref Utf8JsonReader reader)
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.String)
            {
                return reader.GetString();
            }

            reader.Skip();
            return null;
        }
    }
}
