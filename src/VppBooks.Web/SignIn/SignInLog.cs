namespace VppBooks.Web.SignIn;

internal static partial class SignInLog // ids 1000-1099
{
    [LoggerMessage(1001, LogLevel.Warning, "Sign-in failed with {Failure}; reference {Reference}")]
    public static partial void SignInFailed(this ILogger logger, string failure, string reference);

    [LoggerMessage(1002, LogLevel.Information, "{ObjectId} signed out")]
    public static partial void SignedOut(this ILogger logger, string? objectId);

    [LoggerMessage(1003, LogLevel.Warning, "{ObjectId} was refused {Path}")]
    public static partial void Refused(this ILogger logger, string? objectId, string path);

    [LoggerMessage(1004, LogLevel.Warning, "The sign-in of {ObjectId} was ended: the account is disabled or gone, or a role was withdrawn")]
    public static partial void Withdrawn(this ILogger logger, string? objectId);

    [LoggerMessage(1005, LogLevel.Warning, "Whether {ObjectId} may still sign in could not be asked: {Failure}, {Remedy}")]
    public static partial void StandingNotRead(this ILogger logger, Guid objectId, string failure, string remedy);

    [LoggerMessage(1006, LogLevel.Error, "A page was signed out because its sign-in could not be looked at")]
    public static partial void CircuitNotChecked(this ILogger logger, Exception exception);
}
