using VppBooks.Core.Catalog;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;
using VppBooks.Web.SignIn;

namespace VppBooks.Web.Components.Locations;

/// <summary>The screens' way to Core: adds who asks.</summary>
internal sealed class TokenDesk(LocationDirectory directory, LocationEnrollment enrollment, BookCatalog books, CoreActor current) : ITokenDesk
{
    public Task<Actor> WhoAsync() => current.FindAsync();

    public async Task<IReadOnlyList<LocationSummary>> ListAsync(CancellationToken cancellationToken) =>
        await directory.ListAsync(await WhoAsync(), cancellationToken);

    public async Task<LocationDetail?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        await directory.FindAsync(id, await WhoAsync(), cancellationToken);

    public async Task<BookPage> ListBooksAsync(Guid id, int skip, int take, CancellationToken cancellationToken) =>
        await books.ListAsync(new BookQuery { LocationId = id, Skip = skip, Take = take }, await WhoAsync(), cancellationToken);

    public async Task<InspectTokenResult> InspectAsync(Stream file, CancellationToken cancellationToken) =>
        await enrollment.InspectAsync(file, await WhoAsync(), cancellationToken);

    public async Task<CreateLocationResult> CreateAsync(CreateLocation request, CancellationToken cancellationToken) =>
        await enrollment.CreateAsync(request, await current.ConfirmAsync(), cancellationToken);

    public async Task<ChangeLocationResult> RenewAsync(Guid id, TokenUpload token, CancellationToken cancellationToken) =>
        await enrollment.RenewAsync(id, token, await current.ConfirmAsync(), cancellationToken);

    public async Task<ChangeLocationResult> UpdateAsync(Guid id, LocationChange change, int expectedVersion, CancellationToken cancellationToken) =>
        await enrollment.UpdateAsync(id, change, expectedVersion, await current.ConfirmAsync(), cancellationToken);

    public async Task<ChangeLocationResult> TakeControlAsync(Guid id, CancellationToken cancellationToken) =>
        await enrollment.TakeControlAsync(id, await current.ConfirmAsync(), cancellationToken);

    public async Task<DeletionPreview?> PreviewDeletionAsync(Guid id, CancellationToken cancellationToken) =>
        await enrollment.PreviewDeletionAsync(id, await WhoAsync(), cancellationToken);

    public async Task<ChangeLocationResult> DeleteAsync(Guid id, CancellationToken cancellationToken) =>
        await enrollment.DeleteAsync(id, await current.ConfirmAsync(), cancellationToken);
}
