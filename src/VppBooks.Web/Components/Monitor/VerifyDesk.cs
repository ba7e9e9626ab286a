using VppBooks.Core.Security;
using VppBooks.Core.Verification;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Components.Monitor;

/// <summary>The page's way to Core: adds who asks.</summary>
internal sealed class VerifyDesk(VerificationRuns runs, CoreActor current) : IVerifyDesk
{
    public event EventHandler? Changed
    {
        add => runs.Changed += value;
        remove => runs.Changed -= value;
    }

    public async Task<bool> MayVerifyAsync() => (await current.FindAsync()).May(Permissions.SyncNow);

    public async Task<VerificationStatus> ReadAsync() => runs.Read(await current.FindAsync());

    public async Task<bool> StartAsync() => runs.Start(await current.ConfirmAsync(), out _);
}
