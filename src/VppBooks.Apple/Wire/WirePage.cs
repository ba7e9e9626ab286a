using System.Text.Json;

namespace VppBooks.Apple.Wire;

/// <summary>One page of a list (reference 2.3).</summary>
internal abstract class WirePage<T> : WireAnswer
{
    private int? _index;
    private int? _next;
    private int? _size;
    private int? _totalPages;
    private bool _hasRows;

    public List<T> Rows { get; } = new(512);

    /// <summary>Rows without the parts that name them; they were left out.</summary>
    public int Unusable { get; private set; }

    public string? VersionId { get; private set; }

    /// <summary>Index of the following page as Apple says it; null on the last page.</summary>
    public int? NextIndex => _next;

    public Page<T> ToPage(int asked) => new(Rows, _index ?? asked, _totalPages ?? 0, _next is not null, VersionId, Envelope) { Unusable = Unusable };

    public override void RequireComplete()
    {
        // "{}" is not an empty list: whoever believes it forgets everything he knew.
        if (!_hasRows && (_totalPages is null || _size is > 0))
        {
            throw new WireFormatException("The list is missing.");
        }

        if (_totalPages < 0 || _index < 0 || _next < 0)
        {
            throw new WireFormatException("A page number is negative.");
        }
    }

    protected abstract ReadOnlySpan<byte> ListName { get; }

    /// <summary>Reads one row, standing inside its object; false when the row does not say what it is about.</summary>
    protected abstract bool TryReadRow(ref Utf8JsonReader reader, out T row);

    protected override bool ReadMember(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals(ListName))
        {
            reader.Read();
            _hasRows |= ReadRows(ref reader);
        }
        else if (reader.ValueTextEquals("currentPageIndex"u8))
        {
            reader.Read();
            _index = WireJson.ReadInt32(ref reader);
        }
        else if (reader.ValueTextEquals("nextPageIndex"u8))
        {
            reader.Read();
            _next = WireJson.ReadInt32(ref reader);
        }
        else if (reader.ValueTextEquals("size"u8))
        {
            reader.Read();
            _size = WireJson.ReadInt32(ref reader);
        }
        else if (reader.ValueTextEquals("totalPages"u8))
        {
            reader.Read();
            _totalPages = WireJson.ReadInt32(ref reader);
        }
        else if (reader.ValueTextEquals("versionId"u8))
        {
            reader.Read();
            VersionId = WireJson.ReadText(ref reader);
        }
        else
        {
            return false;
        }

        return true;
    }

    protected bool ReadRows(ref Utf8JsonReader reader)
    {
        if (!WireJson.StartsArray(ref reader))
        {
            return false;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                throw new WireFormatException("A row was expected.");
            }

            if (TryReadRow(ref reader, out var row))
            {
                Rows.Add(row);
            }
            else
            {
                Unusable++;
            }
        }

        return true;
    }
}
