using VppBooks.EndToEnd.Tests;

[assembly: AssemblyFixture(typeof(ConsoleFixture))]
