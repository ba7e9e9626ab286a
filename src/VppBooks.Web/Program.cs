using VppBooks.Web;
using VppBooks.Web.Hosting;

return args is [HealthProbe.Command, var url] ? await HealthProbe.RunAsync(url, TimeProvider.System) : await VppBooksApp.RunAsync(args);

/// <summary>The entry point, public so that a test can start the program.</summary>
public partial class Program;
