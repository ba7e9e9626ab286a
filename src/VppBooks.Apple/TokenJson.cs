using System.Text.Json;
using Rejected = VppBooks.Apple.ContentTokenReading.Rejected;

namespace VppBooks.Apple;

/// <summary>What a token says about itself; the inner <c>token</c> is never looked at.</summary>
internal readonly record struct TokenFields(string OrganizationName, DateTimeOffset Expires);

/// <summary>The inner layer of a token file: a JSON object with <c>token</c>, <c>expDate</c> and <c>orgName</c> (reference 1.1).</summary>
internal static class TokenJson
{
    private const int MaxOrganizationName = 256;
    private const string NewDownload = "Download a new token from Apple School Manager or Apple Business and upload that file unchanged.";

    private static readonly string[] Required = ["token", "expDate", "orgName"];

    /// <summary>Reads the fields; null when they are all good.</summary>
    public static Rejected? Read(ReadOnlySpan<byte> json, out TokenFields fields)
    {
        fields = default;
        Dictionary<string, (JsonTokenType Type, string? Text)> members;
        try
        {
            if (ReadMembers(json, out members) is { } duplicate)
            {
                return duplicate;
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return new("TokenFileNotJson", $"The file is not a content token: what it holds is not the JSON object that Apple writes. {NewDownload}");
        }

        foreach (var name in Required)
        {
            if (CheckField(name, members) is { } rejected)
            {
                return rejected;
            }
        }

        foreach (var (name, (_, text)) in members)
        {
            if (text is not null && HasStrayCharacters(text))
            {
                return new("TokenFileInvalidCharacters", $"The token holds control characters, so it was changed after the download. {NewDownload}", Known(name));
            }
        }

        if (!AppleDate.TryParse(members["expDate"].Text, out var expires))
        {
            return new("TokenExpiryInvalid", $"The token's expiry (expDate) is not a date with a time zone. {NewDownload}", "expDate");
        }

        fields = new(Cut(members["orgName"].Text!), expires);
        return null;
    }

    private static Rejected? CheckField(string name, Dictionary<string, (JsonTokenType Type, string? Text)> members)
    {
        if (!members.TryGetValue(name, out var member))
        {
            return new("TokenFileMissingField", $"The token has no {name}. {NewDownload}", name);
        }

        if (member.Type != JsonTokenType.String)
        {
            return new("TokenFileWrongType", $"The token's {name} is not a text. {NewDownload}", name);
        }

        return string.IsNullOrWhiteSpace(member.Text) ? new("TokenFileMissingField", $"The token's {name} is empty. {NewDownload}", name) : null;
    }

    private static Rejected? ReadMembers(ReadOnlySpan<byte> json, out Dictionary<string, (JsonTokenType Type, string? Text)> members)
    {
        members = new(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 8 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("Not an object.");
        }

        // Names per open object: with a repeated name it would be chance which value counts.
        var open = new Stack<HashSet<string>>();
        open.Push(new(StringComparer.Ordinal));
        Rejected? duplicate = null;
        string? name = null;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    open.Push(new(StringComparer.Ordinal));
                    break;
                case JsonTokenType.EndObject:
                    open.Pop();
                    break;
                case JsonTokenType.PropertyName:
                    name = reader.GetString()!;
                    if (!open.Peek().Add(name))
                    {
                        duplicate ??= new("TokenFileDuplicateField", $"The token holds the same field twice, so it was changed after the download. {NewDownload}", Known(name));
                    }

                    break;
            }

            if (reader.CurrentDepth == 1 && reader.TokenType is not (JsonTokenType.PropertyName or JsonTokenType.EndObject or JsonTokenType.EndArray) && name is not null)
            {
                members[name] = (reader.TokenType, reader.TokenType == JsonTokenType.String ? Text(ref reader) : null);
            }
        }

        return duplicate;
    }

    // A lone surrogate cannot become a string; it is shown as a control character, which is refused.
    private static string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return "\0";
        }
    }

    private static bool HasStrayCharacters(string text)
    {
        foreach (var character in text)
        {
            if (char.IsControl(character))
            {
                return true;
            }
        }

        return false;
    }

    private static string? Known(string name) => Array.IndexOf(Required, name) >= 0 ? name : null;

    // Not in the middle of a character that takes two units.
    private static string Cut(string text) => text.Length <= MaxOrganizationName
        ? text
        : text[..(char.IsHighSurrogate(text[MaxOrganizationName - 1]) ? MaxOrganizationName - 1 : MaxOrganizationName)];
}
