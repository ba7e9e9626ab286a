using System.Text;
using VppBooks.Core.Audit;
using VppBooks.Core.Licenses;
using VppBooks.Core.Security;
using VppBooks.SimulatedCloud.Organization;
using VppBooks.Tests.Locations;

namespace VppBooks.Tests.Model;

/// <summary>An invariant does not hold. Says everything that is needed to see it again.</summary>
internal sealed class ModelException(int seed, string what, string steps, Exception? inner = null)
    : Exception($"{what}\nSeed {seed}. Steps:\n{steps}", inner)
{
    public string What => what;

    public int Seed => seed;

    /// <summary>What Apple saw and did until then.</summary>
    public string Trace { get; set; } = "";
}

/// <summary>Everything of one seed: time, the stand-ins, one database, two servers, and what was done so far.</summary>
internal sealed partial class ModelWorld : IAsyncDisposable
{
    public static readonly string[] Locations = [TinyOrganization.EducationUId, TinyOrganization.BusinessUId];

    private static readonly Actor SecondAdmin = new(ActorKind.Person, "3b6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7715", "S. Admin", Actor.ForRoles([AppRoles.Administrator]));

    private readonly StringBuilder _steps = new();
    private readonly Mutation _mutation;
    private readonly TimeSpan _skew;
    private int _step;
    private int _started;

    public ModelWorld(int seed, Mutation mutation)
    {
        Seed = seed;
        _mutation = mutation;
        R = new Random(seed);
        Ids = new SeededIdSource(seed);
        Clock = new ModelClock();
        Cloud = new ModelCloud(Clock, 20260901 + seed, new Carrier(this));
        Files = new ModelFiles();
        Truth = new GroundTruth(this);
        Invariants = new ModelInvariants(this);
        _skew = Pick([TimeSpan.Zero, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(-40), TimeSpan.FromMinutes(2)]);
        Licenses = new LicenseOptions
        {
            UndoWindow = Pick([TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromMinutes(5)]),
            ApprovalThreshold = Pick<int?>([null, null, 3]),
            TypeNumberFrom = 4,
            GrowthPeople = Pick([0, 1, 100]),
        };
        mutation.Change(Licenses);
        PublicUrl = Chance(0.8) ? "https://books.noordrand.example" : "";
        _lettersComeAtOnce = Chance(0.3);
        First = Start("A", TimeSpan.Zero);
        Second = Start("B", _skew);
        SwitchSomething(2);
    }

    public int Seed { get; }

    /// <summary>Decides everything.</summary>
    public Random R { get; }

    public SeededIdSource Ids { get; }

    public ModelClock Clock { get; }

    public ModelCloud Cloud { get; }

    public ModelFiles Files { get; }

    public GroundTruth Truth { get; }

    public ModelInvariants Invariants { get; }

    /// <summary>The guards of this seed.</summary>
    public LicenseOptions Licenses { get; }

    /// <summary>Where Apple reaches the servers; empty where it cannot.</summary>
    public string PublicUrl { get; }

    public ModelServer First { get; private set; }

    /// <summary>Another server on the same database, with a clock of its own.</summary>
    public ModelServer Second { get; private set; }

    /// <summary>Locations in which a turn ended before its end, so that something may be half done until the next one.</summary>
    public HashSet<int> Interrupted { get; } = [];

    public string Steps => _steps.ToString();

    private static Actor Admin => CoreHouse.Admin;

    public void Fail(string what, Exception? inner = null) => throw new ModelException(Seed, what, Steps, inner);

    /// <summary>Adds to what the current step did.</summary>
    public void Tell(string text) => _steps.Append("; ").Append(text);

    /// <summary>The usual beginning: tokens are uploaded, and mostly the first sync succeeds.</summary>
    public async Task BeginAsync()
    {
        foreach (var location in Locations.Where(_ => Chance(0.85)))
        {
            await DoAsync("upload", w => w.UploadAsync(location));
            await DoAsync("work", w => w.WorkAsync(w.First, TimeSpan.FromMinutes(2)));
        }
    }

    /// <summary>One random step, then every invariant.</summary>
    public async Task StepAsync()
    {
        var action = Choose();
        await DoAsync(action.Name, action.Do);
    }

    /// <summary>One step, then every invariant.</summary>
    public async Task DoAsync(string name, Func<ModelWorld, Task> action)
    {
        _steps.AppendLine().Append(++_step).Append(" +").Append(Clock.Elapsed.ToString("c", System.Globalization.CultureInfo.InvariantCulture)).Append(' ').Append(name);
        try
        {
            await action(this);
            First.Points.Disarm();
            Second.Points.Disarm();
            // Both servers seal, by turns; who begins again after a restart takes over from the other.
            await (_step % 3 == 0 ? Second : First).Get<AuditSealer>().SealAsync(CancellationToken.None);
            Truth.JudgeLedger();
            Invariants.Check();
        }
        catch (Exception e) when (e is not ModelException)
        {
            // What an invariant says may come out of the middle of the product, wrapped by it.
            var inside = e;
            while (inside is not null and not ModelException)
            {
                inside = inside.InnerException;
            }

            if (inside is ModelException found)
            {
                throw found;
            }

            Fail($"The product threw {e.GetType().Name}: {e.Message}", e);
        }
    }

    /// <summary>I9: the audit trail is whole, and every row of it is sealed.</summary>
    public async Task CheckRecordsAsync()
    {
        var report = await First.Get<AuditChainCheck>().CheckAsync(anchor: null, CancellationToken.None);
        if (report.Faults is [var fault, ..])
        {
            Fail($"I9: the chain {fault.Chain} is broken at {fault.Sequence}: {fault.Kind}");
        }

        if (report.Waiting > 0 || Files.Count("""SELECT COUNT(*) FROM "AuditEvents" """) + Files.Count("""SELECT COUNT(*) FROM "LicenseChanges" """) != report.Sealed)
        {
            Fail($"I9: {report.Sealed} rows are sealed and {report.Waiting} are not");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await First.DisposeAsync();
        await Second.DisposeAsync();
        await Cloud.DisposeAsync();
        Files.Dispose();
    }

    private T Pick<T>(IReadOnlyList<T> choices) => choices[R.Next(choices.Count)];

    private bool Chance(double share) => R.NextDouble() < share;

    private ModelServer AnyServer() => Chance(0.8) ? First : Second;

    private ModelServer Other(ModelServer server) => server == First ? Second : First;

    private ModelServer Start(string letter, TimeSpan skew) => new(this, $"{letter}{++_started}", skew, _mutation);

    /// <summary>Ends a program and starts it again: what it had in memory is gone.</summary>
    private async Task RestartAsync(ModelServer server)
    {
        await server.DisposeAsync();
        if (server == First)
        {
            First = Start("A", TimeSpan.Zero);
        }
        else
        {
            Second = Start("B", _skew);
        }
    }
}

/// <summary>Ids that follow from the seed.</summary>
internal sealed class SeededIdSource(int seed) : IdSource
{
    private readonly Random _random = new(seed ^ 0x5EED);

    public override Guid NewId()
    {
        Span<byte> bytes = stackalloc byte[16];
        _random.NextBytes(bytes);
        bytes[7] = (byte)((bytes[7] & 0x0F) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3F) | 0x80);
        return new Guid(bytes);
    }
}
