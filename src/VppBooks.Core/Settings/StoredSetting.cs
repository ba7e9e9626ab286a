using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using VppBooks.Core.Persistence;

namespace VppBooks.Core.Settings;

/// <summary>A value that was set in the console and wins over configuration. The row stays when it is reset, so that its version goes on.</summary>
public sealed class StoredSetting : IVersioned
{
    public int Id { get; init; }

    /// <summary>Key as in configuration, such as <c>Licenses:UndoWindow</c>.</summary>
    public required string Key { get; init; }

    /// <summary>The value as configuration would hold it; empty is a value. Null: what configuration says holds.</summary>
    public string? Value { get; set; }

    /// <summary>The part that nobody may read, sealed for this key; null: there is none.</summary>
    public byte[]? Secret { get; set; }

    public DateTimeOffset ChangedAt { get; set; }

    public required string ChangedById { get; set; }

    public required string ChangedByName { get; set; }

    public int Version { get; set; } = 1;
}

internal sealed class StoredSettingConfiguration : IEntityTypeConfiguration<StoredSetting>
{
    public void Configure(EntityTypeBuilder<StoredSetting> setting)
    {
        setting.ToTable("Settings");
        setting.HasIndex(s => s.Key).IsUnique();
        setting.Property(s => s.Key).HasMaxLength(64).IsUnicode(false);
        setting.Property(s => s.Value).HasMaxLength(2000);
        setting.Property(s => s.ChangedById).HasMaxLength(64);
        setting.Property(s => s.ChangedByName).HasMaxLength(256);
    }
}
