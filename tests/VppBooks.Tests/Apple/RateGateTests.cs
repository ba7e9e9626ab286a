using System.Collections.Concurrent;
using VppBooks.Apple.Transport;

namespace VppBooks.Tests.Apple;

public sealed class RateGateTests
{
    private readonly JumpingClock _clock = new();

    [Theory]
    [InlineData(15)]
    [InlineData(5)]
    [InlineData(1)]
    public void No_second_holds_more_requests_than_allowed_and_95_percent_of_the_budget_is_used(int perSecond)
    {
        var gate = new RateGate(_clock, TimeSpan.FromSeconds(5));
        var sent = new ConcurrentQueue<TimeSpan>();
        var requests = perSecond * 20;
        Run(() => Enumerable.Range(0, requests).Select(async _ =>
        {
            Assert.True(await gate.TryEnterAsync(perSecond, TimeSpan.MaxValue, TestContext.Current.CancellationToken));
            sent.Enqueue(gate.Now);
        }).ToList());

        var times = sent.Order().ToList();
        for (var i = perSecond; i < times.Count; i++)
        {
            Assert.True(times[i] - times[i - perSecond] > TimeSpan.FromSeconds(1), $"{perSecond + 1} requests within a second at {times[i]}");
        }

        Assert.InRange(times[^1].TotalSeconds, 0, 1.05 * requests / perSecond);
    }

    [Fact]
    public void A_busy_machine_that_wakes_late_still_keeps_to_the_rate()
    {
        var gate = new RateGate(_clock, TimeSpan.FromSeconds(5));
        var sent = new ConcurrentQueue<TimeSpan>();
        Run(() => Enumerable.Range(0, 100).Select(async _ =>
        {
            await gate.TryEnterAsync(15, TimeSpan.MaxValue, TestContext.Current.CancellationToken);
            sent.Enqueue(gate.Now);
        }).ToList(), TimeSpan.FromMilliseconds(700));


        var times = sent.Order().ToList();
        for (var i = 15; i < times.Count; i++)
        {
            Assert.True(times[i] - times[i - 15] > TimeSpan.FromSeconds(1));
        }
    }

    [Fact]
    public void A_pause_holds_everyone_and_ends_without_a_burst()
    {
        var gate = new RateGate(_clock, TimeSpan.FromSeconds(5));
        var sent = new ConcurrentQueue<TimeSpan>();
        Run(() => Enumerable.Range(0, 30).Select(async _ =>
        {
            await gate.TryEnterAsync(15, TimeSpan.MaxValue, TestContext.Current.CancellationToken);
            sent.Enqueue(gate.Now);
            if (sent.Count == 5)
            {
                gate.Pause(gate.Now, TimeSpan.FromSeconds(20));
            }
        }).ToList());

        var times = sent.Order().ToList();
        Assert.True(times[5] >= times[4] + TimeSpan.FromSeconds(20));
        Assert.All(times.Skip(5).Zip(times.Skip(6)), pair => Assert.True(pair.Second - pair.First > TimeSpan.FromMilliseconds(50)));
    }

    [Fact]
    public async Task Five_requests_refused_together_are_one_strike()
    {
        var gate = new RateGate(_clock, TimeSpan.FromSeconds(5));
        for (var i = 0; i < 5; i++)
        {
            gate.Pause(TimeSpan.Zero, null);
        }

        Assert.Equal(_clock.GetUtcNow() + TimeSpan.FromSeconds(5), gate.PausedUntil);

        _clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Null(gate.PausedUntil);
        gate.Pause(gate.Now, null);
        Assert.Equal(15, gate.PauseLeft.TotalSeconds);

        _clock.Advance(TimeSpan.FromSeconds(20));
        gate.Answered(gate.Now);
        gate.Pause(gate.Now, null);
        Assert.Equal(5, gate.PauseLeft.TotalSeconds);
        Assert.False(await gate.TryEnterAsync(15, gate.Now + TimeSpan.FromSeconds(4), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void F5_Locations_that_an_outage_stopped_together_do_not_come_back_together()
    {
        var random = new Random(17);
        var pauses = Enumerable.Range(0, 50).Select(_ =>
        {
            var gate = new RateGate(_clock, TimeSpan.FromSeconds(8), random);
            gate.Pause(gate.Now, null);
            return gate.PauseLeft.TotalSeconds;
        }).ToList();

        Assert.All(pauses, p => Assert.InRange(p, 8, 10));
        Assert.True(pauses.Max() - pauses.Min() > 1.5);
        var asked = new RateGate(_clock, TimeSpan.FromSeconds(8), random);
        asked.Pause(asked.Now, TimeSpan.FromSeconds(30));
        Assert.Equal(30, asked.PauseLeft.TotalSeconds);
        asked.Pause(asked.Now, TimeSpan.FromHours(3));
        Assert.Equal(TimeSpan.FromHours(1), asked.PauseLeft);
    }

    // On one thread, so that nothing depends on how busy the machine is.
    private void Run(Func<IReadOnlyList<Task>> start, TimeSpan? step = null)
    {
        var before = SynchronizationContext.Current;
        var thread = new OneThread();
        SynchronizationContext.SetSynchronizationContext(thread);
        try
        {
            var work = Task.WhenAll(start());
            while (!work.IsCompleted)
            {
                if (step is { } fixedStep)
                {
                    _clock.Advance(fixedStep);
                }
                else
                {
                    _clock.JumpToNextTimer();
                }

                thread.RunAll();
            }

            Assert.True(work.IsCompletedSuccessfully);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private sealed class OneThread : SynchronizationContext
    {
        private readonly Queue<(SendOrPostCallback Work, object? State)> _queue = new();

        public override void Post(SendOrPostCallback d, object? state) => _queue.Enqueue((d, state));

        public void RunAll()
        {
            while (_queue.TryDequeue(out var next))
            {
                next.Work(next.State);
            }
        }
    }
}
