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
