using System.Text.Json;

namespace VppBooks.Apple.Wire;

/// <summary><c>GET /assets</c> (reference 2.6).</summary>
internal sealed class WireAssets : WirePage<Asset>
{
    /// <summary>Total of a free title without a stock. A marker, not a number to count with.</summary>
    private const long UnlimitedTotal = int.MaxValue;

    private bool _unlimitedList;

    protected override ReadOnlySpan<byte> ListName => "assets"u8;

    protected override bool ReadMember(ref Utf8JsonReader reader)
    {
        if (!reader.ValueTextEquals("unlimitedAssets"u8))
        {
            return base.ReadMember(ref reader);
        }

        reader.Read();
        _unlimitedList = true;
        ReadRows(ref reader);
        _unlimitedList = false;
        return true;
    }

    protected override bool TryReadRow(ref Utf8JsonReader reader, out Asset row)
    {
        string? adamId = null;
        var pricing = PricingParam.Unknown;
        ProductType? type = null;
        long? total = null, assigned = null, available = null;
        var retired = 0L;
        var (revocable, deviceAssignable) = (false, false);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("adamId"u8))
            {
                reader.Read();
                adamId = WireJson.ReadText(ref reader);
            }
            else if (reader.ValueTextEquals("pricingParam"u8))
            {
                reader.Read();
                pricing = WireJson.ReadPricing(ref reader);
            }
            else if (reader.ValueTextEquals("productType"u8))
            {
                reader.Read();
                type = WireJson.ReadText(ref reader) switch { null => null, "Book" => ProductType.Book, "App" => ProductType.App, _ => ProductType.Unknown };
            }
            else if (reader.ValueTextEquals("totalCount"u8))
            {
                reader.Read();
                total = WireJson.ReadNumber(ref reader);
            }
            else if (reader.ValueTextEquals("assignedCount"u8))
            {
                reader.Read();
                assigned = WireJson.ReadNumber(ref reader);
            }
            else if (reader.ValueTextEquals("availableCount"u8))
            {
                reader.Read();
                available = WireJson.ReadNumber(ref reader);
            }
            else if (reader.ValueTextEquals("retiredCount"u8))
            {
                reader.Read();
                retired = WireJson.ReadNumber(ref reader) ?? 0;
            }
            else if (reader.ValueTextEquals("revocable"u8))
            {
                reader.Read();
                revocable = WireJson.ReadFlag(ref reader);
            }
            else if (reader.ValueTextEquals("deviceAssignable"u8))
            {
                reader.Read();
                deviceAssignable = WireJson.ReadFlag(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        var unlimited = _unlimitedList || total == UnlimitedTotal;
        row = new(new(adamId ?? "", pricing), type ?? ProductType.Unknown, total ?? 0, assigned ?? 0, available ?? 0, retired, unlimited, revocable, deviceAssignable);

        // A count that is not there is not zero: a book whose licenses cannot be counted proves nothing about who holds it.
        var counted = assigned is not null && (unlimited || (total is not null && available is not null));
        return !string.IsNullOrEmpty(adamId) && type is not null && (type != ProductType.Book || counted);
    }
}

/// <summary><c>GET /assignments</c> (reference 2.7).</summary>
internal sealed class WireAssignments : WirePage<Assignment>
{
    private readonly StringCache _cache = new();

    protected override ReadOnlySpan<byte> ListName => "assignments"u8;

    protected override bool TryReadRow(ref Utf8JsonReader reader, out Assignment row)
    {
        string? adamId = null, person = null, device = null, idHash = null;
        var pricing = PricingParam.Unknown;
        VppUserStatus? status = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("adamId"u8))
            {
                reader.Read();
                adamId = WireJson.ReadText(ref reader, _cache);
            }
            else if (reader.ValueTextEquals("pricingParam"u8))
            {
                reader.Read();
                pricing = WireJson.ReadPricing(ref reader);
            }
            else if (reader.ValueTextEquals("clientUserId"u8))
            {
                reader.Read();
                person = WireJson.ReadText(ref reader, _cache);
            }
            else if (reader.ValueTextEquals("userStatus"u8))
            {
                reader.Read();
                status = reader.TokenType == JsonTokenType.Null ? null : WireJson.ReadUserStatus(ref reader);
            }
            else if (reader.ValueTextEquals("idHash"u8))
            {
                reader.Read();
                idHash = WireJson.ReadText(ref reader, _cache);
            }
            else if (reader.ValueTextEquals("serialNumber"u8))
            {
                reader.Read();
                device = WireJson.ReadText(ref reader, _cache);
            }
            else
            {
                reader.Skip();
            }
        }

        row = new(adamId ?? "", pricing, person, device, status, idHash);
        return !string.IsNullOrEmpty(adamId) && !(string.IsNullOrEmpty(person) && string.IsNullOrEmpty(device));
    }
}

/// <summary><c>GET /users</c> (reference 2.8).</summary>
internal sealed class WireUsers : WirePage<VppUserRow>
{
    protected override ReadOnlySpan<byte> ListName => "users"u8;

    protected override bool TryReadRow(ref Utf8JsonReader reader, out VppUserRow row)
    {
        string? id = null, email = null, inviteCode = null, idHash = null;
        var status = VppUserStatus.Unknown;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("clientUserId"u8))
            {
                reader.Read();
                id = WireJson.ReadText(ref reader);
            }
            else if (reader.ValueTextEquals("email"u8))
            {
                reader.Read();
                email = WireJson.ReadText(ref reader);
            }
            else if (reader.ValueTextEquals("status"u8))
            {
                reader.Read();
                status = WireJson.ReadUserStatus(ref reader);
            }
            else if (reader.ValueTextEquals("inviteCode"u8))
            {
                reader.Read();
                inviteCode = WireJson.ReadText(ref reader);
            }
            else if (reader.ValueTextEquals("idHash"u8))
            {
                reader.Read();
                idHash = WireJson.ReadText(ref reader);
            }
            else
            {
                reader.Skip();
            }
        }

        row = new(id ?? "", email, status, inviteCode, idHash);
        return !string.IsNullOrEmpty(id);
    }
}
