using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace VppBooks.Web.Components.Layout;

/// <summary>Moves the focus to the heading of the page somebody navigated to, so that a screen reader says where they are.</summary>
/// <remarks>Not on the first page: there the keyboard starts at the top, where the skip link is.</remarks>
public sealed class FocusOnArrival(IJSRuntime js) : ComponentBase
{
    private Type? _shown;
    private bool _arrived;

    [Parameter, EditorRequired] public required Type Page { get; set; }

    protected override void OnParametersSet()
    {
        _arrived = _shown is not null && _shown != Page;
        _shown = Page;
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (_arrived)
        {
            _arrived = false;
            await js.InvokeVoidAsync("vppBooks.focusHeading");
        }
    }
}
