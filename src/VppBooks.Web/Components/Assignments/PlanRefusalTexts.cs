using Microsoft.Extensions.Localization;
using VppBooks.Core.Assignments;

namespace VppBooks.Web.Components.Assignments;

/// <summary>Why a wish cannot be planned or committed.</summary>
public sealed class PlanRefusalTexts;

internal static class RefusalSentences
{
    extension(IStringLocalizer<PlanRefusalTexts> words)
    {
        /// <param name="refusal">The refusal.</param>
        /// <param name="group">Name of the group it is about; null when it is about none.</param>
        public string Say(AssignmentRefusal refusal, string? group)
        {
            string sentence = refusal.Code switch
            {
                "BookNotFound" => words["There is no such book: it, or its token, was deleted."],
                "IntentNotSupported" => words["A book can be Available, Required or Excluded."],
                "AllUsersExcluded" => words["All users cannot be excluded. Remove the assignments instead."],
                "SameGroupTwice" => words["A group can be used once per book. Remove it from the other list first."],
                "GroupNotFound" => words["The group is not in the directory. Choose another one."],
                "GroupDeleted" => words["The group was deleted in the directory. Remove it from the assignments."],
                "DeviceGroup" => words["The group's members are devices. A book can only be given to people: choose a group of users."],
                "GroupNotSecurityEnabled" => words["The group is not security-enabled. Choose a security group."],
                "DirectoryConsentMissing" => words["The directory does not let VppBooks read groups. Ask an administrator of the directory to grant consent again."],
                "DirectoryUnavailable" => words["The directory cannot be read now, so it is not known who would get the book. Try again in a few minutes."],
                "DirectoryBusy" => words["The directory asks VppBooks to wait until {0} UTC, so it is not known who would get the book. Try again then.", refusal.RetryAt?.UtcDateTime.ToString("HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture) ?? ""],
                "DirectoryStale" => words["The directory, or a group of the book, could not be read for so long that nothing new is planned. Ask an administrator of the directory whether consent was withdrawn; planning goes on by itself as soon as it can be read."],
                "PlanUndone" => words["This plan was called back. Make the plan again."],
                "PlanRejected" => words["This plan was not approved. Make the plan again."],
                "PlanApproved" => words["This plan was approved meanwhile."],
                "PlanEnded" => words["This plan is not waiting for a decision any more."],
                "OwnPlan" => words["A second person has to approve this plan: you committed it, or gave the book to its groups."],
                "TooLate" => words["The undo window has ended: licenses of this plan are on their way to Apple and cannot be called back."],
                "UndoWindowOutOfRange" => words["A commit can be called back for at most seven days."],
                "NumberNotTyped" => words["The number that was typed is not the number of licenses this plan takes, now or when there are more."],
                "PlanNotFound" => words["There is no such plan. Make the plan again."],
                _ => refusal.Message,
            };
            return group is null ? sentence : $"{group}: {sentence}";
        }
    }
}
