using System.Text;

namespace VppBooks.SimulatedCloud.Apple;

/// <content>What people, stores and other managers do.</content>
public sealed partial class AppleSimulator
{
    /// <summary>Buys licenses; an asset the location does not own yet is added. ASSET_COUNT goes out.</summary>
    public void Buy(string locationUId, string adamId, string pricingParam, int licenses)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(licenses);
        lock (Gate)
        {
            Settle();
            var location = Find(locationUId);
            if (!location.AssetsByKey.TryGetValue((adamId, pricingParam), out var asset))
            {
                asset = location.AddAsset(adamId, pricingParam, Store.Find(adamId)?.IsBook ?? true, 0, ["iOS", "macOS"]);
            }

            if (asset.IsUnlimited)
            {
                return;
            }

            asset.Total += licenses;
            location.TouchAssets();
            TellCount(location, asset, licenses);
        }
    }

    /// <summary>Gives licenses back to the store, or transfers them out. False when fewer are free (assigned ones only with <see cref="AppleSwitches.RefundTakesAssigned"/>).</summary>
    public bool Refund(string locationUId, string adamId, string pricingParam, int licenses)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(licenses);
        lock (Gate)
        {
            Settle();
            var location = Find(locationUId);
            var asset = FindAsset(location, adamId, pricingParam);
            if (asset.IsUnlimited || asset.Total < licenses || (asset.Available < licenses && !Switches.RefundTakesAssigned))
            {
                return false;
            }

            asset.Total -= licenses;
            while (asset.Available < 0)
            {
                location.Unassign(asset, asset.Holders[^1].Target);
            }

            location.TouchAssets();
            TellCount(location, asset, -licenses);
            return true;
        }
    }

    /// <summary>Stops listing an asset; who has a copy keeps it.</summary>
    public void Unlist(string locationUId, string adamId, string pricingParam)
    {
        lock (Gate)
        {
            Settle();
            var location = Find(locationUId);
            FindAsset(location, adamId, pricingParam).Listed = false;
            location.TouchAssets();
        }
    }

    /// <summary>Sets the count whose meaning Apple does not explain; it stands outside total, assigned and available.</summary>
    public void SetRetiredCount(string locationUId, string adamId, string pricingParam, int retired)
    {
        lock (Gate)
        {
            var location = Find(locationUId);
            FindAsset(location, adamId, pricingParam).Retired = retired;
            location.TouchAssets();
        }
    }

    /// <summary>The page behind an invitation: somebody accepts with an Apple Account. Null = accepted, otherwise what the page says.</summary>
    public string? AcceptInvitation(string inviteCode, string account)
    {
        lock (Gate)
        {
            Settle();
            if (!Invitations.TryGetValue(inviteCode, out var invitation))
            {
                return "This invitation is not valid any more.";
            }

            var (location, user) = invitation;
            if (string.IsNullOrWhiteSpace(account))
            {
                return "Enter an Apple Account.";
            }

            if (location.ActiveByAccount.TryGetValue(account, out var other) && other != user)
            {
                return "This Apple Account already takes part under another invitation of this organization.";
            }

            People.Associate(location, user, account);
            Notifications.Post(location, "USER_ASSOCIATED", writer =>
            {
                writer.WriteStartArray("associatedUsers");
                writer.WriteUser(user);
                writer.WriteEndArray();
            });
            return null;
        }
    }

    /// <summary>Downloads a content token: the bytes of the file, good for one year from the clock's now.</summary>
    /// <param name="locationUId">Location.</param>
    /// <param name="readOnly">The downloader may look but not manage: changes answer 9637.</param>
    /// <param name="lifetime">Other than a year, for expiry tests; may be negative.</param>
    public byte[] IssueToken(string locationUId, bool readOnly = false, TimeSpan? lifetime = null)
    {
        lock (Gate)
        {
            var location = Find(locationUId);
            if (Switches.NewTokenRevokesOld)
            {
                location.RevokedTokens = location.IssuedTokens;
            }

            Changed();
            var expires = lifetime is { } span ? Now + span : Now.AddYears(1);
            return Encoding.ASCII.GetBytes(Tokens.Issue(new TokenFacts(locationUId, ++location.IssuedTokens, expires, readOnly)));
        }
    }

    /// <summary>Revokes every token of the location issued so far: 9625.</summary>
    public void RevokeTokens(string locationUId)
    {
        lock (Gate)
        {
            var location = Find(locationUId);
            location.RevokedTokens = location.IssuedTokens;
            Changed();
        }
    }

    /// <summary>The downloader's password changed: every token issued so far is dead (9625, or 9622 by switch).</summary>
    public void ChangePassword(string locationUId)
    {
        lock (Gate)
        {
            var location = Find(locationUId);
            location.OutdatedTokens = location.IssuedTokens;
            Changed();
        }
    }

    /// <summary>From now on every task that gives this person something fails with a number; 0 = no longer.</summary>
    public void RefuseTarget(string clientUserId, int errorNumber)
    {
        lock (Gate)
        {
            if (errorNumber == 0)
            {
                RefusedTargets.Remove(clientUserId);
            }
            else
            {
                RefusedTargets[clientUserId] = errorNumber;
            }
        }
    }

    /// <summary>Another MDM writes its claim over whatever is there.</summary>
    public void ClaimByOtherMdm(string locationUId, string name = "OtherMDM")
    {
        lock (Gate)
        {
            Settle();
            var location = Find(locationUId);
            location.Claim = new MdmClaim(NextGuid(), name, "mdm.other.example");
            location.ClaimedByOther = true;
            location.OtherActedAt = Now;
            Changed();
        }
    }

    /// <summary>The other manager creates, associates and retires at random: <paramref name="acts"/> times, at once.</summary>
    public void ActAsOtherMdm(string locationUId, int acts)
    {
        lock (Gate)
        {
            Settle();
            for (var i = 0; i < acts; i++)
            {
                OtherMdmActs(Find(locationUId));
            }
        }
    }

    /// <summary>Events finished so far are unknown from now on (9708).</summary>
    public void ForgetEvents()
    {
        lock (Gate)
        {
            Settle();
            foreach (var location in _locations.Values)
            {
                foreach (var id in location.Events.Values.Where(e => e.FinishedAt is not null).Select(e => e.Id).ToArray())
                {
                    location.Events.Remove(id);
                }
            }

            Changed();
        }
    }

    /// <summary>Versions given out so far are unknown from now on (9721).</summary>
    public void ForgetVersions()
    {
        lock (Gate)
        {
            foreach (var location in _locations.Values)
            {
                location.ForgetVersions();
            }
        }
    }

    /// <summary>Works every accepted event off at once, frozen or not.</summary>
    public void FinishEvents()
    {
        lock (Gate)
        {
            Settle(toTheEnd: true);
        }
    }

    /// <summary>Moves this stand-in's clock on, so that events finish and tokens expire. Delays that are already running are not shortened.</summary>
    public void AdvanceClock(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        lock (Gate)
        {
            _clock.Advance(by);
            Changed();
            Settle();
        }
    }
}
