using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Rendering;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace VppBooks.Benchmarks;

/// <summary>The floor of a page: a hundred rows from memory, rendered by the same library, with neither database nor sign-in.</summary>
internal sealed class PlainTable : ComponentBase
{
    private static readonly (string Name, string Author, int Count)[] _rows = [.. Enumerable.Range(0, 100).Select(i => ($"The {i} voyages of a book with a name of usual length", $"Author {i}", i))];

    /// <summary>Serves it from a program of its own.</summary>
    public static async Task<WebApplication> ServeAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddRazorComponents();
        var app = builder.Build();
        app.MapGet("/", () => new RazorComponentResult<PlainTable>());
        await app.StartAsync(cancellationToken);
        return app;
    }

    protected override void BuildRenderTree(RenderTreeBuilder builder)
    {
        builder.AddMarkupContent(0, "<!DOCTYPE html>");
        builder.OpenElement(1, "html");
        builder.OpenElement(2, "body");
        builder.OpenElement(3, "table");
        foreach (var (name, author, count) in _rows)
        {
            builder.OpenElement(4, "tr");
            builder.OpenElement(5, "th");
            builder.AddContent(6, name);
            builder.CloseElement();
            builder.OpenElement(7, "td");
            builder.AddContent(8, author);
            builder.CloseElement();
            builder.OpenElement(9, "td");
            builder.AddContent(10, count);
            builder.CloseElement();
            builder.CloseElement();
        }

        builder.CloseElement();
        builder.CloseElement();
        builder.CloseElement();
    }
}
