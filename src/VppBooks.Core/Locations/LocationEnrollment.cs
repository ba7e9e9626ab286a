using VppBooks.Core.Security;

namespace VppBooks.Core.Locations;

/// <summary>Takes tokens in, renews, changes and deletes them, and takes control of locations. Everything here needs <see cref="Permissions.ManageTokens"/>.</summary>
public sealed partial class LocationEnrollment
{
    public Task<InspectTokenResult> InspectAsync(Stream file, Actor actor, CancellationToken cancellationToken) => throw new NotImplementedException();

    public Task<CreateLocationResult> CreateAsync(CreateLocation request, Actor actor, CancellationToken cancellationToken) => throw new NotImplementedException();

    public Task<ChangeLocationResult> RenewAsync(Guid publicId, TokenUpload token, Actor actor, CancellationToken cancellationToken) => throw new NotImplementedException();

    public Task<ChangeLocationResult> UpdateAsync(Guid publicId, LocationChange change, int? expectedVersion, Actor actor, CancellationToken cancellationToken) => throw new NotImplementedException();

    public Task<ChangeLocationResult> TakeControlAsync(Guid publicId, Actor actor, CancellationToken cancellationToken) => throw new NotImplementedException();

    public Task<DeletionPreview?> PreviewDeletionAsync(Guid publicId, Actor actor, CancellationToken cancellationToken) => throw new NotImplementedException();

    public Task<ChangeLocationResult> DeleteAsync(Guid publicId, Actor actor, CancellationToken cancellationToken) => throw new NotImplementedException();
}
