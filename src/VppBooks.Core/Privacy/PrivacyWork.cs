using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace VppBooks.Core.Privacy;

/// <summary>Erases, once an hour, who has been gone for longer than names are kept, and forgets whom nothing has needed for long enough, and plans that came to nothing.</summary>
internal sealed class PrivacyWork(PersonErasure erasure, DraftPlans drafts, UnneededPeople unneeded, TimeProvider clock, ILogger<PrivacyWork> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            // Each for itself: names are erased in time, whatever becomes of old plans.
            await TryAsync(erasure.EraseDueAsync, logger.PeopleErased, stoppingToken);
            await TryAsync(drafts.ForgetDueAsync, logger.DraftsForgotten, stoppingToken);
            await TryAsync(unneeded.ForgetDueAsync, logger.PeopleForgotten, stoppingToken);
        }
    }

    private async Task TryAsync(Func<CancellationToken, Task<int>> work, Action<int> tell, CancellationToken stoppingToken)
    {
        try
        {
            if (await work(stoppingToken) is > 0 and var count)
            {
                tell(count);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            logger.ErasureFailed(e);
        }
    }
}

/// <summary>Registration of what the law asks for.</summary>
public static class PrivacyRegistration
{
    extension(IServiceCollection services)
    {
        /// <summary>Registers handing out and erasing what is stored about a person. Expects the database to be there.</summary>
        public IServiceCollection AddVppBooksPrivacy()
        {
            services.AddSingleton<PersonErasure>();
            services.AddSingleton<DraftPlans>();
            services.AddSingleton<UnneededPeople>();
            services.AddSingleton<PersonDataReader>();
            services.AddOptions<PrivacyOptions>().ValidateOnStart();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<PrivacyOptions>, PrivacyOptionsValidator>());
            return services;
        }
    }
}

internal static partial class PrivacyLog // ids 5300-5319
{
    [LoggerMessage(5300, LogLevel.Information, "Names and addresses of {People} people were erased: they have been gone for longer than names are kept")]
    public static partial void PeopleErased(this ILogger logger, int people);

    [LoggerMessage(5302, LogLevel.Information, "{People} people were forgotten: nothing has needed them for long enough")]
    public static partial void PeopleForgotten(this ILogger logger, int people);

    [LoggerMessage(5303, LogLevel.Information, "{Plans} plans were deleted that were shown and never committed")]
    public static partial void DraftsForgotten(this ILogger logger, int plans);

    [LoggerMessage(5301, LogLevel.Error, "People or plans that were kept long enough could not be erased; the next try is in an hour")]
    public static partial void ErasureFailed(this ILogger logger, Exception exception);
}
