namespace VppBooks.Apple;

/// <summary>A location as the client needs it to speak for it.</summary>
/// <param name="Key">Names the location's rate gate: Apple's <c>uId</c>, or the token's fingerprint while the <c>uId</c> is not known yet.</param>
/// <param name="Token">The secret sent as bearer.</param>
/// <param name="ExpectedClaimId">
/// The <c>mdmInfo.id</c> that every answer must carry, or null while we have not claimed the location.
/// A read answered with another one (or none) throws <see cref="ClaimLostException"/> (reference 1.6).
/// </param>
public sealed record AppleLocation(string Key, ContentToken Token, string? ExpectedClaimId = null)
{
    /// <summary>Counts the requests sent on behalf of this instance; null when nobody wants to know.</summary>
    public RequestMeter? Meter { get; init; }

    /// <summary>
    /// Asked before each change, after all waiting and right before it would leave: null lets it go, a reason keeps it back. An exception keeps it back
    /// too. Null: nobody is asked.
    /// </summary>
    public Func<CancellationToken, Task<string?>>? MayChange { get; init; }
}

/// <summary>Counts requests to Apple; safe to share between threads.</summary>
public sealed class RequestMeter
{
    private int _requests;

    /// <summary>Requests sent so far, retries included.</summary>
    public int Requests => Volatile.Read(ref _requests);

    internal void Count() => Interlocked.Increment(ref _requests);
}
