using System.Text.Json;
using VppBooks.SimulatedCloud.Memory;
using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud.Graph;

/// <summary>Writes the directory down and takes it back. Delta links do not survive: they answer 410, and the reader reads everything again.</summary>
internal static class GraphMemory
{
    extension(GraphSimulator graph)
    {
        public JsonElement Save(JsonSerializerOptions json)
        {
            var directory = graph.Directory;
            lock (directory.Gate)
            {
                return JsonSerializer.SerializeToElement(
                    new SavedDirectory
                    {
                        People = [.. directory.People.Values],
                        Groups = [.. directory.Groups.Values],
                        DeletedPeople = Deleted<SimulatedPerson>(graph),
                        DeletedGroups = Deleted<SimulatedGroup>(graph),
                    },
                    json);
            }
        }

        /// <summary>Replaces people, groups and the recycle bin; devices stay, without the users that are gone.</summary>
        public void Restore(SavedDirectory saved)
        {
            var directory = graph.Directory;
            lock (directory.Gate)
            {
                directory.People.Clear();
                directory.Groups.Clear();
                graph.RecycleBin.Clear();
                foreach (var person in saved.People)
                {
                    directory.People[person.Id] = person;
                }

                foreach (var group in saved.Groups)
                {
                    directory.Groups[group.Id] = group;
                }

                foreach (var (person, at) in saved.DeletedPeople)
                {
                    graph.RecycleBin[person.Id] = new(person, at);
                }

                foreach (var (group, at) in saved.DeletedGroups)
                {
                    graph.RecycleBin[group.Id] = new(group, at);
                }

                foreach (var device in directory.Devices.Values.Where(d => d.UserId is { } user && !directory.People.ContainsKey(user)))
                {
                    device.UserId = null;
                }
            }
        }
    }

    private static List<SavedDirectory.Deleted<T>> Deleted<T>(GraphSimulator graph) =>
        [.. graph.RecycleBin.Values.Where(d => d.Entity is T).Select(d => new SavedDirectory.Deleted<T>((T)d.Entity, d.At))];
}
