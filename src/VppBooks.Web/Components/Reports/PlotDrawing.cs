using System.Globalization;
using System.Text;
using OxyPlot;

namespace VppBooks.Web.Components.Reports;

/// <summary>Colours of a plot. They stand for classes of the stylesheet, so that both themes and a printer choose their own.</summary>
internal static class Ink
{
    /// <summary>Lines of the scale.</summary>
    public static readonly OxyColor Scale = OxyColor.FromRgb(1, 0, 0);

    /// <summary>Copies assigned, and what is below their line.</summary>
    public static readonly OxyColor Assigned = OxyColor.FromRgb(1, 0, 1);

    /// <inheritdoc cref="Assigned"/>
    public static readonly OxyColor Fill = OxyColor.FromRgb(1, 0, 2);

    /// <summary>Copies bought.</summary>
    public static readonly OxyColor Bought = OxyColor.FromRgb(1, 0, 3);

    /// <summary>A part of a bar, in the order of the legend.</summary>
    public static OxyColor Part(int index) => OxyColor.FromRgb(0, 0, (byte)(index + 1));

    /// <summary>The class of a colour; null for what is not ours, such as the frame.</summary>
    public static string? ClassOf(OxyColor color) => color switch
    {
        _ when color == Scale => "plot-line",
        _ when color == Assigned => "plot-assigned",
        _ when color == Fill => "plot-fill",
        _ when color == Bought => "plot-bought",
        { R: 0, G: 0, B: > 0, A: 255 } => "chart-part-" + (color.B - 1).ToString(CultureInfo.InvariantCulture),
        _ => null,
    };
}

/// <summary>Something drawn, in the units of the picture.</summary>
/// <param name="Class">The class of its colour.</param>
/// <param name="Path">Its outline, as SVG writes paths.</param>
/// <param name="Color">The colour itself.</param>
internal sealed record PlotShape(string Class, string Path, OxyColor Color);

/// <summary>
/// Takes what OxyPlot draws as shapes for an SVG of the page. The exporter that comes with it writes colours into style attributes, which the content security policy
/// refuses and no theme could change. Words are set beside the picture, where they do not stretch with it.
/// </summary>
internal sealed class PlotDrawing : ClippingRenderContext
{
    private readonly List<PlotShape> _shapes = [];

    private PlotDrawing()
    {
    }

    /// <summary>Draws a plot without margins.</summary>
    /// <exception cref="InvalidOperationException">The plot cannot be drawn.</exception>
    public static IReadOnlyList<PlotShape> Of(PlotModel plot, double width, double height)
    {
        var drawing = new PlotDrawing();
        (plot.PlotMargins, plot.Padding, plot.PlotAreaBorderThickness) = (new OxyThickness(0), new OxyThickness(0), new OxyThickness(0));
        ((IPlotModel)plot).Update(updateData: true);
        ((IPlotModel)plot).Render(drawing, new OxyRect(0, 0, width, height));
        return plot.GetLastPlotException() is { } failure ? throw new InvalidOperationException("The plot cannot be drawn.", failure) : drawing._shapes;
    }

    public override void DrawLine(IList<ScreenPoint> points, OxyColor stroke, double thickness, EdgeRenderingMode edgeRenderingMode, double[] dashArray, LineJoin lineJoin) =>
        Add(points, stroke, close: false);

    public override void DrawPolygon(
        IList<ScreenPoint> points, OxyColor fill, OxyColor stroke, double thickness, EdgeRenderingMode edgeRenderingMode, double[] dashArray, LineJoin lineJoin) =>
        Add(points, fill, close: true);

    public override void DrawText(
        ScreenPoint p,
        string text,
        OxyColor fill,
        string fontFamily,
        double fontSize,
        double fontWeight,
        double rotate,
        HorizontalAlignment horizontalAlignment,
        VerticalAlignment verticalAlignment,
        OxySize? maxSize)
    {
    }

    public override OxySize MeasureText(string text, string fontFamily, double fontSize, double fontWeight) => OxySize.Empty;

    // The picture is its own edge.
    protected override void SetClip(OxyRect clippingRectangle)
    {
    }

    protected override void ResetClip()
    {
    }

    private void Add(IList<ScreenPoint> points, OxyColor color, bool close)
    {
        if (points.Count == 0 || Ink.ClassOf(color) is not { } ink)
        {
            return;
        }

        var path = new StringBuilder();
        foreach (var point in points)
        {
            path.Append(path.Length == 0 ? 'M' : 'L').Append(Text(point.X)).Append(' ').Append(Text(point.Y));
        }

        _shapes.Add(new PlotShape(ink, path.Append(close ? "Z" : "").ToString(), color));
    }

    // Zero is added because a rounded number may be the negative one.
    private static string Text(double number) => (Math.Round(number, 2) + 0).ToString("0.##", CultureInfo.InvariantCulture);
}
