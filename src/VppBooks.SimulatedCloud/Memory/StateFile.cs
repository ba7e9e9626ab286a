using System.Text.Json;
using System.Text.Json.Serialization;
using VppBooks.SimulatedCloud.Graph;

namespace VppBooks.SimulatedCloud.Memory;

/// <summary>
/// Lets the stand-ins remember over a restart, as the services they stand in for would: a console that kept its database must find at Apple what it left there.
/// </summary>
internal sealed class StateFile : IAsyncDisposable
{
    /// <summary>A burst of changes is written once, a quarter of a second later at most.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter() },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly SimulatedCloudHost _cloud;
    private readonly string _path;
    private readonly Lock _writing = new();
    private readonly ITimer _timer;
    private int _wanted;
    private volatile bool _directoryChanged;

    private StateFile(SimulatedCloudHost cloud)
    {
        _cloud = cloud;
        _path = Path.GetFullPath(cloud.Options.StateFile);

        // Of the real clock, whatever the stand-ins live by: a file is no part of the simulation.
        _timer = TimeProvider.System.CreateTimer(_ => Write(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Puts the file's state in place of the organization's, if there is a file that fits, and keeps it up to date from here on if it is to.</summary>
    public static StateFile Open(SimulatedCloudHost cloud, bool keeps)
    {
        var file = new StateFile(cloud);
        file.Read();
        if (!keeps)
        {
            return file;
        }

        cloud.Apple.Changed = file.Changed;
        cloud.Graph.Changed = () =>
        {
            file._directoryChanged = true;
            file.Changed();
        };
        return file;
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        if (Volatile.Read(ref _wanted) == 1)
        {
            Write();
        }
    }

    // Called under the gates of the stand-ins: only notes it.
    private void Changed()
    {
        if (Interlocked.Exchange(ref _wanted, 1) == 0)
        {
            _timer.Change(Pause, Timeout.InfiniteTimeSpan);
        }
    }

    private void Read()
    {
        if (!File.Exists(_path))
        {
            return;
        }

        try
        {
            using var stream = File.OpenRead(_path);
            var saved = JsonSerializer.Deserialize<SavedCloud>(stream, Json) ?? throw new InvalidDataException("it is empty");
            var options = _cloud.Options;
            if (saved.Format != SavedCloud.CurrentFormat || saved.Seed != options.Seed || saved.Size != options.Size)
            {
                throw new InvalidDataException("it was written for another organization or by another version");
            }

            var directory = saved.Directory?.Deserialize<SavedDirectory>(Json);
            _cloud.Apple.Restore(saved.Apple);
            if (directory is not null)
            {
                _cloud.Graph.Restore(directory);
                _cloud.Apple.People.ReadDirectory();
                _directoryChanged = true;
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidDataException or ArgumentException or IOException or UnauthorizedAccessException)
        {
            Console.WriteLine($"Simulated cloud: {_path} is ignored, everything starts as new ({exception.Message}).");
        }
    }

    private void Write()
    {
        lock (_writing)
        {
            // Before the copy is made: what changes after this is written by the next round.
            Volatile.Write(ref _wanted, 0);
            try
            {
                var saved = new SavedCloud
                {
                    Format = SavedCloud.CurrentFormat,
                    Seed = _cloud.Options.Seed,
                    Size = _cloud.Options.Size,
                    Apple = _cloud.Apple.Save(),
                    Directory = _directoryChanged ? _cloud.Graph.Save(Json) : null,
                };
                Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
                var next = _path + ".new";
                using (var stream = File.Create(next))
                {
                    JsonSerializer.Serialize(stream, saved, Json);
                    stream.Flush(flushToDisk: true);
                }

                // Whoever is killed here leaves the whole old file or the whole new one.
                File.Move(next, _path, overwrite: true);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                Console.WriteLine($"Simulated cloud: {_path} cannot be written ({exception.Message}).");
            }
        }
    }
}
