using Microsoft.EntityFrameworkCore;
using VppBooks.Core.Persistence;
using VppBooks.Core.Settings;

namespace VppBooks.Core.Licenses;

/// <summary>How carefully licenses are spent, as it stands: what the console says wins over configuration. Decisions read it in the transaction that they are made in.</summary>
public sealed class LicenseGuards(LicenseOptions configured, IDbContextFactory<VppBooksDbContext> contexts) : SettingGroup<LicenseOptions>(
    configured,
    contexts,
    At(UndoWindow, o => o.UndoWindow, (o, v) => o.UndoWindow = v),
    At(ApprovalThreshold, o => o.ApprovalThreshold, (o, v) => o.ApprovalThreshold = v),
    At(GuardWindow, o => o.GuardWindow, (o, v) => o.GuardWindow = v),
    At(TypeNumberFrom, o => o.TypeNumberFrom, (o, v) => o.TypeNumberFrom = v!.Value),
    At(GrowthPeople, o => o.GrowthPeople, (o, v) => o.GrowthPeople = v!.Value),
    At(GrowthShare, o => o.GrowthShare, (o, v) => o.GrowthShare = v),
    At(GrowthLimit, o => o.GrowthLimit, (o, v) => o.GrowthLimit = v!.Value))
{
    /// <summary>Name of the group.</summary>
    public const string GroupName = "guards";

    /// <inheritdoc cref="LicenseOptions.UndoWindow"/>
    public static DurationSetting UndoWindow { get; } = new("Licenses:UndoWindow", TimeSpan.Zero, TimeSpan.FromDays(7));

    /// <inheritdoc cref="LicenseOptions.ApprovalThreshold"/>
    public static NumberSetting ApprovalThreshold { get; } = new("Licenses:ApprovalThreshold", 0, optional: true);

    /// <inheritdoc cref="LicenseOptions.GuardWindow"/>
    public static DurationSetting GuardWindow { get; } = new("Licenses:GuardWindow", TimeSpan.Zero, TimeSpan.FromDays(1));

    /// <inheritdoc cref="LicenseOptions.TypeNumberFrom"/>
    public static NumberSetting TypeNumberFrom { get; } = new("Licenses:TypeNumberFrom", 1);

    /// <inheritdoc cref="LicenseOptions.GrowthPeople"/>
    public static NumberSetting GrowthPeople { get; } = new("Licenses:GrowthPeople", 0);

    /// <inheritdoc cref="LicenseOptions.GrowthShare"/>
    public static ShareSetting GrowthShare { get; } = new("Licenses:GrowthShare", 0, 10);

    /// <inheritdoc cref="LicenseOptions.GrowthLimit"/>
    public static NumberSetting GrowthLimit { get; } = new("Licenses:GrowthLimit", 1);

    /// <inheritdoc/>
    public override string Name => GroupName;

    /// <inheritdoc/>
    protected override LicenseOptions Copy(LicenseOptions options) => options with { };
}
