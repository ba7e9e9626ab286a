using System.Security.Cryptography;
using Scalar.AspNetCore;
using VppBooks.Web.Hosting;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Api;

/// <summary><c>/api-reference</c>: the OpenAPI document as a page to read.</summary>
internal static class ApiReference
{
    extension(IEndpointRouteBuilder endpoints)
    {
        public void MapApiReference() => endpoints.MapScalarApiReference("/api-reference", (options, context) =>
        {
            var nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));
            context.Items[BrowserSecurity.ScriptNonce] = nonce;
            options.WithTitle("VppBooks API").WithNonce(nonce).AddDocument("v1", "VppBooks", "/openapi/{documentName}.json");

            // Nothing of it goes to others, and requests need a token that a page must not hold.
            options.Telemetry = false;
            options.DefaultFonts = false;
            options.HideClientButton = true;
            options.HideTestRequestButton = true;
            options.DisableAgent().DisableMcp().HideDeveloperTools();
        }).RequireAuthorization(Policies.ReadAll);
    }
}
