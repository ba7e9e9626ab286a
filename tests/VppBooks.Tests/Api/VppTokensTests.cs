using System.Net;
using Microsoft.Graph;
using Microsoft.Graph.Models;
using Microsoft.Graph.Models.ODataErrors;

namespace VppBooks.Tests.Api;

/// <summary><c>/deviceAppManagement/vppTokens</c> as Microsoft's own client sees it.</summary>
public sealed class VppTokensTests(ApiHouse api) : IClassFixture<ApiHouse>
{
    private const string Path = "/v1.0/deviceAppManagement/vppTokens";

    [Fact]
    public async Task Token_lives_from_upload_to_deletion()
    {
        var tokens = api.Graph().DeviceAppManagement.VppTokens;

        var created = await tokens.PostAsync(ApiHouse.NewToken(api.Cloud.Apple.IssueToken(ApiHouse.Business), "Business"));
        Assert.NotNull(created?.Id);
        Assert.Equal("Business", created.AdditionalData["displayName"]);
        Assert.Equal(true, created.AdditionalData["dataSharingConsentGranted"]);
        Assert.Equal("Noordrand Business", created.AdditionalData["locationName"]);
        Assert.Equal("books@noordrand.example", created.AppleId);
        Assert.Equal(VppTokenState.Valid, created.State);
        Assert.Equal(VppTokenAccountType.Education, created.VppTokenAccountType);
        Assert.Equal("nl", created.CountryOrRegion);
        Assert.Null(created.Token);
        Assert.InRange(created.ExpirationDateTime!.Value, TimeProvider.System.GetUtcNow().AddDays(360), TimeProvider.System.GetUtcNow().AddDays(370));

        var synced = await api.SyncedAsync(created.Id);
        Assert.InRange(synced.LastSyncDateTime!.Value, TimeProvider.System.GetUtcNow().AddMinutes(-2), TimeProvider.System.GetUtcNow());

        var renamed = await tokens[created.Id].PatchAsync(new VppToken { AppleId = "new@noordrand.example", AdditionalData = { ["displayName"] = "North campus" } });
        Assert.Equal("North campus", renamed!.AdditionalData["displayName"]);
        Assert.Equal("new@noordrand.example", renamed.AppleId);

        var renewed = await tokens[created.Id].PatchAsync(new VppToken { Token = System.Text.Encoding.ASCII.GetString(api.Cloud.Apple.IssueToken(ApiHouse.Business)) });
        Assert.Equal(created.Id, renewed!.Id);
        Assert.Equal("North campus", renewed.AdditionalData["displayName"]);
        await api.SyncedAsync(created.Id);

        await tokens[created.Id].DeleteAsync();
        var gone = await Assert.ThrowsAsync<ODataError>(() => tokens[created.Id].GetAsync());
        Assert.Equal(404, gone.ResponseStatusCode);
        Assert.Equal("ResourceNotFound", gone.Error!.Code);
        Assert.Contains(created.Id, gone.Message, StringComparison.Ordinal);
        Assert.NotNull(gone.Error.InnerError!.RequestId);
    }

    [Fact]
    public async Task Location_of_another_device_management_needs_an_explicit_word()
    {
        var tokens = api.Graph().DeviceAppManagement.VppTokens;
        var file = api.Cloud.Apple.IssueToken(ApiHouse.Library);

        var refusal = await Assert.ThrowsAsync<ODataError>(() => tokens.PostAsync(ApiHouse.NewToken(file, "Library")));
        Assert.Equal(409, refusal.ResponseStatusCode);
        Assert.Equal("LibraryClaimedByOtherMdm", refusal.Error!.Code);
        Assert.Equal("claimTokenManagementFromExternalMdm", refusal.Error.Target);
        Assert.Contains("claimTokenManagementFromExternalMdm", refusal.Error.Message, StringComparison.Ordinal);

        var upload = ApiHouse.NewToken(file, "Library");
        upload.CountryOrRegion = null;
        upload.AdditionalData["claimTokenManagementFromExternalMdm"] = true;
        var created = await tokens.PostAsync(upload);
        Assert.Equal("de", created!.CountryOrRegion);
        await api.SyncedAsync(created.Id!);

        // Another one takes it: a sync finds out, and taking it back is one more explicit word.
        api.Cloud.Apple.ClaimByOtherMdm(ApiHouse.Library);
        var renewal = new VppToken { Token = System.Text.Encoding.ASCII.GetString(api.Cloud.Apple.IssueToken(ApiHouse.Library)) };
        Assert.Equal(VppTokenState.AssignedToExternalMDM, (await tokens[created.Id].PatchAsync(renewal))!.State);
        var noSync = await Assert.ThrowsAsync<ODataError>(() => tokens[created.Id].SyncLicenses.PostAsync());
        Assert.Equal(409, noSync.ResponseStatusCode);

        var taken = await tokens[created.Id].PatchAsync(new VppToken { AdditionalData = { ["claimTokenManagementFromExternalMdm"] = true } });
        Assert.Equal(VppTokenState.Valid, taken!.State);
        await api.SyncedAsync(created.Id!);
    }

    [Fact]
    public async Task Created_answers_where_and_in_which_version()
    {
        var file = System.Text.Encoding.ASCII.GetString(api.Cloud.Apple.IssueToken(ApiHouse.Education));

        using var answer = await api.SendAsync(HttpMethod.Post, "/beta/deviceAppManagement/vppTokens/", ApiHouse.Json($$"""
            {"@odata.type":"#microsoft.graph.vppToken","token":"{{file}}","dataSharingConsentGranted":true,"state":"valid","roleScopeTagIds":["0"]}
            """));

        var body = System.Text.Json.JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var id = body.GetProperty("id").GetString();
        Assert.Equal(new Uri(api.Address, $"/beta/deviceAppManagement/vppTokens/{id}"), answer.Headers.Location);
        Assert.Equal($"{api.Address}beta/$metadata#deviceAppManagement/vppTokens/$entity", body.GetProperty("@odata.context").GetString());
        Assert.Equal("Noordrand Education", body.GetProperty("displayName").GetString());

        // The same file again, and another one of the same location.
        using var same = await api.SendAsync(HttpMethod.Post, Path, ApiHouse.Json($$"""{"displayName":"Twice","token":"{{file}}","dataSharingConsentGranted":true}"""));
        Assert.Equal(HttpStatusCode.Conflict, same.StatusCode);
        Assert.Equal("TokenAlreadyUploaded", (await ApiHouse.ErrorAsync(same)).GetProperty("code").GetString());
        var other = System.Text.Encoding.ASCII.GetString(api.Cloud.Apple.IssueToken(ApiHouse.Education));
        using var second = await api.SendAsync(HttpMethod.Post, Path, ApiHouse.Json($$"""{"displayName":"Twice","token":"{{other}}","dataSharingConsentGranted":true}"""));
        var error = await ApiHouse.ErrorAsync(second);
        Assert.Equal("LibraryAlreadyConnected", error.GetProperty("code").GetString());
        Assert.Contains(id!, error.GetProperty("message").GetString(), StringComparison.Ordinal);

        await api.SyncedAsync(id!);
        await api.QuietAsync();
        await ConditionalChangesAsync(id!);
        await ReadingAsync(id!);
        await SyncingAsync(id!);
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","dataSharingConsentGranted":false""")]
    [InlineData(""","dataSharingConsentGranted":null""")]
    public async Task Consent_is_asked_for(string consent)
    {
        var file = System.Text.Encoding.ASCII.GetString(api.Cloud.Apple.IssueToken(ApiHouse.Education));

        using var answer = await api.SendAsync(HttpMethod.Post, Path, ApiHouse.Json($$"""{"displayName":"No consent","token":"{{file}}"{{consent}}}"""));

        var error = await ApiHouse.ErrorAsync(answer);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal("ConsentMissing", error.GetProperty("code").GetString());
        Assert.Equal("dataSharingConsentGranted", error.GetProperty("target").GetString());
        Assert.Contains("Send dataSharingConsentGranted", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private async Task ConditionalChangesAsync(string id)
    {
        using var read = await api.SendAsync(HttpMethod.Get, $"{Path}/{id}");
        var version = read.Headers.ETag!.ToString();

        using var changed = await api.SendAsync(HttpMethod.Patch, $"{Path}/{id}", ApiHouse.Json("""{"displayName":"Education"}"""), headers: ("If-Match", version));
        using var late = await api.SendAsync(HttpMethod.Patch, $"{Path}/{id}", ApiHouse.Json("""{"displayName":"Too late"}"""), headers: ("If-Match", version));
        using var lateDelete = await api.SendAsync(HttpMethod.Delete, $"{Path}/{id}", headers: ("If-Match", version));
        using var any = await api.SendAsync(HttpMethod.Patch, $"{Path}/{id}", ApiHouse.Json("""{"displayName":"Noordrand Education"}"""), headers: ("If-Match", "*"));

        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed, late.StatusCode);
        Assert.Equal(HttpStatusCode.PreconditionFailed, lateDelete.StatusCode);
        Assert.Equal(HttpStatusCode.OK, any.StatusCode);
    }

    private async Task ReadingAsync(string id)
    {
        var graph = api.Graph();

        var found = await graph.DeviceAppManagement.VppTokens.GetAsync(r =>
        {
            r.QueryParameters.Filter = "state eq 'valid' and expirationDateTime gt 2020-01-01T00:00:00Z and startswith(displayName,'Noordrand Edu')";
            r.QueryParameters.Count = true;
            r.QueryParameters.Orderby = ["displayName desc"];
            r.QueryParameters.Select = ["id", "state", "lastSyncStatus"];
        });
        var only = Assert.Single(found!.Value!);
        Assert.Equal(id, only.Id);
        Assert.Equal(VppTokenSyncStatus.Completed, only.LastSyncStatus);
        Assert.Null(only.AppleId);
        Assert.Equal(1, found.OdataCount);
        Assert.Null(found.OdataNextLink);
        Assert.Equal(1, await graph.DeviceAppManagement.VppTokens.Count.GetAsync(r => r.QueryParameters.Filter = $"id eq '{id}'"));

        // The older PowerShell module spells it so, and sends an empty one too.
        var raw = await api.ReadAsync($"/beta/DeviceAppManagement/VPPTOKENS/?$orderBy=&$filter=id eq '{id}'");
        Assert.True(raw.GetProperty("value")[0].GetProperty("dataSharingConsentGranted").GetBoolean());
        Assert.Equal("Noordrand Education", raw.GetProperty("value")[0].GetProperty("displayName").GetString());
    }

    private async Task SyncingAsync(string id)
    {
        // A minute has not passed since the last one, which is no mistake.
        var again = await api.Graph().DeviceAppManagement.VppTokens[id].SyncLicenses.PostAsync();
        Assert.Equal(id, again!.Id);

        using var longName = await api.SendAsync(HttpMethod.Post, $"{Path}/{id}/microsoft.graph.syncLicenses");
        Assert.Equal(HttpStatusCode.OK, longName.StatusCode);
    }
}
