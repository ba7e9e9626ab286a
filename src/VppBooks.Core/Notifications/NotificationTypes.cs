using System.Collections.Immutable;

namespace VppBooks.Core.Notifications;

/// <summary>Apple's types of notifications (reference 4.4).</summary>
public static class NotificationTypes
{
    /// <summary>Sent while an address is being registered; means nothing else.</summary>
    public const string Test = "TEST_NOTIFICATION";

    /// <summary>Licenses were bought, refunded or transferred.</summary>
    public const string AssetCount = "ASSET_COUNT";

    /// <summary>Part of an associate, disassociate or revoke is finished.</summary>
    public const string AssetManagement = "ASSET_MANAGEMENT";

    /// <summary>Part of a create, update or retire is finished.</summary>
    public const string UserManagement = "USER_MANAGEMENT";

    /// <summary>A person accepted an invitation.</summary>
    public const string UserAssociated = "USER_ASSOCIATED";

    /// <summary>Listed by Apple without a description; presumably a title became free of counts.</summary>
    public const string UnlimitedAsset = "UNLIMITED_ASSET";

    /// <summary>Those that are asked for.</summary>
    public static readonly ImmutableArray<string> Wanted = [AssetManagement, UserManagement, UserAssociated, AssetCount, UnlimitedAsset];
}
