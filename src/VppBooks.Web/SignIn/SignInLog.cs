namespace VppBooks.Web.SignIn;

internal static partial class SignInLog // ids 1000-1099
{
    [LoggerMessage(1001, LogLevel.Warning, "Sign-in failed with {Failure}; reference {Reference}")]
    public static partial void SignInFailed(this ILogger logger, string failure, string reference);

    [LoggerMessage(1002, LogLevel.Information, "{ObjectId} signed out")]
    public static partial void SignedOut(this ILogger logger, string? objectId);

    [LoggerMessage(1003, LogLevel.Warning, "{ObjectId} was refused {Path}")]
    public static partial void Refused(this ILogger logger, string? objectId, string path);
}
