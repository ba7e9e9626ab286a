using System.Security.Cryptography;
using Microsoft.Extensions.Localization;
using Microsoft.FluentUI.AspNetCore.Components;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Web.Components.Elements;
using VppBooks.Web.Components.Sync;

namespace VppBooks.Web.Components.Locations;

/// <summary>What can be done with a token, from the list as from its own page: asks, does it, and says what became of it.</summary>
internal sealed class TokenActions(
    ITokenDesk desk, ISyncDesk syncs, IDialogService dialogs, TokenTexts tokens, SyncRunTexts syncTexts, RefusalTexts refusals, IStringLocalizer<TokenActions> l, ILogger<TokenActions> logger)
{
    private const string PanelWidth = "min(600px, 100vw)";

    /// <summary>The new token's id; null when nobody created one.</summary>
    public async Task<Guid?> CreateAsync()
    {
        var result = await dialogs.ShowDrawerAsync<TokenPanel>(options =>
        {
            options.Modal = true;
            options.Width = PanelWidth;
        });
        return !result.Cancelled && result.Value is Guid created ? created : null;
    }

    /// <summary>Null when nothing was done.</summary>
    public Task<Outcome?> RenewAsync(Guid id) => DoAsync(async () =>
    {
        if (await desk.FindAsync(id, CancellationToken.None) is not { } token)
        {
            return Gone();
        }

        var result = await dialogs.ShowDrawerAsync<TokenPanel>(options =>
        {
            options.Modal = true;
            options.Width = PanelWidth;
            options.Parameters.Add(nameof(TokenPanel.Renewing), token);
        });
        return result.Cancelled ? null : new Outcome(State.Good, l["“{0}” is renewed. A sync begins.", token.Summary.Name]);
    });

    /// <summary>Null when nothing was done.</summary>
    public Task<Outcome?> EditAsync(Guid id) => DoAsync(async () =>
    {
        if (await desk.FindAsync(id, CancellationToken.None) is not { } token)
        {
            return Gone();
        }

        var result = await dialogs.ShowDrawerAsync<TokenEditPanel>(options =>
        {
            options.Modal = true;
            options.Width = PanelWidth;
            options.Parameters.Add(nameof(TokenEditPanel.Token), token);
        });
        return result.Cancelled ? null : new Outcome(State.Good, l["Your changes are saved."]);
    });

    public Task<Outcome?> SyncAsync(LocationSummary token) =>
        DoAsync(async () => (Outcome?)syncTexts.Answer(await syncs.RequestAsync(token.PublicId, CancellationToken.None), token.Name));

    public Task<Outcome?> SyncAllAsync() => DoAsync(async () => (Outcome?)syncTexts.Answer(await syncs.RequestAllAsync(CancellationToken.None)));

    public Task<Outcome?> CancelSyncAsync(LocationSummary token) => DoAsync(async () =>
        (Outcome?)(await syncs.CancelAsync(token.PublicId, CancellationToken.None)
            ? new Outcome(State.Neutral, l["The sync is being stopped. What was shown before stays."])
            : new Outcome(State.Neutral, l["No sync of “{0}” is running on this server.", token.Name])));

    /// <summary>Null when nothing was done.</summary>
    public async Task<Outcome?> TakeControlAsync(LocationSummary token)
    {
        var sure = await ConfirmDialog.AskAsync(dialogs, new ConfirmQuestion(
            l["Take control of “{0}”?", token.Name],
            token.ClaimedByName is { Length: > 0 }
                ? l["{0} manages this location now. It loses the location as soon as it looks: it can no longer give out apps or books of it, and what it knows about people and licenses is no longer kept.", tokens.Claimant(token)]
                : l["VppBooks marks this location at Apple as its own. Another product that still uses it loses it."],
            l["Take control"])
        {
            Warning = l["Licenses that people hold stay theirs. VppBooks reads the whole location before it changes anything."],
        });
        return sure ? await ChangeAsync(() => desk.TakeControlAsync(token.PublicId, CancellationToken.None), l["“{0}” is managed by VppBooks now. A sync begins.", token.Name]) : null;
    }

    /// <summary>Null when nothing was done.</summary>
    public async Task<Outcome?> DeleteAsync(LocationSummary token)
    {
        DeletionPreview? preview = null;
        var failed = await DoAsync(async () =>
        {
            preview = await desk.PreviewDeletionAsync(token.PublicId, CancellationToken.None);
            return preview is null ? Gone() : null;
        });
        if (preview is null)
        {
            return failed;
        }

        var result = await dialogs.ShowDialogAsync<DeleteTokenDialog>(options =>
        {
            options.Modal = true;
            options.Parameters.Add(nameof(DeleteTokenDialog.Name), token.Name);
            options.Parameters.Add(nameof(DeleteTokenDialog.Preview), preview);
        });
        return result.Cancelled ? null : await ChangeAsync(() => desk.DeleteAsync(token.PublicId, CancellationToken.None), l["“{0}” is deleted.", token.Name]);
    }

    private Task<Outcome?> ChangeAsync(Func<Task<ChangeLocationResult>> change, string done) => DoAsync(async () => await change() switch
    {
        ChangeLocationResult.Rejected rejected => new Outcome(State.Bad, refusals.Sentence(rejected.Refusal)),
        _ => (Outcome?)new Outcome(State.Good, done),
    });

    private Outcome Gone() => new(State.Bad, l["This token is no longer here."]);

    // A failure is told on the page; the page itself stays.
    private async Task<Outcome?> DoAsync(Func<Task<Outcome?>> deed)
    {
        try
        {
            return await deed();
        }
        catch (NotAllowedException)
        {
            return new Outcome(State.Bad, l["Your role does not allow this any more."]);
        }
        catch (Exception exception)
        {
            var reference = RandomNumberGenerator.GetHexString(8);
            logger.DeedFailed(exception, reference);
            return new Outcome(State.Bad, l["This did not work. Look at how the token stands before you try again. Reference {0}", reference]);
        }
    }
}

internal static partial class TokenScreensLog // ids 1200-1219
{
    [LoggerMessage(1201, LogLevel.Error, "Something asked for on a screen about tokens failed; reference {Reference}")]
    public static partial void DeedFailed(this ILogger logger, Exception exception, string reference);
}
