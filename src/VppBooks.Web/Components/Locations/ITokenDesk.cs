using VppBooks.Core.Catalog;
using VppBooks.Core.Locations;
using VppBooks.Core.Security;

namespace VppBooks.Web.Components.Locations;

/// <summary>What the screens about tokens read and ask for, as the signed-in person.</summary>
/// <exception cref="NotAllowedException">Everything throws it when the person's role does not allow what was asked.</exception>
public interface ITokenDesk
{
    /// <summary>The signed-in person.</summary>
    Task<Actor> WhoAsync();

    /// <summary>All tokens, by name.</summary>
    Task<IReadOnlyList<LocationSummary>> ListAsync(CancellationToken cancellationToken);

    /// <summary>One token; null when it is not here.</summary>
    Task<LocationDetail?> FindAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Books of a token, by title.</summary>
    Task<BookPage> ListBooksAsync(Guid id, int skip, int take, CancellationToken cancellationToken);

    /// <summary>What a file says, before anything is stored.</summary>
    Task<InspectTokenResult> InspectAsync(Stream file, CancellationToken cancellationToken);

    Task<CreateLocationResult> CreateAsync(CreateLocation request, CancellationToken cancellationToken);

    Task<ChangeLocationResult> RenewAsync(Guid id, TokenUpload token, CancellationToken cancellationToken);

    Task<ChangeLocationResult> UpdateAsync(Guid id, LocationChange change, int expectedVersion, CancellationToken cancellationToken);

    Task<ChangeLocationResult> TakeControlAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>What deleting would take away; null when the token is not here.</summary>
    Task<DeletionPreview?> PreviewDeletionAsync(Guid id, CancellationToken cancellationToken);

    Task<ChangeLocationResult> DeleteAsync(Guid id, CancellationToken cancellationToken);
}
