using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using VppBooks.Core.Security;
using VppBooks.Web.Api;

namespace VppBooks.Tests.Api;

/// <summary>What a caller hears of an exception.</summary>
public sealed class FailureTests
{
    [Theory]
    [InlineData("/beta/deviceAppManagement/vppTokens", 500, "InternalServerError")]
    [InlineData("/V1.0/deviceAppManagement/vppTokens", 500, "InternalServerError")]
    [InlineData("/api/export", 500, "InternalServerError")]
    public async Task Fault_of_ours_tells_nothing_but_its_reference(string path, int status, string code)
    {
        var (answered, body, context) = await AnswerAsync(path, new InvalidOperationException("the secret reason"));

        Assert.True(answered);
        Assert.Equal(status, context.Response.StatusCode);
        Assert.Contains($"\"code\":\"{code}\"", body, StringComparison.Ordinal);
        Assert.Contains(context.TraceIdentifier, body, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", body, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Missing_permission_and_bad_request_are_the_callers()
    {
        Assert.Equal(403, (await AnswerAsync("/api/export", new NotAllowedException(Permissions.Assign))).Context.Response.StatusCode);
        Assert.Equal(413, (await AnswerAsync("/api/export", new BadHttpRequestException("too large", 413))).Context.Response.StatusCode);
    }

    [Fact]
    public async Task Pages_have_their_own_answer() => Assert.False((await AnswerAsync("/tokens", new InvalidOperationException())).Answered);

    // The middleware points the request at the error page before it asks.
    private static async Task<(bool Answered, string Body, HttpContext Context)> AnswerAsync(string path, Exception exception)
    {
        var context = new DefaultHttpContext { RequestServices = new ServiceCollection().AddSingleton(TimeProvider.System).BuildServiceProvider(), TraceIdentifier = "reference-7" };
        using var body = new MemoryStream();
        context.Response.Body = body;
        context.Request.Path = "/error";
        context.Features.Set<IExceptionHandlerPathFeature>(new ExceptionHandlerFeature { Path = path, Error = exception });

        var answered = await new ApiFailures().TryHandleAsync(context, exception, CancellationToken.None);

        return (answered, System.Text.Encoding.UTF8.GetString(body.ToArray()), context);
    }
}
