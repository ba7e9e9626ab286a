using System.Text.Json;

namespace VppBooks.Apple.Wire;

/// <summary>Answer to a request that changes something (reference 2.9).</summary>
internal sealed class WireEvent : WireAnswer
{
    public string? EventId { get; private set; }

    public override void RequireComplete()
    {
        if (string.IsNullOrEmpty(EventId))
        {
            throw new WireFormatException("The eventId is missing.");
        }
    }

    protected override bool ReadMember(ref Utf8JsonReader reader)
    {
        if (!reader.ValueTextEquals("eventId"u8))
        {
            return false;
        }

        reader.Read();
        EventId = WireJson.ReadText(ref reader);
        return true;
    }
}

/// <summary><c>GET /status</c> (reference 2.12).</summary>
internal sealed class WireStatus : WireAnswer
{
    private readonly List<EventFailure> _failures = [];
    private EventState? _state;
    private string? _type;
    private int _requested;
    private int _completed;

    public EventStatus ToEventStatus() => new(_state ?? EventState.Unknown, _type, _requested, _completed, _failures, Envelope);

    public override void RequireComplete()
    {
        if (_state is null)
        {
            throw new WireFormatException("The eventStatus is missing.");
        }
    }

    protected override bool ReadMember(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("eventStatus"u8))
        {
            reader.Read();
            _state = WireJson.ReadText(ref reader) switch
            {
                null => null,
                "PENDING" => EventState.Pending,
                "COMPLETE" => EventState.Complete,
                "FAILED" => EventState.Failed,
                _ => EventState.Unknown,
            };
        }
        else if (reader.ValueTextEquals("eventType"u8))
        {
            reader.Read();
            _type = WireJson.ReadText(ref reader);
        }
        else if (reader.ValueTextEquals("numRequested"u8))
        {
            reader.Read();
            _requested = WireJson.ReadInt32(ref reader) ?? 0;
        }
        else if (reader.ValueTextEquals("numCompleted"u8))
        {
            reader.Read();
            _completed = WireJson.ReadInt32(ref reader) ?? 0;
        }
        else if (reader.ValueTextEquals("failures"u8))
        {
            reader.Read();
            if (WireJson.StartsArray(ref reader))
            {
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    _failures.Add(WireErrors.ReadFailure(ref reader));
                }
            }
        }
        else
        {
            return false;
        }

        return true;
    }
}
