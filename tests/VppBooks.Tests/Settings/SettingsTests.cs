using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using VppBooks.Web.Settings;

namespace VppBooks.Tests.Settings;

public sealed class SettingsTests
{
    [Fact]
    public void Defaults_are_fit_to_start_with_once_sign_in_is_set()
    {
        var services = Services([]);

        Assert.Equal("0 0 6,18 * * ?", services.GetRequiredService<IOptions<SyncSettings>>().Value.Schedule);
        Assert.EndsWith("vppbooks.db;Default Timeout=30", services.GetRequiredService<IOptions<DatabaseSettings>>().Value.ConnectionString, StringComparison.Ordinal);
        services.GetRequiredService<IStartupValidator>().Validate();
    }

    [Theory]
    [InlineData("Database:Provider", "Oracle", "Database:Provider must be one of: Sqlite, SqlServer; it is \"Oracle\".")]
    [InlineData("Scheduler:Threads", "many", "Scheduler:Threads must be one of: a whole number; it is \"many\".")]
    [InlineData("Licenses:UnknownAfter", "soon", "Licenses:UnknownAfter must be one of: a duration such as 00:30:00; it is \"soon\".")]
    public void Value_of_another_kind_is_refused_with_the_key_and_what_is_allowed(string key, string value, string sentence)
    {
        var services = Services([new(key, value)]);

        var refusal = Assert.Throws<SettingsException>(() => services.GetRequiredService<IStartupValidator>().Validate());

        Assert.Equal(sentence, refusal.Message);
    }

    [Fact]
    public void Receiver_of_alerts_needs_an_https_address_and_a_long_secret()
    {
        var services = Services([new("Alerts:Webhooks:0:Url", "http://hooks.example/alerts"), new("Alerts:Webhooks:0:Secret", "short")]);

        var refusal = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate());

        Assert.Contains(refusal.Failures, f => f.StartsWith("Alerts:Webhooks:0:Url must be an absolute https", StringComparison.Ordinal));
        Assert.Contains(refusal.Failures, f => f.StartsWith("Alerts:Webhooks:0:Secret must be at least 24", StringComparison.Ordinal));
        Assert.DoesNotContain("short", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Apple:BaseUrl", "http://vpp.example/mdm/v2")]
    [InlineData("Graph:BaseUrl", "graph")]
    [InlineData("KeyRing:CertificatePath", "/nowhere/ring.pfx")]
    [InlineData("Sync:Schedule", "twice a day")]
    [InlineData("Sync:TimeZone", "Mars/Olympus")]
    [InlineData("Scheduler:Threads", "0")]
    [InlineData("Licenses:UnknownAfter", "9.00:00:00")]
    [InlineData("Licenses:UnknownReadsApart", "02:00:00")]
    [InlineData("Console:IdleTimeout", "00:00:01")]
    [InlineData("Console:CircuitsPerPerson", "0")]
    [InlineData("ReverseProxy:KnownProxies:0", "proxy")]
    [InlineData("ReverseProxy:KnownNetworks:0", "10.0.0.0")]
    [InlineData("RateLimit:Burst", "1")]
    [InlineData("Notifications:PublicUrl", "books.example")]
    [InlineData("Notifications:PublicUrl", "http://books.example")]
    [InlineData("Notifications:PublicUrl", "https://books.example/?a=b")]
    [InlineData("Notifications:PublicUrl", "https://books.example/?")]
    [InlineData("Notifications:PublicUrl", "https://books.example/#part")]
    [InlineData("Notifications:PublicUrl", "https://user:password@books.example/")]
    [InlineData("Telemetry:MetricsToken", "short")]
    [InlineData("Alerts:Language", "fr")]
    [InlineData("Alerts:ConsoleUrl", "books.example")]
    [InlineData("Alerts:StockLowShare", "2")]
    [InlineData("Alerts:SyncStaleAfter", "00:10:00")]
    [InlineData("Telemetry:OtlpEndpoint", "collector:4318")]
    [InlineData("AzureAd:TenantId", "contoso.example")]
    [InlineData("AzureAd:Instance", "http://login.example/")]
    public void Value_out_of_bounds_is_refused_with_its_key(string key, string value)
    {
        var services = Services([new(key, value)]);

        var refusal = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate());

        var section = string.Join(':', key.Split(':')[..2]);
        Assert.Contains(refusal.Failures, f => f.StartsWith(section + " ", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("https://vpp.itunes.apple.com/mdm/v2", "00:09:59", false)]
    [InlineData("https://vpp.itunes.apple.com/mdm/v2", "00:10:00", true)]
    [InlineData("http://127.0.0.1:5081/apple/mdm/v2", "00:00:03", true)]
    [InlineData("http://127.0.0.1:5081/apple/mdm/v2", "00:00:00.5", false)]
    public void Absence_is_not_believed_before_a_request_can_have_ended(string apple, string after, bool fine)
    {
        var services = Services([new("Apple:BaseUrl", apple), new("Licenses:UnknownAfter", after)]);

        var refusal = Record.Exception(() => services.GetRequiredService<IStartupValidator>().Validate());

        Assert.Equal(fine, refusal is null);
    }

    [Fact]
    public void Address_longer_than_Apple_takes_is_refused() => Assert.Throws<OptionsValidationException>(
        () => Services([new("Notifications:PublicUrl", "https://books.example/" + new string('x', 480))]).GetRequiredService<IStartupValidator>().Validate());

    [Theory]
    [InlineData("")]
    [InlineData("https://books.example")]
    [InlineData("https://books.example:8443/console/")]
    [InlineData("http://localhost:5080")]
    public void Address_that_Apple_can_use_is_taken(string address) => Services([new("Notifications:PublicUrl", address)]).GetRequiredService<IStartupValidator>().Validate();

    [Fact]
    public void Sql_server_without_a_connection_is_refused()
    {
        var services = Services([new("Database:Provider", "SqlServer")]);

        var refusal = Assert.Throws<OptionsValidationException>(() => services.GetRequiredService<IStartupValidator>().Validate());

        Assert.Contains("ConnectionStrings:VppBooks", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Secrets_stay_out_of_the_refusal()
    {
        var services = Services([new("AzureAd:ClientSecret", "do-not-tell"), new("AzureAd:ClientId", "x"), new("KeyRing:CertificatePassword", "do-not-tell"), new("KeyRing:CertificatePath", "/nowhere/ring.pfx")]);

        var refusal = Assert.ThrowsAny<Exception>(() => services.GetRequiredService<IStartupValidator>().Validate());

        Assert.DoesNotContain("do-not-tell", refusal.ToString(), StringComparison.Ordinal);
    }

    private static ServiceProvider Services(IEnumerable<KeyValuePair<string, string?>> settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["AzureAd:Instance"] = "https://login.microsoftonline.com/",
            ["AzureAd:TenantId"] = "6f1d2c3b-4a59-4e68-9b7a-0c1d2e3f4a5b",
            ["AzureAd:ClientId"] = "b1a7c0de-0000-4000-8000-000000000001",
            ["AzureAd:ClientSecret"] = "secret",
        }).AddInMemoryCollection(settings).Build();
        return new ServiceCollection().AddSettings(configuration, Path.GetTempPath()).BuildServiceProvider();
    }
}
