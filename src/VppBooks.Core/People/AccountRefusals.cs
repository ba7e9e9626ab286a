using VppBooks.Apple;

namespace VppBooks.Core.People;

/// <summary>
/// Managed Apple Accounts that Apple would not connect. The record behind one may exist all the same: invited by mail, it waits for acceptance, and without a word
/// about the account nobody would know why the person was not connected at once.
/// </summary>
internal static class AccountRefusals
{
    /// <summary>The account belongs to another organization, or cannot be used.</summary>
    public const int Refused = 9635;

    /// <summary>The account is behind another record of the location.</summary>
    public const int InUse = 9641;

    /// <summary>Apple's number for the refused account of a record; null when there is none, or when the person is connected in spite of it.</summary>
    public static int? NumberOf(VppUserStatus status, bool retired, int? errorNumber, bool managedAccountRefused) => (retired, status) switch
    {
        (true, _) or (_, VppUserStatus.Associated) => null,
        _ when errorNumber is Refused or InUse => errorNumber,
        // A record that Apple has not confirmed yet is being created without the account: nobody has to do anything.
        (_, VppUserStatus.Registered) when managedAccountRefused => Refused,
        _ => null,
    };
}
