namespace VppBooks.Web.Api;

/// <summary>What else an address may answer than what was asked for, for the OpenAPI document. A wrong method is not among it: it is no operation of the address.</summary>
internal static class ApiRefusals
{
    /// <summary>Answers in the error envelope, by status.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">The route, without a slash before it.</param>
    /// <param name="readsBody">Whether the address reads a body.</param>
    public static IEnumerable<(string Status, string Text)> Of(string method, string path, bool readsBody)
    {
        var segments = Segments(path);
        var changes = method != "GET";
        // A batch carries keys of others and has none of its own.
        var keyed = changes && segments[^1] != "$batch";
        (bool Can, string Status, string Text)[] all =
        [
            (true, "400", "The request cannot be understood; the message says where."),
            (true, "401", "The access token is missing, has expired, or is not for this service."),
            (true, "403", "The roles of the caller do not allow it."),
            (segments.Any(s => s[0] == '{') && !NeverLooks(method, segments), "404", "There is no such thing."),
            (keyed, "409", "It conflicts with the present state, or the first request with its Idempotency-Key is still being served."),
            (IsConditional(method, path), "412", "It was changed since the tag in If-Match was read."),
            (changes, "413", "The body is larger than 1 MiB."),
            (readsBody, "415", "The body is not JSON."),
            (keyed, "422", "The Idempotency-Key came with another request before, or the number of a plan was not typed."),
            (true, "429", "Too many requests; Retry-After says how long to wait."),
            (true, "500", "Something went wrong here."),
            (AsksOthers(method, segments), "503", "Apple or the directory does not answer now; Retry-After says how long to wait, where that is known."),
        ];
        return all.Where(a => a.Can).Select(a => (a.Status, a.Text));
    }

    /// <summary>Whether an address holds <c>If-Match</c> against what it changes.</summary>
    public static bool IsConditional(string method, string path) => (method, Segments(path)) switch
    {
        ("PATCH" or "DELETE", [.., "vppTokens" or "assignments" or "managedEBookCategories", ['{', ..]]) => true,
        ("DELETE", [.., "managedEBooks", ['{', ..]]) => true,
        ("POST", [.., "assign"]) => true,
        _ => false,
    };

    /// <summary>Whether an address holds <c>If-None-Match</c> against what it reads.</summary>
    public static bool IsCached(string method, string path) => method == "GET" && Segments(path) switch
    {
        [.., "vppTokens" or "managedEBooks" or "assignments" or "managedEBookCategories" or "categories", ['{', ..]] => true,
        [.., "managedEBooks", ['{', ..], "iosVppEBook" or "graph.iosVppEBook"] => true,
        _ => false,
    };

    // What a book is comes from Apple: there is nothing to look for.
    private static bool NeverLooks(string method, string[] segments) => method == "PATCH" && segments is [.., "managedEBooks", _];

    // Tokens are tried out at Apple before they are kept; people of groups are read before anything is promised to them.
    private static bool AsksOthers(string method, string[] segments) => (method, segments) switch
    {
        ("POST", [.., "vppTokens" or "assign" or "assignments" or "plans" or "commit"]) => true,
        ("PATCH", [.., "vppTokens" or "assignments", _]) or ("DELETE", [.., "assignments", _]) => true,
        _ => false,
    };

    private static string[] Segments(string path) => [.. path.Trim('/').Split('/').Select(s => s.Replace("microsoft.graph.", "", StringComparison.Ordinal))];
}
