using VppBooks.Web;

return await VppBooksApp.RunAsync(args);

/// <summary>The entry point, public so that a test can start the program.</summary>
public partial class Program;
