using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using VppBooks.Core;
using VppBooks.Web;

namespace VppBooks.EndToEnd.Tests;

/// <summary>The console in a process of its own, killed when the test is over.</summary>
internal sealed partial class StartedProgram : IDisposable
{
    private const string ClockOffset = "VPPBOOKS_CLOCK_OFFSET";

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly TaskCompletionSource<string> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private StartedProgram(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, e) => Read(e.Data);
        process.ErrorDataReceived += (_, e) => Append(_errors, e.Data);
        process.Exited += (_, _) => _address.TrySetException(new InvalidOperationException($"The program ended:\n{Output}\n{Errors}"));
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Output => Text(_output);

    public string Errors => Text(_errors);

    public int Id => _process.Id;

    /// <param name="crashPoint">Where it kills itself; null lets it live.</param>
    /// <param name="clockOffset">How far its clock is ahead of the others; null: not at all.</param>
    public static StartedProgram Start(string[] arguments, string? crashPoint = null, TimeSpan? clockOffset = null)
    {
        var dll = typeof(VppBooksApp).Assembly.Location;
        var start = new ProcessStartInfo("dotnet", [dll, .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
            // It lives for seconds: measuring what runs often does not pay.
            Environment = { [CrashPoint.Variable] = crashPoint, [ClockOffset] = clockOffset?.ToString("c", CultureInfo.InvariantCulture), ["DOTNET_TieredPGO"] = "0" },
        };
        return new StartedProgram(new Process { StartInfo = start, EnableRaisingEvents = true }.Started());
    }

    /// <summary>Where it listens, as soon as it says so.</summary>
    public Task<string> AddressAsync() => _address.Task;

    /// <summary>Sends SIGTERM, as <c>docker stop</c> and service managers do.</summary>
    public Task AskToStopAsync() => SignalAsync("TERM");

    /// <summary>Freezes it, like a machine that is suspended.</summary>
    public Task PauseAsync() => SignalAsync("STOP");

    public Task ContinueAsync() => SignalAsync("CONT");

    /// <summary>Ends it at once, like a power cut.</summary>
    public void Kill() => _process.Kill(entireProcessTree: true);

    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private async Task SignalAsync(string name)
    {
        using var kill = Process.Start("kill", ["-" + name, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    private void Read(string? line)
    {
        Append(_output, line);
        if (line is not null && Listening().Match(line) is { Success: true } match)
        {
            _address.TrySetResult(match.Groups[1].Value);
        }
    }

    private static void Append(StringBuilder text, string? line)
    {
        lock (text)
        {
            text.AppendLine(line);
        }
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    [GeneratedRegex(@"^\s*Console\s+(http\S+)")]
    private static partial Regex Listening();
}

file static class ProcessStart
{
    public static Process Started(this Process process)
    {
        process.Start();
        return process;
    }
}
