using VppBooks.SimulatedCloud.Organization;

namespace VppBooks.SimulatedCloud.Graph;

/// <summary>Switches and memory of the stand-in for Microsoft Graph: what was asked, what shall go wrong, what changed.</summary>
/// <remarks>Safe for concurrent use. Change the directory through here, so that delta queries learn of it.</remarks>
public sealed class GraphSimulator(SimulatedDirectory directory, TimeProvider clock)
{
    private static readonly TimeSpan RecycleBinLifetime = TimeSpan.FromDays(30);

    private readonly Lock _gate = new();
    private readonly List<Fault> _faults = [];
    private volatile bool _consentWithdrawn;
    private long _latencyTicks;

    /// <summary>Every request refused with 403, as after an administrator withdrew consent.</summary>
    public bool ConsentWithdrawn
    {
        get => _consentWithdrawn;
        set => _consentWithdrawn = value;
    }

    /// <summary>Added to every answer; a batch waits once.</summary>
    public TimeSpan Latency
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _latencyTicks));
        set => Interlocked.Exchange(ref _latencyTicks, value.Ticks);
    }

    /// <summary>What was asked so far.</summary>
    public GraphRequestLog Requests { get; } = new();

    /// <summary>Called on every change of the directory, under its gate: has to return at once.</summary>
    internal Action Changed { get; set; } = static () => { };

    internal SimulatedDirectory Directory => directory;

    internal TimeProvider Clock => clock;

    /// <summary>Read and written under the directory's gate, as are the bins.</summary>
    internal GraphChanges Changes { get; } = new();

    internal Dictionary<Guid, Deleted> RecycleBin { get; } = [];

    /// <summary>Makes the next requests fail.</summary>
    /// <param name="path">Part of the path, such as <c>/transitiveMembers</c>; empty for every path. Steps of a batch count as requests.</param>
    /// <param name="retryAfterSeconds">Value of <c>Retry-After</c>, fractions allowed; null leaves the header out.</param>
    public void FailNext(int count, string path, int status, double? retryAfterSeconds = null)
    {
        lock (_gate)
        {
            _faults.Add(new(path, status, retryAfterSeconds) { Left = count });
        }
    }

    public void ClearFaults()
    {
        lock (_gate)
        {
            _faults.Clear();
        }
    }

    /// <summary>Refuses every delta link handed out so far: mostly with 410, and some services with another status and a code that says so.</summary>
    public void ExpireDeltaTokens(int status = 410, string code = "syncStateNotFound")
    {
        lock (directory.Gate)
        {
            Changes.Epoch++;
            Changes.Expiry = (status, code);
        }
    }

    /// <param name="member">A person, group or device.</param>
    /// <returns>False when it was a member already.</returns>
    public bool AddMember(Guid group, Guid member) => Change(() =>
    {
        var target = directory.Groups[group];
        var members = directory.People.ContainsKey(member) ? target.People
            : directory.Groups.ContainsKey(member) ? target.Groups
            : directory.Devices.ContainsKey(member) ? target.Devices
            : throw new KeyNotFoundException($"No person, group or device {member}.");
        return members.Add(member) && Changes.Member(group, member);
    });

    /// <returns>False when it was no member.</returns>
    public bool RemoveMember(Guid group, Guid member) => Change(() =>
    {
        var target = directory.Groups[group];
        return (target.People.Remove(member) || target.Groups.Remove(member) || target.Devices.Remove(member)) && Changes.Member(group, member);
    });

    public SimulatedGroup AddGroup(string displayName, params IEnumerable<Guid> people) => Change(() =>
    {
        var group = new SimulatedGroup { Id = Guid.NewGuid(), DisplayName = displayName };
        group.People.UnionWith(people);
        directory.Groups.Add(group.Id, group);
        Changes.Object(group.Id);
        foreach (var person in group.People)
        {
            Changes.Member(group.Id, person);
        }

        return group;
    });

    public void RenameGroup(Guid group, string displayName) => Change(() =>
    {
        directory.Groups[group].DisplayName = displayName;
        return Changes.Object(group);
    });

    /// <param name="restorable">Whether it goes to the recycle bin for 30 days; null lets the kind of group decide: Microsoft 365 groups do, security groups vanish.</param>
    public void DeleteGroup(Guid group, bool? restorable = null) => Change(() =>
    {
        var target = directory.Groups[group];
        directory.Groups.Remove(group);
        foreach (var parent in directory.Groups.Values.Where(parent => parent.Groups.Remove(group)))
        {
            Changes.Member(parent.Id, group);
        }

        if (restorable ?? target.GroupTypes.Contains("Unified"))
        {
            RecycleBin[group] = new(target, clock.GetUtcNow());
        }

        return Changes.Object(group);
    });

    /// <summary>Takes a group out of the recycle bin, with its members.</summary>
    public void RestoreGroup(Guid group) => Change(() =>
    {
        var target = (SimulatedGroup)(FindDeleted(group)?.Entity ?? throw new KeyNotFoundException($"No deleted group {group}."));
        RecycleBin.Remove(group);
        directory.Groups.Add(group, target);
        return Changes.Object(group);
    });

    /// <summary>Takes a person out of the recycle bin; into no group.</summary>
    public void RestorePerson(Guid person) => Change(() =>
    {
        var target = (SimulatedPerson)(FindDeleted(person)?.Entity ?? throw new KeyNotFoundException($"No deleted person {person}."));
        RecycleBin.Remove(person);
        directory.People.Add(person, target);
        return Changes.Object(person);
    });

    /// <summary>Changes people and direct members freely; delta queries learn what differs afterwards.</summary>
    public void Edit(Action change) => Change(() =>
    {
        var groups = directory.Groups.Values.ToDictionary(g => g.Id, g => Members(g).ToHashSet());
        var people = directory.People.Values.ToDictionary(p => p.Id, Look);
        change();
        foreach (var group in directory.Groups.Values)
        {
            var now = Members(group).ToHashSet();
            now.SymmetricExceptWith(groups.GetValueOrDefault(group.Id) ?? []);
            foreach (var member in now)
            {
                Changes.Member(group.Id, member);
            }
        }

        foreach (var person in directory.People.Values.Where(p => people.GetValueOrDefault(p.Id) != Look(p)))
        {
            Changes.Object(person.Id);
        }

        foreach (var person in people.Keys.Where(id => !directory.People.ContainsKey(id)))
        {
            Changes.Object(person);
        }

        return true;

        static IEnumerable<Guid> Members(SimulatedGroup group) => group.People.Concat(group.Groups).Concat(group.Devices);

        static (string, string, string?, string?, bool, string, string?)? Look(SimulatedPerson p) =>
            (p.DisplayName, p.UserPrincipalName, p.Mail, p.ManagedAppleAccount, p.AccountEnabled, p.UserType, p.PreferredLanguage);
    });

    public SimulatedPerson AddPerson(string givenName, string surname, string address) => Change(() =>
    {
        var person = new SimulatedPerson
        {
            Id = Guid.NewGuid(),
            GivenName = givenName,
            Surname = surname,
            DisplayName = $"{givenName} {surname}",
            UserPrincipalName = $"{address}@{DemoDirectory.Domain}",
            Mail = $"{address}@{DemoDirectory.Domain}",
            ManagedAppleAccount = $"{address}@{DemoDirectory.AppleDomain}",
        };
        directory.People.Add(person.Id, person);
        Changes.Object(person.Id);
        return person;
    });

    public void RenamePerson(Guid person, string givenName, string surname) => ChangePerson(person, found =>
    {
        (found.GivenName, found.Surname) = (givenName, surname);
        found.DisplayName = $"{givenName} {surname}";
    });

    public void DisablePerson(Guid person) => ChangePerson(person, found => found.AccountEnabled = false);

    public void EnablePerson(Guid person) => ChangePerson(person, found => found.AccountEnabled = true);

    /// <summary>Gives a person a role of the console, such as <c>VppBooks.Auditor</c>; it counts from the next sign-in on.</summary>
    public void GrantRole(Guid person, string role) => ChangePerson(person, found => found.AppRoles.Add(role));

    /// <summary>Takes a role of the console away.</summary>
    public void WithdrawRole(Guid person, string role) => ChangePerson(person, found => found.AppRoles.Remove(role));

    /// <summary>Moves a person to the recycle bin and out of every group.</summary>
    public void DeletePerson(Guid person) => Change(() =>
    {
        var target = directory.People[person];
        directory.People.Remove(person);
        foreach (var group in directory.Groups.Values.Where(group => group.People.Remove(person)))
        {
            Changes.Member(group.Id, person);
        }

        foreach (var device in directory.Devices.Values.Where(device => device.UserId == person))
        {
            device.UserId = null;
        }

        RecycleBin[person] = new(target, clock.GetUtcNow());
        return Changes.Object(person);
    });

    /// <summary>The recycle bin keeps things for 30 days. Call under the directory's gate.</summary>
    internal Deleted? FindDeleted(Guid id) =>
        RecycleBin.TryGetValue(id, out var deleted) && deleted.At + RecycleBinLifetime > clock.GetUtcNow() ? deleted : null;

    /// <summary>Throws what was ordered for a path, if anything.</summary>
    internal void ThrowFault(string path)
    {
        Fault? fault;
        lock (_gate)
        {
            fault = _faults.Find(each => path.Contains(each.Path, StringComparison.OrdinalIgnoreCase));
            if (fault is not null && --fault.Left <= 0)
            {
                _faults.Remove(fault);
            }
        }

        if (fault is not null)
        {
            throw fault.ToError();
        }

        if (ConsentWithdrawn)
        {
            throw new GraphErrorException(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");
        }
    }

    private void ChangePerson(Guid person, Action<SimulatedPerson> change) => Change(() =>
    {
        change(directory.People[person]);
        return Changes.Object(person);
    });

    private T Change<T>(Func<T> change)
    {
        lock (directory.Gate)
        {
            var result = change();
            Changed();
            return result;
        }
    }

    /// <summary>Something in the recycle bin.</summary>
    internal sealed record Deleted(object Entity, DateTimeOffset At);

    private sealed record Fault(string Path, int Status, double? RetryAfterSeconds)
    {
        public int Left { get; set; }

        public GraphErrorException ToError()
        {
            var (code, message) = Status switch
            {
                401 => ("InvalidAuthenticationToken", "Access token validation failure."),
                403 => ("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
                429 => ("TooManyRequests", "Too many requests."),
                503 => ("ServiceUnavailable", "The service is temporarily unavailable."),
                _ => ("InternalServerError", "Something ordered by a test went wrong."),
            };
            var error = new GraphErrorException(Status, code, message);
            if (RetryAfterSeconds is { } seconds)
            {
                error.Headers["Retry-After"] = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            }

            return error;
        }
    }
}
