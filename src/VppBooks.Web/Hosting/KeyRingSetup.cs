using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Options;
using VppBooks.Core.Security;

namespace VppBooks.Web.Hosting;

/// <summary>Keeps the data-protection ring in the database.</summary>
internal sealed class KeyRingInDatabase(KeyRing ring) : IConfigureOptions<KeyManagementOptions>
{
    public void Configure(KeyManagementOptions options) => options.XmlRepository = new Repository(ring);

    private sealed class Repository(KeyRing ring) : IXmlRepository
    {
        public IReadOnlyCollection<XElement> GetAllElements() => [.. ring.List().Select(XElement.Parse)];

        public void StoreElement(XElement element, string friendlyName) => ring.Add(friendlyName, element.ToString(SaveOptions.DisableFormatting));
    }
}

/// <summary>Wraps the data keys of sealed secrets with the ring.</summary>
internal sealed class RingKeyWrapper(IDataProtectionProvider protection) : IKeyWrapper
{
    private readonly IDataProtector _protector = protection.CreateProtector("VppBooks.SealedSecrets.v1");

    public byte[] Wrap(byte[] dataKey) => _protector.Protect(dataKey);

    public byte[] Unwrap(byte[] wrapped) => _protector.Unprotect(wrapped);
}
