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
    At(ProgramsMayApprove, o => o.ProgramsMayApprove, (o, v) => o.ProgramsMayApprove = v),
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

    /// <inheritdoc cref="LicenseOptions.ProgramsMayApprove"/>
    public static YesNoSetting ProgramsMayApprove { get; } = new("Licenses:ProgramsMayApprove");

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

    /// <summary>
    /// A second person is asked for so that nobody can spend much alone. Where the one who runs the server has asked for that, nobody takes it back in the console, where
    /// the first person could.
    /// </summary>
    public override string? Objection(string key, string value)
    {
        if (ConfiguredOptions.ApprovalThreshold is not { } most)
        {
            return null;
        }

        return key == ApprovalThreshold.Key && (ApprovalThreshold.Read(value) is not { } threshold || threshold > most)
            ? $"{key} is {most} in configuration, and can be made stricter here, but not looser."
            : key == GuardWindow.Key && GuardWindow.Read(value) < ConfiguredOptions.GuardWindow
                ? $"{key} is {ConfiguredOptions.GuardWindow} in configuration, and can be made longer here, but not shorter."
                : key == ProgramsMayApprove.Key && ProgramsMayApprove.Read(value) && !ConfiguredOptions.ProgramsMayApprove
                    ? $"{key} is {YesNoSetting.No} in configuration, which asks for a second person: it can be made stricter here, but not looser."
                    : null;
    }

    /// <inheritdoc/>
    protected override LicenseOptions Copy(LicenseOptions options) => options with { };
}
