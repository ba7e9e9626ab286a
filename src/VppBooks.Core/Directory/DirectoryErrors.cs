namespace VppBooks.Core.Directory;

/// <summary>The directory could not be read. Never an empty answer: what is stored stays as it is.</summary>
public abstract class DirectoryException(string message, Exception? inner) : Exception(message, inner)
{
    /// <summary>The directory asks to be left alone: there is no sense in asking it for the next thing.</summary>
    internal bool AsksToWait => this is DirectoryUnavailableException { RetryAt: not null };
}

/// <summary>Throttled or down through every retry.</summary>
public sealed class DirectoryUnavailableException(string message, DateTimeOffset? retryAt, Exception? inner) : DirectoryException(message, inner)
{
    /// <summary>Until when the directory asks to be left alone; null when it did not say.</summary>
    public DateTimeOffset? RetryAt { get; } = retryAt;
}

/// <summary>The administrator's consent for reading groups and users is missing or was withdrawn (403), or the sign-in of the application fails (401).</summary>
public sealed class DirectoryConsentMissingException(string message, Exception? inner) : DirectoryException(message, inner);

/// <summary>The group does not exist (any more).</summary>
public sealed class GroupGoneException(Guid directoryId, bool softDeleted, Exception? inner) : DirectoryException("The group is not in the directory.", inner)
{
    public Guid DirectoryId { get; } = directoryId;

    /// <summary>It is in the directory's recycle bin.</summary>
    public bool SoftDeleted { get; } = softDeleted;
}
