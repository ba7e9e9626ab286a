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

    protected override async Task OnInitializedAsync() => Me = await ActorAsync();

    /// <summary>Who acts now, read afresh: an ended sign-in must not change anything through a page that is still open.</summary>
    protected async Task<Actor> ActorAsync() => CoreActor.From(await Current.FindAsync());

    /// <inheritdoc cref="ICurrentActor.ConfirmAsync"/>
    protected async Task<Actor> ConfirmedAsync() => CoreActor.From(await Current.ConfirmAsync());

    /// <summary>Runs a read. A failure goes to the log under the name of the view.</summary>
    protected Task<Loadable<T>> LoadAsync<T>(Func<Task<T>> read) => LoadAsync(read, Loggers.CreateLogger(GetType()));

    /// <summary>Runs a read that may find nothing.</summary>
    protected async Task<Loadable<T>> LookUpAsync<T>(Func<Task<T?>> read)
        where T : class => (await LoadAsync(read, Loggers.CreateLogger(GetType())))!;
}
