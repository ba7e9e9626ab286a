using VppBooks.Core.Locations;

namespace VppBooks.Tests.Model;

/// <content>What happens at Apple, in the store and with tokens.</content>
internal sealed partial class ModelWorld
{
    private (Guid Id, string UId)? AnyLocation() =>
        Files.Read("""SELECT "PublicId", "UId" FROM "Locations" WHERE "DeletedAt" IS NULL ORDER BY "Id" """) is { Count: > 0 } rows && Pick(rows) is var row
            ? (Guid.Parse((string)row[0]), (string)row[1])
            : null;

    private Task UploadAsync() => UploadAsync(Pick(Locations));

    private async Task UploadAsync(string location)
    {
        var result = await AnyServer().Get<LocationEnrollment>().CreateAsync(
            new CreateLocation
            {
                Token = new TokenUpload.File(Cloud.Apple.IssueToken(location)),
                Name = location,
                AppleAccount = "books@noordrand.example",
                ConsentGranted = true,
                TakeControl = Chance(0.5),
            },
            Admin,
            CancellationToken.None);
        Tell(result is CreateLocationResult.Rejected rejected ? rejected.Refusal.Code : "created");
        if (result is CreateLocationResult.Created)
        {
            Truth.ControlTaken(location);
        }
    }

    private async Task RenewAsync()
    {
        if (AnyLocation() is not var (id, uId))
        {
            return;
        }

        var token = R.Next(8) switch
        {
            0 => Cloud.Apple.IssueToken(uId, readOnly: true),
            1 => Cloud.Apple.IssueToken(uId, lifetime: TimeSpan.FromHours(-1)),
            2 => Cloud.Apple.IssueToken(uId, lifetime: TimeSpan.FromHours(R.Next(1, 30))),
            3 => Cloud.Apple.IssueToken(Locations.First(l => l != uId)),
            _ => Cloud.Apple.IssueToken(uId),
        };
        await RenewAsync(id, token);
    }

    private async Task RenewAsync(Guid id, byte[] token)
    {
        var result = await AnyServer().Get<LocationEnrollment>().RenewAsync(id, new TokenUpload.File(token), Admin, CancellationToken.None);
        Tell(result is ChangeLocationResult.Rejected rejected ? rejected.Refusal.Code : "renewed");
    }

    private Task RevokeTokens() => Done(() => Cloud.Apple.RevokeTokens(Pick(Locations)));

    private Task ClaimByOther() => Done(() => Cloud.Apple.ClaimByOtherMdm(Pick(Locations)));

    private Task ActAsOther() => Done(() => Cloud.Apple.ActAsOtherMdm(Pick(Locations), R.Next(1, 4)));

    private async Task TakeControlAsync()
    {
        if (AnyLocation() is var (id, uId))
        {
            await TakeControlAsync(id, uId);
        }
    }

    private async Task TakeControlAsync(Guid id, string uId)
    {
        var result = await AnyServer().Get<LocationEnrollment>().TakeControlAsync(id, Admin, CancellationToken.None);
        Tell(result is ChangeLocationResult.Rejected rejected ? rejected.Refusal.Code : "taken");
        if (result is ChangeLocationResult.Changed)
        {
            Truth.ControlTaken(uId);
        }
    }

    private Task Buy()
    {
        var location = Pick(Locations);
        var asset = Pick(Cloud.Apple.Assets(location));
        var licenses = R.Next(1, 5);
        Tell($"{licenses} of {asset.AdamId} {asset.PricingParam} at {location}");
        return Done(() => Cloud.Apple.Buy(location, asset.AdamId, asset.PricingParam, licenses));
    }

    private Task Refund()
    {
        var location = Pick(Locations);
        var asset = Pick(Cloud.Apple.Assets(location));
        Cloud.Apple.Switches.RefundTakesAssigned = Chance(0.2);
        Tell($"{asset.AdamId} {asset.PricingParam} at {location}{(Cloud.Apple.Switches.RefundTakesAssigned ? ", assigned ones too" : "")}");
        if (Cloud.Apple.Refund(location, asset.AdamId, asset.PricingParam, R.Next(1, 3)) && Cloud.Apple.Switches.RefundTakesAssigned)
        {
            Truth.Returned(asset.AdamId);
        }

        return Task.CompletedTask;
    }

    /// <summary>People accept with an Apple Account of their own, the same whenever they are asked.</summary>
    private Task AcceptInvitations()
    {
        foreach (var location in Locations)
        {
            foreach (var user in Cloud.Apple.Users(location).Where(u => u is { Status: "Registered", InviteCode: not null }))
            {
                if (Chance(0.6))
                {
                    var answer = Cloud.Apple.AcceptInvitation(user.InviteCode!, $"{Truth.FindPerson(location, user.ClientUserId) ?? user.ClientUserId}@icloud.example");
                    Tell($"{user.ClientUserId[..8]} {(answer is null ? "accepts" : "may not")}");
                }
            }
        }

        return Task.CompletedTask;
    }
}
