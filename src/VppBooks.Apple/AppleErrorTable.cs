using System.Collections.Frozen;

namespace VppBooks.Apple;

/// <summary>Apple's error numbers in our own words (reference 5.2), with the v1 numbers that may still leak out.</summary>
public static class AppleErrors
{
    private const string NewToken = "Download a new content token in Apple School Manager or Apple Business and replace the location's token.";
    private const string Defect = "Report this to the people who maintain VppBooks.";
    private const string Wait = "Wait; VppBooks tries again by itself.";
    private const string Limits = "Nothing; VppBooks reads Apple's limits again and sends smaller requests.";

    private static readonly FrozenDictionary<int, AppleError> Table = new AppleError[]
    {
        new(9600, ErrorCategory.Request, "A part of the request is missing.", Defect),
        new(9601, ErrorCategory.Token, "The request carried no token.", NewToken),
        new(9602, ErrorCategory.Request, "A part of the request is not valid.", Defect),
        new(9603, ErrorCategory.Later, "Apple's service had an internal error.", Wait),
        new(9604, ErrorCategory.Request, "Apple found nothing for the request.", "Sync the location and try again."),
        new(9605, ErrorCategory.Request, "The Apple Account belongs to the store of another country.", "Ask the person to use an Apple Account of the organization's country."),
        new(9607, ErrorCategory.Request, "This license cannot be taken back.", "None: book licenses stay with the person."),
        new(9608, ErrorCategory.Later, "Apple's service gave no answer to its own question.", Wait),
        new(9609, ErrorCategory.NotRegistered, "Apple knows no registered person with this id.", "Register the person at this location again."),
        new(9610, ErrorCategory.Request, "Apple does not know this license.", "Sync the location and try again."),
        new(9611, ErrorCategory.Request, "Apple does not know the administrator named in the request.", NewToken),
        new(9612, ErrorCategory.Later, "Apple could not start the assignment.", Wait),
        new(9613, ErrorCategory.Later, "Apple could not start taking the license back.", Wait),
        new(9614, ErrorCategory.Request, "A date in the request is not valid.", Defect),
        new(9615, ErrorCategory.Request, "The organization's country is not known to Apple.", "Check the organization's settings in Apple School Manager or Apple Business."),
        new(9616, ErrorCategory.AlreadyDone, "The person already has this license.", ""),
        new(9618, ErrorCategory.AlreadyDone, "The person is already retired.", ""),
        new(9619, ErrorCategory.Request, "The license is not assigned to this person.", "Sync the location and try again."),
        new(9620, ErrorCategory.AlreadyDone, "The person is already deleted.", ""),
        new(9621, ErrorCategory.Token, "The token has expired.", NewToken),
        new(9622, ErrorCategory.Token, "The token is not valid.", NewToken),
        new(9623, ErrorCategory.Request, "The push token is not valid.", Defect),
        new(9624, ErrorCategory.Request, "The license was refunded.", "Sync the location to see the present number of licenses."),
        new(9625, ErrorCategory.Token, "The token has been revoked, perhaps because the password of the account that downloaded it was changed.", NewToken),
        new(9626, ErrorCategory.Request, "The license belongs to another person.", "Sync the location and try again."),
        new(9628, ErrorCategory.Request, "The item cannot be assigned to devices.", Defect),
        new(9630, ErrorCategory.Later, "Apple received the same request too often.", Wait),
        new(9631, ErrorCategory.Later, "Apple received too many requests for a title without free licenses.", Wait),
        new(9632, ErrorCategory.Later, "Apple received the same request too often.", Wait),
        new(9633, ErrorCategory.Request, "Apple cannot carry out this request.", Defect),
        new(9634, ErrorCategory.Request, "This service does not exist at Apple any more.", "Update VppBooks."),
        new(9635, ErrorCategory.AppleAccount, "The Managed Apple Account cannot be associated: unknown, or of another organization.", "Check the person's Managed Apple Account, or send an invitation."),
        new(9636, ErrorCategory.NotRegistered, "Apple does not find the person.", "Register the person at this location again."),
        new(9637, ErrorCategory.Permission, "The owner of the token may not do this.", "Download the token with an account that may manage apps and books, and replace the location's token."),
        new(9638, ErrorCategory.Request, "Apple cannot carry out this request.", Defect),
        new(9639, ErrorCategory.Request, "Apple cannot carry out this request.", Defect),
        new(9640, ErrorCategory.Request, "Apple cannot carry out this request.", Defect),
        new(9641, ErrorCategory.AppleAccount, "The Apple Account already belongs to another registration at this location.", "Find the other registration and retire one of the two."),
        new(9642, ErrorCategory.AppleAccount, "The Apple Account manages purchases and has no store account.", "Ask the person to use another Apple Account."),
        new(9643, ErrorCategory.Later, "The license is being moved to another location.", Wait),
        new(9644, ErrorCategory.Later, "Apple's service is in maintenance.", Wait),
        new(9645, ErrorCategory.Permission, "The location is managed by Apple's own device management and is read-only for others.", "Move the books to another location, or change who manages this one."),
        new(9646, ErrorCategory.Later, "Apple asks for fewer requests.", Wait),
        new(9647, ErrorCategory.Permission, "Not possible with a token of the old purchase program.", "Download a content token in Apple School Manager or Apple Business."),
        new(9650, ErrorCategory.Request, "The page asked for does not exist.", "Nothing; the list is read again."),
        new(9700, ErrorCategory.Size, "Too many titles in one request.", Limits),
        new(9701, ErrorCategory.Size, "Too many people in one request.", Limits),
        new(9702, ErrorCategory.Size, "Too many devices in one request.", Limits),
        new(9703, ErrorCategory.Size, "A title was named twice in one request.", Limits),
        new(9704, ErrorCategory.Size, "A person was named twice in one request.", Limits),
        new(9705, ErrorCategory.Size, "A device was named twice in one request.", Limits),
        new(9706, ErrorCategory.Request, "The item cannot be taken back.", "None: book licenses stay with the person."),
        new(9707, ErrorCategory.Request, "The item cannot be assigned to devices.", Defect),
        new(9708, ErrorCategory.Request, "Apple does not know the event (any more).", "Nothing; the result is read from the list of assignments."),
        new(9709, ErrorCategory.NotEnoughLicenses, "There are not enough licenses.", "Buy more licenses for this location; VppBooks goes on by itself."),
        new(9710, ErrorCategory.Notification, "The notification address and its secret must be set together.", Defect),
        new(9711, ErrorCategory.Notification, "The notification address or its secret is too long.", "Use a shorter public address."),
        new(9712, ErrorCategory.Notification, "The notification address is not a valid https address.", "Set the public address of VppBooks to an https address without a query."),
        new(9713, ErrorCategory.Request, "The claim's metadata is too long.", "Use a shorter host name."),
        new(9714, ErrorCategory.Size, "Too many people in one request.", Limits),
        new(9715, ErrorCategory.Size, "A person was named twice in one request.", Limits),
        new(9716, ErrorCategory.AlreadyDone, "The person is already registered.", ""),
        new(9717, ErrorCategory.Request, "An e-mail address is malformed.", "Correct the person's e-mail address."),
        new(9718, ErrorCategory.Request, "The request names no titles.", Defect),
        new(9719, ErrorCategory.Request, "The request names nobody to give the title to.", Defect),
        new(9720, ErrorCategory.Request, "The request names no people.", Defect),
        new(9721, ErrorCategory.Version, "Apple does not know the version to continue from.", "Nothing; everything is read again."),
        new(9722, ErrorCategory.Token, "The token was not sent in the form that Apple expects.", NewToken),
        new(9723, ErrorCategory.Request, "The claim is incomplete.", Defect),
        new(9724, ErrorCategory.Request, "The claim's id is too long.", Defect),
        new(9725, ErrorCategory.Request, "The claim's name is too long.", Defect),
        new(9726, ErrorCategory.Request, "Apple does not offer this method at this address.", Defect),
        new(9727, ErrorCategory.Request, "The request's content type is wrong.", Defect),
        new(9728, ErrorCategory.Notification, "Apple cannot reach the notification address.", "Check the firewall and the certificate of the public address; until then VppBooks asks Apple by itself."),
        new(9729, ErrorCategory.Later, "Apple's service is unavailable for the moment.", Wait),

        // Numbers equal to an HTTP status have been seen, and a gateway answers with a bare status (reference 5.1).
        new(401, ErrorCategory.Token, "Apple did not accept the token.", NewToken),
        new(403, ErrorCategory.Permission, "The owner of the token may not do this.", "Download the token with an account that may manage apps and books, and replace the location's token."),
        new(429, ErrorCategory.Later, "Apple asks for fewer requests.", Wait),
        new(500, ErrorCategory.Later, "Apple's service had an internal error.", Wait),
        new(502, ErrorCategory.Later, "Apple's service is unavailable for the moment.", Wait),
        new(503, ErrorCategory.Later, "Apple's service is unavailable for the moment.", Wait),
        new(504, ErrorCategory.Later, "Apple's service did not answer in time.", Wait),
    }.Concat(Enumerable.Range(9811, 8).Select(number => new AppleError(number, ErrorCategory.Request, "A request about subscriptions was refused.", Defect)))
        .ToFrozenDictionary(error => error.Number);

    /// <summary>Meaning and remedy of a number; category <see cref="ErrorCategory.Unknown"/> for a number that Apple has not documented.</summary>
    public static AppleError For(int number) => Table.GetValueOrDefault(number) ??
        new(number, ErrorCategory.Unknown, "Apple refused with a number that is not documented.", "Look at Apple's own text; report the number to the people who maintain VppBooks.");

    /// <summary>
    /// Whether Apple documents the number as a refusal before anything was done. Not so for internal errors (9603, 9608, 9729 and the
    /// like): there nobody knows how far the request came. Not so either for a bare HTTP status.
    /// </summary>
    internal static bool ProvesNothingWasDone(int number) => number >= 9600 && number is not (9603 or 9608 or 9612 or 9613 or 9729) && Table.ContainsKey(number);
}
