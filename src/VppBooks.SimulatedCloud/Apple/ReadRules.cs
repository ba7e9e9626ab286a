using System.Globalization;
using System.Text.Json;

namespace VppBooks.SimulatedCloud.Apple;

/// <summary>Assets, assignments, users and status (reference 2.3, 2.6 to 2.8, 2.12). A page is cut from what is there now: a write between two pages shifts records.</summary>
internal sealed class ReadRules(AppleSimulator simulator)
{
    public Answer Assets(AppleCall call, LocationState location, TokenFacts facts)
    {
        var adamId = call.Text("adamId");
        var pricingParam = call.OneOf("pricingParam", "STDQ", "PLUS");
        var productType = call.OneOf("productType", "App", "Book");
        var revocable = call.Flag("revocable");
        var deviceAssignable = call.Flag("deviceAssignable");
        var unlimited = call.Flag("unlimited");
        var (minAvailable, maxAvailable) = (call.Number("minAvailableCount"), call.Number("maxAvailableCount"));
        var (minAssigned, maxAssigned) = (call.Number("minAssignedCount"), call.Number("maxAssignedCount"));

        // sinceVersionId is not offered here and, if sent, ignored.
        var rows = new List<AssetState>();
        foreach (var asset in location.Assets)
        {
            var available = simulator.CountsOf(asset).Available;
            if (asset.Listed && (!simulator.Switches.EmptyAssetsVanish || asset.IsUnlimited || asset.Total > 0)
                && (adamId is null || asset.AdamId == adamId)
                && (pricingParam is null || asset.PricingParam == pricingParam)
                && (productType is null || asset.IsBook == (productType == "Book"))
                && (revocable is null || asset.IsBook != revocable)
                && (deviceAssignable is null || asset.IsBook != deviceAssignable)
                && !(minAvailable > available) && !(maxAvailable < available)
                && !(minAssigned > asset.Assigned) && !(maxAssigned < asset.Assigned))
            {
                rows.Add(asset);
            }
        }

        var free = unlimited == true ? rows.Where(asset => asset.IsUnlimited).ToArray() : [];
        if (unlimited is not null)
        {
            rows.RemoveAll(asset => asset.IsUnlimited);
        }

        var page = Cut(call, rows.Count);
        return Answer.Json(200, writer =>
        {
            writer.WriteStartArray("assets");
            foreach (var asset in rows.Slice(page.Skip, page.Size))
            {
                WriteAsset(writer, asset, withStock: true);
            }

            writer.WriteEndArray();
            if (unlimited == true)
            {
                writer.WriteStartArray("unlimitedAssets");
                foreach (var asset in free)
                {
                    WriteAsset(writer, asset, withStock: false);
                }

                writer.WriteEndArray();
            }

            page.Write(writer, VersionId(location, 'a', location.AssetsVersion));
            simulator.WriteCommon(writer, location, facts);
        });
    }

    public Answer Assignments(AppleCall call, LocationState location, TokenFacts facts)
    {
        var adamId = call.Text("adamId");
        var pricingParam = call.OneOf("pricingParam", "STDQ", "PLUS");
        var clientUserId = call.Text("clientUserId");
        var serial = call.Text("serialNumber");
        var withState = call.Flag("includeUserState") ?? false;
        var activeOnly = (call.Flag("excludeInactiveUsers") ?? false) && location.InactiveUsers > 0;
        var since = Since(call, location, 's', location.AssignmentsVersion);

        var assets = adamId is null && pricingParam is null
            ? location.Assets
            : location.Assets.Where(a => (adamId is null || a.AdamId == adamId) && (pricingParam is null || a.PricingParam == pricingParam)).ToList();
        var versionId = VersionId(location, 's', location.AssignmentsVersion);
        if (clientUserId is null && serial is null && !activeOnly && since is null)
        {
            return Whole(call, location, facts, assets, withState, versionId);
        }

        var rows = new List<(AssetState Asset, int Target)>();
        foreach (var asset in assets)
        {
            if (since is not null && asset.NewestHolder <= since)
            {
                continue;
            }

            foreach (var holder in asset.Holders)
            {
                if ((since is null || holder.Version > since) && Matches(holder.Target))
                {
                    rows.Add((asset, holder.Target));
                }
            }
        }

        if (since is not null && simulator.Switches.DeltaListsRemovedRows)
        {
            rows.AddRange(location.Removed.Where(r => r.Holder.Version > since && assets.Contains(r.Asset) && Matches(r.Holder.Target)).Select(r => (r.Asset, r.Holder.Target)));
        }

        var page = Cut(call, rows.Count);
        return Answer.Json(200, writer =>
        {
            writer.WriteStartArray("assignments");
            foreach (var (asset, target) in rows.Slice(page.Skip, page.Size))
            {
                writer.WriteAssignment(location, asset, target, withState);
            }

            writer.WriteEndArray();
            page.Write(writer, versionId);
            simulator.WriteCommon(writer, location, facts);
        });

        bool Matches(int target) =>
            (clientUserId is null || (target >= 0 && location.Users[target].ClientUserId == clientUserId))
            && (serial is null || (target < 0 && location.Serials[~target] == serial))
            && (!activeOnly || target < 0 || location.Users[target].IsActive);
    }

    public Answer Users(AppleCall call, LocationState location, TokenFacts facts)
    {
        var clientUserId = call.Text("clientUserId");
        var account = call.Text("managedAppleId");
        var activeOnly = call.Flag("activeOnly") ?? false;
        var retiredOnly = call.Flag("retiredOnly") ?? false;
        var since = Since(call, location, 'u', location.UsersVersion);

        List<UserState> rows;
        if (clientUserId is not null)
        {
            rows = [];
            for (var user = location.NewestUsers.GetValueOrDefault(clientUserId); user is not null; user = user.Older)
            {
                rows.Insert(0, user);
            }

            rows.RemoveAll(user => !Matches(user));
        }
        else if (account is null && since is null && !retiredOnly && !(activeOnly && location.InactiveUsers > 0))
        {
            rows = location.Users;
        }
        else
        {
            rows = location.Users.FindAll(Matches);
        }

        var page = Cut(call, rows.Count);
        return Answer.Json(200, writer =>
        {
            writer.WriteStartArray("users");
            foreach (var user in rows.Slice(page.Skip, page.Size))
            {
                writer.WriteUser(user);
            }

            writer.WriteEndArray();
            page.Write(writer, VersionId(location, 'u', location.UsersVersion));
            simulator.WriteCommon(writer, location, facts);
        });

        bool Matches(UserState user) =>
            !(since >= user.Version) && !(activeOnly && !user.IsActive) && !(retiredOnly && user.IsActive)
            && (account is null || account.Equals(user.Account, StringComparison.OrdinalIgnoreCase));
    }

    public Answer Status(AppleCall call, LocationState location, TokenFacts facts)
    {
        var switches = simulator.Switches;
        if (call.Text("eventId") is not { } id || !location.Events.TryGetValue(id, out var work) || simulator.Now - work.FinishedAt > switches.EventLifetime)
        {
            throw new AppleRefusal(9708);
        }

        return Answer.Json(200, writer =>
        {
            work.WriteStatus(writer, switches.FailureShape);
            simulator.WriteCommon(writer, location, facts);
        });
    }

    /// <summary>The list that is read most, cut without looking at the rows before the page.</summary>
    private Answer Whole(AppleCall call, LocationState location, TokenFacts facts, List<AssetState> assets, bool withState, string versionId)
    {
        var count = 0;
        foreach (var asset in assets)
        {
            count += asset.Assigned;
        }

        var page = Cut(call, count);
        return Answer.Json(200, writer =>
        {
            writer.WriteStartArray("assignments");
            var (skip, left) = (page.Skip, page.Size);
            foreach (var asset in assets)
            {
                if (left == 0)
                {
                    break;
                }

                if (skip >= asset.Assigned)
                {
                    skip -= asset.Assigned;
                    continue;
                }

                var take = Math.Min(left, asset.Assigned - skip);
                for (var i = skip; i < skip + take; i++)
                {
                    writer.WriteAssignment(location, asset, asset.Holders[i].Target, withState);
                }

                (skip, left) = (0, left - take);
            }

            writer.WriteEndArray();
            page.Write(writer, versionId);
            simulator.WriteCommon(writer, location, facts);
        });
    }

    private void WriteAsset(Utf8JsonWriter writer, AssetState asset, bool withStock)
    {
        var counts = simulator.CountsOf(asset);
        writer.WriteStartObject();
        writer.WriteString("adamId", asset.AdamId);
        writer.WriteNumber("assignedCount", counts.Assigned);
        if (withStock)
        {
            writer.WriteNumber("availableCount", counts.Available);
        }

        writer.WriteBoolean("deviceAssignable", !asset.IsBook);
        writer.WriteString("pricingParam", asset.PricingParam);
        writer.WriteString("productType", asset.IsBook ? "Book" : "App");
        if (withStock)
        {
            writer.WriteNumber("retiredCount", counts.Retired);
        }

        writer.WriteBoolean("revocable", !asset.IsBook);
        writer.WriteStartArray("supportedPlatforms");
        foreach (var platform in asset.Platforms)
        {
            writer.WriteStringValue(platform);
        }

        writer.WriteEndArray();
        if (withStock)
        {
            writer.WriteNumber("totalCount", counts.Total);
        }

        writer.WriteEndObject();
    }

    private PageCut Cut(AppleCall call, int count)
    {
        var length = Math.Max(1, simulator.Switches.PageSize);
        var pages = Math.Max(simulator.Switches.EmptyListHasNoPages ? 0 : 1, (count + length - 1) / length);
        var index = 0;
        if (call.Query["pageIndex"].ToString() is { Length: > 0 } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out index) || (index > 0 && index >= pages)))
        {
            throw new AppleRefusal(9650);
        }

        var skip = index * length;
        return new PageCut(index, skip, Math.Min(length, count - skip), pages);
    }

    private sealed record PageCut(int Index, int Skip, int Size, int Pages)
    {
        public void Write(Utf8JsonWriter writer, string versionId)
        {
            writer.WriteNumber("currentPageIndex", Index);
            if (Index + 1 < Pages)
            {
                writer.WriteNumber("nextPageIndex", Index + 1);
            }

            writer.WriteNumber("size", Size);
            writer.WriteNumber("totalPages", Pages);
            writer.WriteString("versionId", versionId);
        }
    }

    /// <summary>Opaque to callers. The last two groups tell the data set and its state; the second and third the location, as another location's version is unknown here.</summary>
    private static string VersionId(LocationState location, char set, int version) =>
        string.Create(CultureInfo.InvariantCulture, $"{Prefix(location, set)}{version:x12}");

    private static string Prefix(LocationState location, char set) =>
        string.Create(CultureInfo.InvariantCulture, $"5d1f2e00-{location.UId[^4..]}-11f0-{(int)set:x4}-");

    private static int? Since(AppleCall call, LocationState location, char set, int current)
    {
        if (call.Text("sinceVersionId") is not { } text)
        {
            return null;
        }

        var prefix = Prefix(location, set);
        return text.StartsWith(prefix, StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(prefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var version)
            && version >= location.OldestVersion && version <= current
            ? version
            : throw new AppleRefusal(9721);
    }
}
