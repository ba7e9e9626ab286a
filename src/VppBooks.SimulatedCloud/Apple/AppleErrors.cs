namespace VppBooks.SimulatedCloud.Apple;

/// <summary>What an error is about; parts that are empty are left out.</summary>
internal sealed record ErrorInfo(IReadOnlyCollection<(string AdamId, string PricingParam)>? Assets = null, IReadOnlyCollection<string>? ClientUserIds = null, IReadOnlyCollection<string>? SerialNumbers = null);

/// <summary>A synchronous refusal: nothing was processed.</summary>
#pragma warning disable CA1032, CA1064, MA0048 // Thrown and caught inside the stand-in only.
internal sealed class AppleRefusal(int errorNumber, ErrorInfo? info = null, int? status = null) : Exception
{
    public int ErrorNumber => errorNumber;

    public ErrorInfo? Info => info;

    public string? RetryAfter { get; init; }

    public int Status => status ?? AppleErrors.StatusOf(errorNumber);
}
#pragma warning restore CA1032, CA1064, MA0048

internal static class AppleErrors
{
    public static readonly IReadOnlyDictionary<int, string> Messages = new SortedDictionary<int, string>
    {
        [9601] = "Login required.",
        [9602] = "Invalid argument.",
        [9603] = "Internal error.",
        [9609] = "Unable to find the registered user.",
        [9616] = "License already assigned.",
        [9621] = "The token has expired.",
        [9622] = "Invalid authentication token.",
        [9625] = "The token has been revoked.",
        [9634] = "The service no longer exists.",
        [9635] = "The Apple Account can't be associated with the user.",
        [9637] = "The operation isn't allowed for this account.",
        [9641] = "The Apple Account is already associated with another user.",
        [9644] = "The service is under maintenance.",
        [9645] = "The location is managed by another service.",
        [9646] = "Too many requests.",
        [9647] = "The operation isn't supported for legacy tokens.",
        [9650] = "Invalid page index.",
        [9700] = "Too many assets.",
        [9701] = "Too many client user IDs.",
        [9702] = "Too many serial numbers.",
        [9703] = "Duplicate assets.",
        [9704] = "Duplicate client user IDs.",
        [9705] = "Duplicate serial numbers.",
        [9706] = "The asset isn't revocable.",
        [9707] = "The asset isn't device assignable.",
        [9708] = "The event can't be found.",
        [9709] = "Not enough licenses.",
        [9710] = "The notification URL and token are required together.",
        [9711] = "The notification URL or token is too long.",
        [9712] = "The notification URL is invalid.",
        [9713] = "The MDM metadata is too long.",
        [9714] = "Too many users.",
        [9715] = "Duplicate users.",
        [9716] = "The user already exists.",
        [9717] = "The email address is invalid.",
        [9718] = "Assets are required.",
        [9719] = "Client user IDs or serial numbers are required.",
        [9720] = "Users are required.",
        [9721] = "The version ID is invalid.",
        [9722] = "The authorization header is malformed.",
        [9723] = "The MDM information is incomplete.",
        [9724] = "The MDM ID is too long.",
        [9725] = "The MDM name is too long.",
        [9726] = "The method isn't allowed.",
        [9727] = "The content type isn't supported.",
        [9728] = "The notification URL can't be reached.",
        [9729] = "The service is temporarily unavailable.",
    };

    public static string MessageOf(int errorNumber) => Messages.TryGetValue(errorNumber, out var message) ? message : "Unknown error.";

    public static int StatusOf(int errorNumber) => errorNumber switch
    {
        9601 or 9621 or 9625 or 9722 => 401,
        9603 => 500,
        9634 => 410,
        9637 or 9647 => 403,
        9646 => 429,
        9726 => 405,
        9727 => 415,
        9729 => 503,
        _ => 400,
    };
}
