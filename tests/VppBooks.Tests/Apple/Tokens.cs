using System.Text;
using VppBooks.Apple;

namespace VppBooks.Tests.Apple;

/// <summary>Token files, good and bad. All invented.</summary>
internal static class Tokens
{
    public const string Json = """{"expDate":"2027-05-18T10:42:07+0000","token":"aW52ZW50ZWQtbG9jYXRpb24tc2VjcmV0LTAwMDEtZG8tbm90LXVzZQ==","orgName":"Riverside Libraries"}""";

    public static readonly DateTimeOffset Now = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    public static string Text => Encode(Json);

    public static ContentToken Valid => ContentToken.Restore(Text);

    public static string Encode(string json) => Convert.ToBase64String(Encoding.UTF8.GetBytes(json));

    public static ContentTokenReading Read(string text) => ContentToken.Read(Encoding.UTF8.GetBytes(text), Now);

    public static ContentTokenReading Read(byte[] file) => ContentToken.Read(file, Now);
}
