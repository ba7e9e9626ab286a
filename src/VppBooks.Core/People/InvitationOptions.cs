using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace VppBooks.Core.People;

/// <summary>Settings of the section <c>Invitations</c>.</summary>
public sealed class InvitationOptions
{
    public const string SectionName = "Invitations";

    /// <summary>Send the first invitation by itself as soon as Apple has made its code.</summary>
    public bool SendByItself { get; set; } = true;

    /// <summary>Time from one mail to the next reminder. 1 h to 90 days.</summary>
    public TimeSpan RemindEvery { get; set; } = TimeSpan.FromDays(7);

    /// <summary>Reminders after the invitation; 0: none. 0 to 20.</summary>
    public int MaxReminders { get; set; } = 3;

    /// <summary>Shortest time between two mails to one person that somebody asked for. 0 to 7 days.</summary>
    public TimeSpan ResendAfter { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Beginning of the time of day when reminders may leave.</summary>
    public TimeOnly RemindFrom { get; set; } = new(8, 0);

    /// <summary>End of it; later than <see cref="RemindFrom"/>.</summary>
    public TimeOnly RemindUntil { get; set; } = new(17, 0);

    /// <summary>Days when reminders may leave: English names separated by commas.</summary>
    public string RemindOn { get; set; } = "Monday,Tuesday,Wednesday,Thursday,Friday";

    /// <summary>Zone of day and time; empty: the server's.</summary>
    public string TimeZone { get; set; } = "";

    /// <summary>Own subject of invitations with <c>{name}</c> and <c>{location}</c>; empty: ours. Own words go to everybody, so they are in <c>Mail:Language</c>.</summary>
    public string Subject { get; set; } = "";

    /// <summary>Own text of invitations with <c>{link}</c>, <c>{name}</c> and <c>{location}</c>; empty: ours.</summary>
    public string Text { get; set; } = "";

    /// <summary>Own subject of reminders.</summary>
    public string ReminderSubject { get; set; } = "";

    /// <summary>Own text of reminders.</summary>
    public string ReminderText { get; set; } = "";

    /// <summary>The earliest moment from <paramref name="now"/> on when a reminder may leave.</summary>
    internal DateTimeOffset NextOpening(DateTimeOffset now)
    {
        var zone = TimeZone.Length > 0 ? TimeZoneInfo.FindSystemTimeZoneById(TimeZone) : TimeZoneInfo.Local;
        var days = Days();
        var local = TimeZoneInfo.ConvertTime(now, zone);
        for (var ahead = 0; ahead <= 7; ahead++)
        {
            var date = DateOnly.FromDateTime(local.DateTime).AddDays(ahead);
            if (!days.Contains(date.DayOfWeek) || (ahead == 0 && TimeOnly.FromDateTime(local.DateTime) >= RemindUntil))
            {
                continue;
            }

            if (ahead == 0 && TimeOnly.FromDateTime(local.DateTime) >= RemindFrom)
            {
                return now;
            }

            var opening = date.ToDateTime(RemindFrom);
            // An hour that the change to summer time leaves out begins with the next one.
            opening = zone.IsInvalidTime(opening) ? opening.AddHours(1) : opening;
            return new DateTimeOffset(opening, zone.GetUtcOffset(opening)).ToUniversalTime();
        }

        return now.AddDays(7);
    }

    internal HashSet<DayOfWeek> Days() =>
        [.. RemindOn.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(d => Enum.Parse<DayOfWeek>(d, ignoreCase: true))];
}

/// <summary>Stops start-up with the key and the allowed values.</summary>
internal sealed partial class InvitationOptionsValidator : IValidateOptions<InvitationOptions>
{
    public ValidateOptionsResult Validate(string? name, InvitationOptions options)
    {
        List<string> errors = [];
        if (options.RemindEvery < TimeSpan.FromHours(1) || options.RemindEvery > TimeSpan.FromDays(90))
        {
            errors.Add("Invitations:RemindEvery must be 01:00:00 to 90.00:00:00.");
        }

        if (options.MaxReminders is < 0 or > 20)
        {
            errors.Add("Invitations:MaxReminders must be 0 to 20.");
        }

        if (options.ResendAfter < TimeSpan.Zero || options.ResendAfter > TimeSpan.FromDays(7))
        {
            errors.Add("Invitations:ResendAfter must be 00:00:00 to 7.00:00:00.");
        }

        if (options.RemindFrom >= options.RemindUntil)
        {
            errors.Add("Invitations:RemindFrom must be earlier than Invitations:RemindUntil.");
        }

        var days = options.RemindOn.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (days.Length == 0 || days.Any(d => !Enum.GetNames<DayOfWeek>().Contains(d, StringComparer.OrdinalIgnoreCase)))
        {
            errors.Add("Invitations:RemindOn must name days in English, separated by commas, such as Monday,Tuesday.");
        }

        if (options.TimeZone.Length > 0 && !TimeZoneInfo.TryFindSystemTimeZoneById(options.TimeZone, out _))
        {
            errors.Add("Invitations:TimeZone must be an IANA or Windows time zone id, or empty.");
        }

        Check(errors, nameof(options.Subject), options.Subject, isText: false);
        Check(errors, nameof(options.ReminderSubject), options.ReminderSubject, isText: false);
        Check(errors, nameof(options.Text), options.Text, isText: true);
        Check(errors, nameof(options.ReminderText), options.ReminderText, isText: true);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static void Check(List<string> errors, string key, string template, bool isText)
    {
        if (template.Length == 0)
        {
            return;
        }

        string[] known = isText ? ["{link}", "{name}", "{location}"] : ["{name}", "{location}"];
        if (Placeholders().Matches(template).Any(m => !known.Contains(m.Value)))
        {
            errors.Add($"Invitations:{key} may hold these placeholders only: {string.Join(", ", known)}.");
        }

        if (isText && !template.Contains("{link}", StringComparison.Ordinal))
        {
            errors.Add($"Invitations:{key} must hold {{link}}: without it nobody can accept.");
        }

        if (!isText && template.Any(char.IsControl))
        {
            errors.Add($"Invitations:{key} must be one line.");
        }
    }

    [GeneratedRegex(@"\{[^{}]*\}", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Placeholders();
}
