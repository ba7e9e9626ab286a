using System.Text.Json;

namespace VppBooks.SimulatedCloud.Apple;

internal static class CommonFields
{
    /// <summary>What every authenticated answer carries: uId, expiry, claim.</summary>
    public static void WriteCommon(this AppleSimulator simulator, Utf8JsonWriter writer, LocationState location, TokenFacts facts)
    {
        if (!simulator.Switches.ExpirationOnlyInLastDays || facts.ExpiresAt - simulator.Now <= TimeSpan.FromDays(15))
        {
            writer.WriteString("tokenExpirationDate", ContentTokens.FormatDate(facts.ExpiresAt));
        }

        writer.WriteString("uId", location.UId);
        writer.WriteClaim(location.Claim);
        if (simulator.Switches.ExtraFields)
        {
            writer.WriteString("apnToken", "aW52ZW50ZWQtYXBuLXRva2Vu");
            writer.WriteStartObject("newInALaterVersion");
            writer.WriteNumber("level", 3);
            writer.WriteStartArray("tags");
            writer.WriteStringValue("x");
            writer.WriteNullValue();
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
    }
}
