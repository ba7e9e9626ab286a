using System.Security.Claims;
using Microsoft.AspNetCore.Components;
using VppBooks.Core.Security;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Components.Elements;

/// <summary>A part of the console that reads and acts in the name of the signed-in person.</summary>
public abstract class ConsoleView : LeavablePage
{
    private static readonly Actor _nobody = new(ActorKind.Person, "", "", Permissions.None);

    /// <summary>Who acts; nobody until <see cref="OnInitializedAsync"/> has run.</summary>
    protected Actor Me { get; private set; } = _nobody;

    [Inject] private ICurrentActor Current { get; set; } = default!;

    [Inject] private ILoggerFactory Loggers { get; set; } = default!;

    /// <summary>To show or hide a control; Core checks again.</summary>
    protected bool May(Permissions needed) => Me.May(needed);

    protected override async Task OnInitializedAsync() => Me = Of(await Current.FindAsync());

    /// <summary>Runs a read. A failure goes to the log under the name of the view.</summary>
    protected Task<Loadable<T>> LoadAsync<T>(Func<Task<T>> read) => LoadAsync(read, Loggers.CreateLogger(GetType()));

    private static Actor Of(ClaimsPrincipal user) =>
        new(ActorKind.Person, user.ObjectId ?? user.Address, user.DisplayName, Actor.ForRoles(Roles.All.Where(user.IsInRole)));
}
