using VppBooks.Core.Directory;
using VppBooks.SimulatedCloud.Graph;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.Tests.Model;

/// <content>What happens to people and groups.</content>
internal sealed partial class ModelWorld
{
    private readonly List<SimulatedPerson> _gone = [];

    private Guid[] Groups() => [.. Cloud.Directory.Groups.Keys];

    private Guid[] People() => [.. Cloud.Directory.People.Keys];

    private Task JoinAsync() => Done(() => Cloud.Graph.AddMember(Pick(Groups()), Pick(People())));

    /// <summary>Several at once, mostly in a group that is given a book: enough of them are held until somebody decides.</summary>
    private async Task JoinTogetherAsync()
    {
        var assigned = Files.Read("""SELECT DISTINCT g."DirectoryId" FROM "Groups" AS g JOIN "GroupAssignments" AS a ON a."GroupId" = g."Id" WHERE a."Intent" = 1 ORDER BY g."Id" """)
            .ConvertAll(r => Guid.Parse((string)r[0])).FindAll(Cloud.Directory.Groups.ContainsKey);
        var group = assigned.Count > 0 && Chance(0.8) ? Pick(assigned) : Pick(Groups());
        var people = People();
        R.Shuffle(people);
        foreach (var person in people.Where(p => !Cloud.Directory.Groups[group].People.Contains(p)).Take(R.Next(2, 6)))
        {
            Cloud.Graph.AddMember(group, person);
        }

        if (Chance(0.8))
        {
            // Groups are read again when they were not for a while.
            Clock.Advance(TimeSpan.FromMinutes(20));
            await ReadDirectoryAsync(AnyServer());
            await WorkAsync(AnyServer(), TimeSpan.FromMinutes(2));
            if (Chance(0.6))
            {
                await DecideAsync();
            }
        }
    }

    /// <summary>What the program does every minute.</summary>
    private async Task ReadDirectoryAsync(ModelServer server)
    {
        try
        {
            await server.Get<DirectoryWatch>().ReadDueAsync(CancellationToken.None);
        }
        catch (DirectoryException e)
        {
            Tell(e.GetType().Name);
        }
    }

    private Task LeaveAsync()
    {
        var group = Cloud.Directory.Groups[Pick(Groups())];
        return Done(() =>
        {
            if (group.People.Count > 0)
            {
                Cloud.Graph.RemoveMember(group.Id, Pick(group.People.Order().ToArray()));
            }
        });
    }

    private Task DeletePerson()
    {
        var person = Cloud.Directory.People[Pick(People())];
        _gone.Add(person);
        return Done(() => Cloud.Graph.DeletePerson(person.Id));
    }

    private Task ReturnPerson()
    {
        if (_gone.Count > 0)
        {
            var person = Pick(_gone);
            _gone.Remove(person);
            lock (Cloud.Directory.Gate)
            {
                Cloud.Directory.People.Add(person.Id, person);
                Cloud.Graph.Changes.Object(person.Id);
            }

            Cloud.Graph.AddMember(Pick(Groups()), person.Id);
        }

        return Task.CompletedTask;
    }

    private Task Rename() => Done(() => Cloud.Graph.RenamePerson(Pick(People()), "New", $"Name{R.Next(1000)}"));

    private Task DisableOrEnable()
    {
        var person = Cloud.Directory.People[Pick(People())];
        return Done(() =>
        {
            if (person.AccountEnabled)
            {
                Cloud.Graph.DisablePerson(person.Id);
            }
            else
            {
                Cloud.Graph.EnablePerson(person.Id);
            }
        });
    }

    private Task FailDirectory() => Done(() => Cloud.Graph.FailNext(R.Next(1, 4), Pick(["", "/transitiveMembers", "/groups"]), Pick([429, 503, 403, 500]), Pick<double?>([null, 20.5])));
}
