namespace VppBooks.SimulatedCloud.Organization;

/// <summary>Ids that depend only on the seed, the kind and the position, so that adding a group does not move every person's id.</summary>
internal sealed class SeededIds(int seed)
{
    public Guid Next(IdKind kind, int index)
    {
        Span<byte> bytes = stackalloc byte[16];
        var start = ((ulong)(uint)seed << 32) ^ ((ulong)kind << 56) ^ (uint)index;
        BitConverter.TryWriteBytes(bytes, Mix(start));
        BitConverter.TryWriteBytes(bytes[8..], Mix(start ^ 0xD1B54A32D192ED03));
        // Version 4, variant 1: callers that check the form of a random id must be content with it.
        bytes[7] = (byte)((bytes[7] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes);
    }

    // SplitMix64: a bijection, so two positions of one kind never share an id.
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}

internal enum IdKind : byte
{
    Person = 1,
    Group = 2,
    Device = 3,
    App = 4,
}
