using System.Text.Json;

namespace VppBooks.Apple.Wire;

/// <summary>
/// Gives rows that repeat a value one string instead of many: a page of a thousand assignments names few titles. Small and forgetful, so
/// that a page of all different values costs nothing more.
/// </summary>
internal sealed class StringCache
{
    private const int Slots = 256;

    private readonly string?[] _slots = new string?[Slots];

    public string Get(ref Utf8JsonReader reader)
    {
        if (reader.HasValueSequence || reader.ValueIsEscaped)
        {
            return reader.GetString()!;
        }

        // The end of ids differs most.
        var value = reader.ValueSpan;
        var hash = value.Length;
        foreach (var character in value.Length > 8 ? value[^8..] : value)
        {
            hash = (hash * 31) + character;
        }

        ref var slot = ref _slots[hash & (Slots - 1)];
        return slot is not null && reader.ValueTextEquals(slot) ? slot : slot = reader.GetString()!;
    }
}
