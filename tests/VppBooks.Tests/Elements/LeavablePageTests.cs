using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Logging;
using VppBooks.Web.Components.Elements;

namespace VppBooks.Tests.Elements;

public sealed class LeavablePageTests : ElementContext
{
    private readonly RecordingLogger _log = new();

    [Fact]
    public async Task Failure_goes_to_the_log_under_the_reference_the_page_shows()
    {
        var page = Render<Page>().Instance;

        var read = await page.ReadAsync<string>(() => throw new InvalidOperationException("secret detail"), _log);

        var failed = Assert.IsType<Loadable<string>.Failed>(read);
        Assert.Contains(failed.Reference, Assert.Single(_log.Messages), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failed.Reference, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_and_an_empty_list_are_empty_and_anything_else_is_ready()
    {
        var page = Render<Page>().Instance;

        Assert.IsType<Loadable<string?>.Empty>(await page.ReadAsync<string?>(() => Task.FromResult<string?>(null), _log));
        Assert.IsType<Loadable<IReadOnlyList<int>>.Empty>(await page.ReadAsync<IReadOnlyList<int>>(() => Task.FromResult<IReadOnlyList<int>>([]), _log));
        Assert.IsType<Loadable<IReadOnlyList<int>>.Ready>(await page.ReadAsync<IReadOnlyList<int>>(() => Task.FromResult<IReadOnlyList<int>>([1]), _log));
    }

    [Fact]
    public async Task Leaving_cancels_the_read_and_is_no_failure()
    {
        var page = Render<Page>().Instance;
        var reading = page.ReadAsync(() => Task.Delay(Timeout.InfiniteTimeSpan, page.LeavingToken).ContinueWith(
            t => t.IsCanceled ? throw new OperationCanceledException() : "read", TaskScheduler.Default), _log);

        await DisposeComponentsAsync();

        Assert.IsType<Loadable<string>.Pending>(await reading);
        Assert.True(page.LeavingToken.IsCancellationRequested);
        Assert.Empty(_log.Messages);
    }

    private sealed class RecordingLogger : ILogger
    {
        public List<string> Messages { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Messages.Add(formatter(state, exception));
    }

    private sealed class Page : LeavablePage
    {
        public CancellationToken LeavingToken => Leaving;

        public Task<Loadable<T>> ReadAsync<T>(Func<Task<T>> read, ILogger logger) => LoadAsync(read, logger);

        protected override void BuildRenderTree(Microsoft.AspNetCore.Components.Rendering.RenderTreeBuilder builder) => builder.AddContent(0, "page");
    }
}
