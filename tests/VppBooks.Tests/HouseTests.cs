namespace VppBooks.Tests;

public sealed class HouseTests
{
    [Fact]
    public void Content_of_core_is_reachable() => Assert.Equal("VppBooks.Web", typeof(Program).Assembly.GetName().Name);
}
