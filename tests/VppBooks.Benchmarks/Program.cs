using VppBooks.Benchmarks;

switch (args)
{
    case ["stand-in", .. var rest]:
        await StandIn.ServeAsync(rest);
        return 0;
    case ["sync", .. var rest]:
        await SyncWorkload.RunAsync(rest.Contains("--quick", StringComparer.Ordinal), CancellationToken.None);
        return 0;
    case ["notifications"]:
        await NotificationWorkload.RunAsync(CancellationToken.None);
        return 0;
    case ["api"]:
        await ApiWorkload.RunAsync(CancellationToken.None);
        return 0;
    case ["library"]:
        await LibraryWorkload.RunAsync(CancellationToken.None);
        return 0;
    default:
        Console.WriteLine("VppBooks benchmarks. Workloads: sync [--quick], notifications, api, library. See docs/benchmarks.md.");
        return args.Length == 0 ? 0 : 1;
}
