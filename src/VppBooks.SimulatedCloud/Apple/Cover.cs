using System.Security.Cryptography;
using System.Text;

namespace VppBooks.SimulatedCloud.Apple;

/// <summary>Draws a cover: two tones and a pattern that follow from the id, the title on top, the author below.</summary>
internal static class Cover
{
    private const int Shades = 128;
    private const byte Ink = 200;
    private const byte Rule = 201;

    public static byte[] Draw(string title, string author, string adamId, int width, int height)
    {
        var hash = SHA256.HashData(Encoding.ASCII.GetBytes(adamId));
        var palette = Palette(hash);
        var pixels = new byte[width * height];
        Background(pixels, width, height, hash[0] % 4, 3 + (hash[1] % 5));
        if (width >= 40 && height >= 40)
        {
            var margin = width / 12;
            var bottom = Text(pixels, width, margin, height / 7, width - (2 * margin), height * 2 / 5, TinyFont.Simplify(title), Math.Max(1, width / 46));
            Fill(pixels, width, margin, Math.Min(bottom + (height / 60), height - 1), width / 4, Math.Max(1, height / 150), Rule);
            Text(pixels, width, margin, height * 5 / 6, width - (2 * margin), height / 8, TinyFont.Simplify(author), Math.Max(1, width / 90));
        }

        return Png.Encode(width, height, palette, pixels);
    }

    private static byte[] Palette(byte[] hash)
    {
        var palette = new byte[256 * 3];
        var hue = hash[2] / 256.0;
        var other = hue + 0.08 + (hash[3] / 256.0 * 0.25);
        for (var i = 0; i < Shades + 32; i++)
        {
            var t = Math.Min(1.0, i / (double)Shades);
            Put(i, hue + ((other - hue) * t), 0.45, 0.22 + (0.18 * t));
        }

        Put(Ink, hue, 0.35, 0.95);
        Put(Rule, other + 0.4, 0.7, 0.68);
        return palette;

        void Put(int index, double h, double s, double l)
        {
            // Hue, saturation and lightness to red, green and blue.
            for (var channel = 0; channel < 3; channel++)
            {
                var k = ((channel == 0 ? 0 : channel == 1 ? 8 : 4) + (h % 1 * 12)) % 12;
                var value = l - (s * Math.Min(l, 1 - l) * Math.Max(-1, Math.Min(Math.Min(k - 3, 9 - k), 1)));
                palette[(index * 3) + channel] = (byte)Math.Round(value * 255);
            }
        }
    }

    private static void Background(byte[] pixels, int width, int height, int pattern, int count)
    {
        var step = Math.Max(4, width / count);
        for (var y = 0; y < height; y++)
        {
            var shade = y * (Shades - 1) / height;
            for (var x = 0; x < width; x++)
            {
                var dx = (x % step) - (step / 2);
                var dy = (y % step) - (step / 2);
                var raised = pattern switch
                {
                    0 => (x + y) / step % 2 == 0,
                    1 => (dx * dx) + (dy * dy) < step * step / 6,
                    2 => Math.Abs(dx) + Math.Abs(dy) < step / 3,
                    _ => (x + (y / 3)) / step % 2 == 0,
                };
                pixels[(y * width) + x] = (byte)(raised ? shade + 14 : shade);
            }
        }
    }

    /// <summary>Writes text in the largest size that fits the box; returns the y below it.</summary>
    private static int Text(byte[] pixels, int width, int left, int top, int boxWidth, int boxHeight, string text, int largest)
    {
        for (var dot = largest; dot >= 1; dot--)
        {
            var letters = boxWidth / (TinyFont.Advance * dot);
            var lines = Wrap(text, letters);
            if (dot > 1 && (lines.Exists(line => line.Length > letters) || lines.Count * TinyFont.LineHeight * dot > boxHeight))
            {
                continue;
            }

            var y = top;
            foreach (var line in lines.TakeWhile(_ => y + (TinyFont.LineHeight * dot) <= top + boxHeight))
            {
                for (var i = 0; i < Math.Min(line.Length, letters); i++)
                {
                    Letter(pixels, width, left + (i * TinyFont.Advance * dot), y, line[i], dot);
                }

                y += TinyFont.LineHeight * dot;
            }

            return y;
        }

        return top;
    }

    private static List<string> Wrap(string text, int letters)
    {
        var lines = new List<string>();
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (lines.Count > 0 && lines[^1].Length + 1 + word.Length <= letters)
            {
                lines[^1] += " " + word;
            }
            else
            {
                lines.Add(word);
            }
        }

        return lines;
    }

    private static void Letter(byte[] pixels, int width, int left, int top, char letter, int dot)
    {
        for (var column = 0; column < 5; column++)
        {
            for (var row = 0; row < 7; row++)
            {
                if (TinyFont.IsSet(letter, column, row))
                {
                    Fill(pixels, width, left + (column * dot), top + (row * dot), dot, dot, Ink);
                }
            }
        }
    }

    private static void Fill(byte[] pixels, int width, int left, int top, int w, int h, byte color)
    {
        for (var y = top; y < top + h && y < pixels.Length / width; y++)
        {
            pixels.AsSpan((y * width) + left, Math.Min(w, width - left)).Fill(color);
        }
    }
}
