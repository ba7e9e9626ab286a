using System.Globalization;
using VppBooks.Core.Settings;
using VppBooks.Web.Settings;

namespace VppBooks.Web.Components.Settings;

/// <summary>What somebody is making of a setting, before it is saved.</summary>
public sealed class SettingDraft
{
    public SettingDraft(SettingRow row)
    {
        Row = row;
        Show(row.Value);
    }

    /// <summary>The setting as it was read.</summary>
    public SettingRow Row { get; private set; }

    /// <summary>What stands in the field.</summary>
    public string Text { get; private set; } = "";

    /// <summary>The unit beside the field, for lengths of time.</summary>
    public DurationUnit Unit { get; private set; } = DurationUnit.All[1];

    /// <summary>Whether configuration is to hold again.</summary>
    public bool Reset { get; private set; }

    /// <summary>What is wrong with it; null: nothing that is known.</summary>
    public string? Error { get; set; }

    /// <summary>Whether saving would change anything.</summary>
    public bool IsChanged => Reset ? Row.Stored is not null : Value != Row.Value;

    /// <summary>Whether configuration holds, once it is saved.</summary>
    public bool FollowsConfiguration => Reset || (Row.Stored is null && !IsChanged);

    /// <summary>Whether configuration holds although something else is stored, and nobody has changed that here.</summary>
    public bool IsOverruled => Row.Overruled && !IsChanged;

    /// <summary>Id of the field on the page.</summary>
    public string Id => "setting-" + Row.Setting.Key.Replace(':', '-').ToLowerInvariant();

    /// <summary>What would be stored: the field in the form that configuration has. What cannot be read goes as it is, and is refused.</summary>
    public string Value => Row.Setting switch
    {
        DurationSetting duration when long.TryParse(Text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) && Math.Abs(number) <= int.MaxValue =>
            duration.Write(TimeSpan.FromSeconds((double)number * Unit.Seconds)),
        DurationSetting => "-",
        ShareSetting when decimal.TryParse(Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var percent) => (percent / 100).ToString("0.############", CultureInfo.InvariantCulture),
        _ when Row.Setting.Key == SyncSchedule.Schedule.Key && Text == SyncTimes.ToText(Row.Value) => Row.Value,
        _ => Text.Trim(),
    };

    /// <summary>Somebody typed.</summary>
    public void Type(string? text) => (Text, Reset, Error) = (text ?? "", false, null);

    /// <summary>Somebody chose another unit.</summary>
    public void Choose(DurationUnit unit) => (Unit, Reset, Error) = (unit, false, null);

    /// <summary>Configuration is to hold again.</summary>
    public void FollowConfiguration()
    {
        Show(Row.Configured);
        (Reset, Error) = (true, null);
    }

    /// <summary>Somebody else changed it: what was typed stays, and would now replace what they set.</summary>
    public void Rebase(SettingRow row, string error) => (Row, Error) = (row, error);

    /// <summary>The change to ask for; null: none.</summary>
    public SettingChange? ToChange() => IsChanged ? new SettingChange(Row.Setting.Key, Reset ? null : Value, Row.Version) : null;

    private void Show(string value)
    {
        switch (Row.Setting)
        {
            case { } setting when setting.Fault(value) is not null:
                // Stored by another version, or by hand: it is shown as it is, so that somebody can put it right.
                Text = value;
                break;
            case DurationSetting duration:
                var (number, unit) = DurationUnit.Split(duration.Read(value));
                (Text, Unit) = (number.ToString(CultureInfo.InvariantCulture), unit);
                break;
            case ShareSetting share:
                Text = ((decimal)share.Read(value) * 100).ToString("0.##########", CultureInfo.InvariantCulture);
                break;
            default:
                Text = Row.Setting.Key == SyncSchedule.Schedule.Key ? SyncTimes.ToText(value) : value;
                break;
        }
    }
}
