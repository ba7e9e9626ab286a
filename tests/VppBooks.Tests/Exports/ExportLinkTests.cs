using System.Security.Claims;
using Bunit;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Exports;
using VppBooks.Core.Persistence;
using VppBooks.Tests.Elements;
using VppBooks.Tests.Locations;
using VppBooks.Web.Components.Exports;
using VppBooks.Web.SignIn;

namespace VppBooks.Tests.Exports;

/// <summary>What the link beside a list says while the list is on its way out through the endpoint.</summary>
public sealed class ExportLinkTests : ElementContext, IAsyncLifetime
{
    private const int Long = 1203;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(20);
    private readonly TaskCompletionSource _more = new();
    private CoreHouse _house = null!;

    public async ValueTask InitializeAsync()
    {
        _house = await CoreHouse.StartAsync();
        Services.AddSingleton(new ExportRuns(_house.Get<IDbContextFactory<VppBooksDbContext>>(), _house.Clock));
        Services.AddSingleton<ICurrentActor>(new Auditor());
        Services.AddLogging();
    }

    [Fact]
    public async Task A_long_export_says_how_many_rows_it_has_written_and_that_it_is_done()
    {
        var link = Link("activity");
        Assert.Equal("", Said(link));

        var body = new MemoryStream();
        var export = ExportAsync(body, RowsAsync());

        link.WaitForAssertion(() => Assert.Equal("500 rows exported so far…", Said(link)), _patience);
        Assert.False(export.IsCompleted);
        _more.SetResult();
        await export;
        link.WaitForAssertion(() => Assert.Equal("1,203 rows exported.", Said(link)), _patience);
        Assert.Equal(Long + 1, System.Text.Encoding.UTF8.GetString(body.ToArray()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task An_export_that_breaks_is_not_called_done()
    {
        var link = Link("activity");
        var export = ExportAsync(new MemoryStream(), RowsAsync());
        link.WaitForAssertion(() => Assert.Equal("500 rows exported so far…", Said(link)), _patience);

        _more.SetException(new InvalidOperationException("The database is gone."));

        await Assert.ThrowsAsync<InvalidOperationException>(() => export);
        link.WaitForAssertion(() => Assert.Equal("The export ended after 500 rows.", Said(link)), _patience);
    }

    [Fact]
    public async Task Links_of_other_lists_and_of_pages_opened_later_say_nothing()
    {
        var (link, other) = (Link("activity"), Link("people"));
        _more.SetResult();
        await ExportAsync(new MemoryStream(), RowsAsync());
        link.WaitForAssertion(() => Assert.Equal("1,203 rows exported.", Said(link)), _patience);

        Assert.Equal("", Said(other));
        Assert.Equal("", Said(Link("activity")));
    }

    protected override async ValueTask DisposeAsyncCore()
    {
        await base.DisposeAsyncCore();
        await _house.DisposeAsync();
    }

    private static string Said(IRenderedComponent<ExportLink> link) => link.Find("[role=status]").TextContent;

    private IRenderedComponent<ExportLink> Link(string list) => Render<ExportLink>(p => p.Add(l => l.Href, "/exports/" + list).Add(l => l.List, list));

    private Task ExportAsync(Stream body, IAsyncEnumerable<object?[]> rows)
    {
        var context = new DefaultHttpContext { RequestServices = Services, User = Auditor.Person };
        context.Response.Body = body;
        return ExportEndpoints.SendAsync(context, (_, _, _) => new ExportTable("activity", ["Number"], rows));
    }

    // Holds on behind the first 500.
    private async IAsyncEnumerable<object?[]> RowsAsync()
    {
        for (var row = 1; row <= Long; row++)
        {
            if (row == 501)
            {
                await _more.Task;
            }

            yield return [row];
        }
    }

    private sealed class Auditor : ICurrentActor
    {
        public static ClaimsPrincipal Person { get; } = new(new ClaimsIdentity([new("roles", Roles.Auditor), new("oid", "0b6f2c7e-8d7b-4f1e-9b64-3f0c5a9d7712"), new("name", "A. Uditor")], "test"));

        public Task<ClaimsPrincipal> FindAsync() => Task.FromResult(Person);
    }
}
