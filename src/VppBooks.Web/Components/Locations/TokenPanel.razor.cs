using System.Security.Cryptography;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Forms;
using Microsoft.FluentUI.AspNetCore.Components;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;

namespace VppBooks.Web.Components.Locations;

/// <summary>Takes a token file in: creates a token, or renews one. Closes with the new token's id, or with true.</summary>
public sealed partial class TokenPanel : IDisposable
{
    // Core refuses what is larger; reading one byte more lets it see that.
    private const int ReadAtMost = (64 * 1024) + 1;

    private readonly CancellationTokenSource _closing = new();
    private DialogOptionsFooter? _footer;
    private DialogOptionsHeader? _header;
    private LocationDetail? _renewing;
    private TokenFields? _fields;
    private TokenPreview? _preview;
    private KnownLocation? _known;
    private Explanation? _problem;
    private string? _fileName;
    private TokenForm? _form;
    private ElementReference _consentBox;
    private bool _inspecting;
    private bool _working;
    private bool _takeControl;
    private bool _consent;
    private bool _consentMissing;

    /// <summary>The token to renew; null to create one.</summary>
    [Parameter] public LocationDetail? Renewing { get; set; }

    public void Dispose()
    {
        _closing.Cancel();
        _closing.Dispose();
    }

    protected override void OnInitializeDialog(DialogOptionsHeader header, DialogOptionsFooter footer)
    {
        _renewing = Renewing;
        _header = header;
        _footer = footer;
        footer.SecondaryAction.Label = L["Cancel"];
        footer.SecondaryAction.Visible = true;
        footer.PrimaryAction.ShortCut = "";
        Name();
    }

    protected override async Task OnActionClickedAsync(bool primary)
    {
        if (!primary)
        {
            await DialogInstance.CancelAsync();
        }
        else if (!_working && !_inspecting)
        {
            await SaveAsync();
        }
    }

    private void Name()
    {
        _header!.Title = _renewing is { } token ? L["Renew “{0}”", token.Summary.Name] : L["New VPP token"];
        _footer!.PrimaryAction.Label = _renewing is null ? L["Create"] : L["Renew"];
    }

    private async Task InspectAsync(InputFileChangeEventArgs change)
    {
        (_preview, _known, _problem, _fileName, _fields) = (null, null, null, null, null);
        if (change.FileCount > 1)
        {
            _problem = Refusals.Explain(LocationRefusals.SeveralFiles);
            return;
        }

        _inspecting = true;
        _fileName = change.File.Name;
        await AskAsync(async () =>
        {
            using var content = await ReadAsync(change.File);
            switch (await Desk.InspectAsync(content, _closing.Token))
            {
                case InspectTokenResult.Rejected { Refusal: var refusal }:
                    Refuse(refusal);
                    break;
                case InspectTokenResult.Accepted { Preview: var preview }:
                    Accept(preview);
                    break;
            }
        });
        _inspecting = false;
    }

    private async Task<MemoryStream> ReadAsync(IBrowserFile file)
    {
        var content = new MemoryStream();
        await using var upload = file.OpenReadStream(Math.Max(1, file.Size), _closing.Token);
        var buffer = new byte[8192];
        int read;
        while (content.Length < ReadAtMost && (read = await upload.ReadAsync(buffer, _closing.Token)) > 0)
        {
            content.Write(buffer, 0, read);
        }

        content.Position = 0;
        return content;
    }

    private void Accept(TokenPreview preview)
    {
        if (_renewing is { } renewing)
        {
            if (preview.UId != renewing.UId)
            {
                Refuse(new LocationRefusal("TokenBelongsToOtherLibrary", 409, "This token belongs to another location."));
                return;
            }
        }
        else if (preview.AlreadyHere is { } here)
        {
            Refuse(new LocationRefusal("LibraryAlreadyConnected", 409, "The location of this token is here already.") { Existing = here });
            _preview = preview;
            return;
        }
        else
        {
            _fields = TokenFields.From(preview);
        }

        _preview = preview;
    }

    private async Task RenewKnownAsync(KnownLocation known)
    {
        await AskAsync(async () =>
        {
            if (await Desk.FindAsync(known.PublicId, _closing.Token) is { } token)
            {
                (_renewing, _known, _problem) = (token, null, null);
                Name();
            }
        });
    }

    private async Task SaveAsync()
    {
        if (_preview is not { } preview || (_renewing is null && _fields is null))
        {
            _problem ??= new Explanation(L["Choose a token file first."], null);
            StateHasChanged();
            return;
        }

        if (_renewing is null && !Check(_fields!))
        {
            StateHasChanged();
            await FocusInvalidAsync();
            return;
        }

        _working = true;
        _problem = null;
        StateHasChanged();
        await AskAsync(async () =>
        {
            if (_renewing is { } renewing)
            {
                await CloseOrRefuseAsync(await Desk.RenewAsync(renewing.Summary.PublicId, new TokenUpload.Ticket(preview.Ticket), CancellationToken.None));
            }
            else
            {
                await CloseOrRefuseAsync(await Desk.CreateAsync(Request(preview, _fields!), CancellationToken.None));
            }
        });
        _working = false;
        StateHasChanged();
    }

    private async Task FocusInvalidAsync()
    {
        if (_form is null || !await _form.FocusInvalidAsync())
        {
            await _consentBox.FocusAsync();
        }
    }

    private bool Check(TokenFields fields)
    {
        fields.Errors.Clear();
        if (string.IsNullOrWhiteSpace(fields.Name))
        {
            fields.Errors[nameof(TokenFields.Name)] = L["Give the token a name."];
        }

        if (fields.CountryOrRegion.Length == 0)
        {
            fields.Errors[nameof(TokenFields.CountryOrRegion)] = L["Apple does not say which store. Choose one."];
        }

        _consentMissing = !_consent;
        return fields.Errors.Count == 0 && _consent;
    }

    private CreateLocation Request(TokenPreview preview, TokenFields fields) => new()
    {
        Token = new TokenUpload.Ticket(preview.Ticket),
        Name = fields.Name.Trim(),
        AppleAccount = fields.AppleAccount.Trim(),
        AccountType = fields.AccountType,
        CountryOrRegion = fields.CountryOrRegion,
        TakeControl = preview.ManagedBy is TokenManager.Other && _takeControl,
        AllowUnclaimed = preview.ManagedBy is TokenManager.Other && !_takeControl,
        ConsentGranted = _consent,
    };

    private async Task CloseOrRefuseAsync(CreateLocationResult result)
    {
        switch (result)
        {
            case CreateLocationResult.Created created:
                await DialogInstance.CloseAsync(created.PublicId);
                break;
            case CreateLocationResult.Rejected rejected:
                Refuse(rejected.Refusal);
                break;
        }
    }

    private async Task CloseOrRefuseAsync(ChangeLocationResult result)
    {
        switch (result)
        {
            case ChangeLocationResult.Changed:
                await DialogInstance.CloseAsync(true);
                break;
            case ChangeLocationResult.Rejected rejected:
                Refuse(rejected.Refusal);
                break;
        }
    }

    private void Refuse(LocationRefusal refusal)
    {
        if (TokenFields.NameOf(refusal.Field) is { } field && _fields is { } fields)
        {
            fields.Errors[field] = Refusals.Sentence(refusal);
            return;
        }

        _problem = Refusals.Explain(refusal);
        _known = refusal.Code == "LibraryAlreadyConnected" ? refusal.Existing : null;
    }

    private async Task AskAsync(Func<Task> deed)
    {
        try
        {
            await deed();
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // Somebody closed the panel.
        }
        catch (NotAllowedException)
        {
            _problem = new Explanation(L["Your role does not allow this any more."], null);
        }
        catch (Exception exception)
        {
            var reference = RandomNumberGenerator.GetHexString(8);
            Logger.DeedFailed(exception, reference);
            _problem = new Explanation(L["This did not work. Reference {0}", reference], L["Try again; if the token is in the list already, it was stored."]);
        }
    }
}
