using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using VppBooks.Core.Licenses;

namespace VppBooks.Core.Audit;

/// <summary>
/// The canonical form of a chained row and its hash. Every value is written with its length, so that no two rows have the same form; texts as UTF-8, moments as
/// UTC ticks, missing values as such. The form never changes: rows sealed years ago must verify.
/// </summary>
internal static class AuditHash
{
    /// <summary>Bytes of a hash.</summary>
    public const int Length = SHA256.HashSizeInBytes;

    public static byte[] Of(byte[] before, long sequence, DateTimeOffset sealedAt, AuditEvent row) => Hash(
        before, sequence, sealedAt, row.Id, row.At, (byte)row.ActorKind, row.ActorId, row.ActorName, row.Action, row.LocationId, row.BookId, row.GroupId, row.PersonId, row.OperationId, row.Details, row.Correlation);

    // Rows from before changes told their book have the form of before.
    public static byte[] Of(byte[] before, long sequence, DateTimeOffset sealedAt, LicenseChange row) => row.BookId is { } book
        ? Hash(
            before, sequence, sealedAt, row.Id, row.At, row.LicenseId, (byte?)row.From, (byte)row.To, (byte)row.Cause, row.OperationId, row.PlanId, row.ErrorNumber, book)
        : Hash(
            before, sequence, sealedAt, row.Id, row.At, row.LicenseId, (byte?)row.From, (byte)row.To, (byte)row.Cause, row.OperationId, row.PlanId, row.ErrorNumber);

    public static byte[] Of(byte[] before, long sequence, DateTimeOffset sealedAt, IChained row) => row switch
    {
        AuditEvent happened => Of(before, sequence, sealedAt, happened),
        LicenseChange change => Of(before, sequence, sealedAt, change),
        _ => throw new ArgumentException("Not a row of a chain.", nameof(row)),
    };

    /// <summary>What a head's signature says.</summary>
    public static string HeadText(AuditChain chain, long sequence, byte[] hash) =>
        string.Create(CultureInfo.InvariantCulture, $"{(byte)chain}:{sequence}:{Convert.ToHexStringLower(hash)}");

    /// <summary>What a head's signature is bound to.</summary>
    public static string Purpose(AuditChain chain) => string.Create(CultureInfo.InvariantCulture, $"audit-head:{(byte)chain}");

    private static byte[] Hash(byte[] before, long sequence, DateTimeOffset sealedAt, params ReadOnlySpan<object?> values)
    {
        using var form = new MemoryStream(512);
        using var writer = new BinaryWriter(form, Encoding.UTF8);
        writer.Write(before);
        Write(writer, sequence);
        Write(writer, sealedAt);
        foreach (var value in values)
        {
            Write(writer, value);
        }

        writer.Flush();
        return SHA256.HashData(form.GetBuffer().AsSpan(0, (int)form.Length));
    }

    private static void Write(BinaryWriter writer, object? value)
    {
        var text = value switch
        {
            null => null,
            DateTimeOffset moment => moment.UtcTicks.ToString(CultureInfo.InvariantCulture),
            _ => Convert.ToString(value, CultureInfo.InvariantCulture),
        };
        writer.Write(text is not null);
        if (text is not null)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            writer.Write(bytes.Length);
            writer.Write(bytes);
        }
    }
}
