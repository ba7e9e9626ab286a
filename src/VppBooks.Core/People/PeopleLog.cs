using Microsoft.Extensions.Logging;

namespace VppBooks.Core.People;

internal static partial class PeopleLog // ids 5320-5339
{
    [LoggerMessage(5320, LogLevel.Information, "{People} people of an earlier version can be found by the words of their names and addresses now")]
    public static partial void WordsFilled(this ILogger logger, int people);

    [LoggerMessage(5321, LogLevel.Warning, "Words of people of an earlier version could not be stored: {Failure}; tried again in half a minute")]
    public static partial void WordsNotFilled(this ILogger logger, string failure);
}
