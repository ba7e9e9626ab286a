using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Apple;
using VppBooks.Core.Licenses;
using VppBooks.Core.Persistence.Sqlite;

namespace VppBooks.Tests.Model;

/// <summary>A rule of the product that is broken on purpose, from outside: the model has to notice.</summary>
internal abstract class Mutation
{
    public static Mutation None { get; } = new Nothing();

    /// <summary>Changes how a server is composed.</summary>
    public virtual void Configure(IServiceCollection services)
    {
    }

    /// <summary>Changes the settings.</summary>
    public virtual void Change(LicenseOptions options)
    {
    }

    /// <summary>Changes the empty database.</summary>
    public virtual void Prepare(ModelFiles files)
    {
    }

    private sealed class Nothing : Mutation;
}

/// <summary>Nothing but code keeps a person from having two rows of a title.</summary>
internal sealed class WithoutUniqueIndex : Mutation
{
    public override void Prepare(ModelFiles files) => files.Execute("""DROP INDEX "IX_Licenses_PersonId_AdamId_Ordinal" """);
}

/// <summary>Whoever thinks that it has the lease may write.</summary>
internal sealed class WithoutLeaseCheck : Mutation
{
    public override void Configure(IServiceCollection services) =>
        services.ConfigureDbContext<SqliteVppBooksDbContext>(options => options.AddInterceptors(new Believing()));

    private sealed class Believing : DbCommandInterceptor
    {
        // The guard renews and nothing else; taking the lease also sets the token, giving it back sets the owner.
        public override ValueTask<int> NonQueryExecutedAsync(DbCommand command, CommandExecutedEventData eventData, int result, CancellationToken cancellationToken = default) =>
            ValueTask.FromResult(
                command.CommandText.Contains("UPDATE \"LocationLeases\"", StringComparison.Ordinal)
                && command.CommandText.Contains("SET \"ExpiresAt\" = ", StringComparison.Ordinal)
                && !command.CommandText.Contains("\"FenceToken\" + 1", StringComparison.Ordinal) ? 1 : result);
    }
}

/// <summary>The network sends an associate again when it does not like the answer.</summary>
internal sealed class SendingAgain : Mutation
{
    public override void Configure(IServiceCollection services) =>
        services.AddHttpClient(AppleServices.ClientName).AddHttpMessageHandler(() => new Repeating());

    private sealed class Repeating : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            try
            {
                var response = await base.SendAsync(request, cancellationToken);
                if ((int)response.StatusCode < 500 || !Spends(request))
                {
                    return response;
                }
            }
            catch (HttpRequestException) when (Spends(request))
            {
            }

            return await base.SendAsync(request, cancellationToken);
        }

        private static bool Spends(HttpRequestMessage request) => request.RequestUri!.AbsolutePath.EndsWith("/assets/associate", StringComparison.Ordinal);
    }
}

/// <summary>What is not seen at once counts as not done.</summary>
internal sealed class BelievingAbsence : Mutation
{
    public override void Change(LicenseOptions options) => (options.UnknownAfter, options.UnknownReadsApart) = (TimeSpan.Zero, TimeSpan.Zero);
}
