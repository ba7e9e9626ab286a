using Microsoft.Extensions.Localization;
using VppBooks.Apple;
using VppBooks.Core.Assignments;
using VppBooks.Core.Directory;
using VppBooks.Core.Licenses;
using VppBooks.Core.People;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Web.Components.Catalog;

/// <summary>One word for one thing, on every screen.</summary>
internal static class LedgerWords
{
    extension(IStringLocalizer<LedgerTexts> words)
    {
        /// <summary>The title, or the store id when the store does not describe the book.</summary>
        public string BookName(string? title, long adamId) => string.IsNullOrWhiteSpace(title) ? words["Book {0}", adamId] : title;

        /// <summary>The group's name; null is everybody.</summary>
        public string GroupName(string? name) => name ?? words["All users"];

        public string Of(Intent intent) => intent switch
        {
            Intent.Required => words["Required"],
            Intent.Excluded => words["Excluded"],
            _ => words["Available"],
        };

        public string Of(LicenseState state) => state switch
        {
            LicenseState.Reserved => words["Set aside"],
            LicenseState.Submitting or LicenseState.Submitted => words["Sent to Apple"],
            LicenseState.Assigned => words["Has the book"],
            LicenseState.Waiting => words["Waiting for a copy"],
            LicenseState.Failed => words["Refused by Apple"],
            LicenseState.Unknown => words["Being looked up"],
            LicenseState.Held => words["Waiting for approval"],
            LicenseState.Canceled => words["Given up"],
            LicenseState.Declined => words["Not approved"],
            _ => words["No longer at Apple"],
        };

        public string Of(LicenseSource source) => source switch
        {
            LicenseSource.Required => words["Required assignment"],
            LicenseSource.Taken => words["Taken by the reader"],
            _ => words["Found at Apple"],
        };

        public string Of(RegistrationState state) => state switch
        {
            RegistrationState.UnderWay => words["Being registered"],
            RegistrationState.Invited => words["Invited"],
            RegistrationState.Associated => words["Ready"],
            RegistrationState.Refused => words["Registration refused"],
            RegistrationState.Retired => words["Retired"],
            _ => words["Not registered"],
        };

        public string Of(VppUserStatus? status) => status switch
        {
            null => words["Not registered"],
            VppUserStatus.Registered => words["Invited"],
            VppUserStatus.Associated => words["Ready"],
            VppUserStatus.Retired => words["Retired"],
            _ => words["Being registered"],
        };

        public string Of(GroupKind kind) => kind switch
        {
            GroupKind.Security => words["Security group"],
            GroupKind.DynamicSecurity => words["Security group, dynamic"],
            GroupKind.Microsoft365 => words["Microsoft 365 group"],
            GroupKind.DynamicMicrosoft365 => words["Microsoft 365 group, dynamic"],
            GroupKind.Distribution => words["Distribution group"],
            _ => words["Device group"],
        };

        public string Of(GroupState state) => state switch
        {
            GroupState.SoftDeleted => words["In the recycle bin"],
            GroupState.Deleted => words["Deleted"],
            _ => words["Active"],
        };
    }

    public static State Tone(LicenseState state) => state switch
    {
        LicenseState.Assigned => State.Good,
        LicenseState.Submitting or LicenseState.Submitted or LicenseState.Unknown => State.Busy,
        LicenseState.Failed => State.Bad,
        LicenseState.Vanished => State.Warning,
        LicenseState.Canceled or LicenseState.Declined => State.Neutral,
        _ => State.Waiting,
    };

    public static State Tone(RegistrationState state) => state switch
    {
        RegistrationState.Associated => State.Good,
        RegistrationState.UnderWay => State.Busy,
        RegistrationState.Invited => State.Waiting,
        RegistrationState.Refused => State.Bad,
        _ => State.Neutral,
    };

    public static State Tone(VppUserStatus? status) => status switch
    {
        VppUserStatus.Associated => State.Good,
        VppUserStatus.Registered => State.Waiting,
        VppUserStatus.Unknown => State.Busy,
        _ => State.Neutral,
    };
}
