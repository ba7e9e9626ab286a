using VppBooks.Core.Security;
using VppBooks.Core.Verification;

namespace VppBooks.Web.Components.Monitor;

/// <summary>What the page about verification reads and asks for, as the signed-in person.</summary>
/// <exception cref="NotAllowedException">The person's role does not allow what was asked.</exception>
public interface IVerifyDesk
{
    /// <summary>The status changed. Called on the verifying thread.</summary>
    event EventHandler? Changed;

    /// <summary>Whether the person may begin a verification.</summary>
    Task<bool> MayVerifyAsync();

    /// <summary>The last result and what is running.</summary>
    Task<VerificationStatus> ReadAsync();

    /// <summary>Begins a verification; false when one is running already.</summary>
    Task<bool> StartAsync();
}
