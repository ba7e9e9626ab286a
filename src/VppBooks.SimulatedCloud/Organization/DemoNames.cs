using System.Globalization;
using System.Text;

namespace VppBooks.SimulatedCloud.Organization;

/// <summary>Invented names. Accents, apostrophes, prefixes and other alphabets' letters are here on purpose: they break what ASCII never would.</summary>
internal static class DemoNames
{
    public static readonly Name[] Given = Names("""
        Anna Bram Chloë Daan Eva Finn Gül Hugo Inès Jaïr Kees Lotte Mehmet Noor Özlem Pieter Quinten Roos Søren Tess
        Umut Vera Wout Xander Yara Zoë Amélie Björn Çağla Dieuwke Élodie Fleur Gijs Hanneke Ilse Jörg Karlijn Łukasz Maëlle Niels
        Oluwaseun Priya Raphaël Saoirse Thijs Ulrike Violeta Wiesje Yusuf Zbyněk Aïcha Bartłomiej Caoimhe Dirkje Eoin Femke Giulia Hồng Ibrahim Jurriën
        Katarína Lieke Małgorzata Nanna Ömer Pím Renée Sjoerd Tuğba Uğur Vít Willemijn Ximena Ysbrand Żaneta Aafke Benoît Cato Djamila Emre
        Fatima Guðrún Hidde Imke Jelle Koen Liselotte Mikołaj Nadia Odín Pauline Ravi Siebe Teun Ursula Valérie Wietse Yfke Zeynep Aksel
        """);

    public static readonly Name[] Surnames = Names("""
        Jansen|de Vries|van den Berg|Bakker|d'Hondt|Visser|Smit|Meijer|de Boer|Mulder|O'Brien|Yılmaz|van 't Hoff|Bos|Vos|Peters
        Hendriks|van Leeuwen|Dekker|Brouwer|de Wit|Dijkstra|Smits|de Graaf|van der Meer|Çelik|Nguyễn|Kok|Jacobs|de Haan|Vermeulen
        van den Heuvel|van der Veen|van den Broek|de Bruijn|Schouten|van Beek|Willems|van Vliet|Hoekstra|Maas|Verhoeven|Koster
        van Dam|van der Wal|Prins|Blom|Huisman|Peeters|Kuipers|van Veen|Øvergård|Müller-Lüdenscheidt|Nowak|Wójcik|Dvořák|Horváth
        D'Angelo|Peña|García Márquez|Le Goff|L'Écuyer|Ó Súilabháin|Björnsdóttir|Straßburger|Şahin|Öztürk|Okonkwo|Adébáyò|Patel|Singh
        Kowalczyk|Łaska|Žižka|Ibrahimović|Dumitrașcu|Petőfi|Kjærgaard|Åkesson|Lindqvist|Virtanen|Mäkelä|Kaşıkçı|El Idrissi|Ben Youssef
        van Oosterhout|ter Horst|ten Cate|in 't Veld|op den Kamp|Wagenaar|Zijlstra|Terpstra|Wiersma|Hofstra|Boersma|Postma|Sijbrandij
        """);

    /// <summary>The part of an address a name becomes: lower case ASCII letters and hyphens.</summary>
    public static string Fold(string name)
    {
        var folded = new StringBuilder(name.Length);
        foreach (var letter in name.Normalize(NormalizationForm.FormD))
        {
            if (char.IsAsciiLetter(letter) || letter == '-')
            {
                folded.Append(char.ToLowerInvariant(letter));
            }
            else if (Spelled(letter) is { } spelled)
            {
                folded.Append(spelled);
            }
        }

        return folded.ToString();
    }

    // Letters that do not fall apart into a base letter and a mark.
    private static string? Spelled(char letter) => letter switch
    {
        'ł' or 'Ł' => "l",
        'ø' or 'Ø' => "o",
        'æ' or 'Æ' => "ae",
        'ß' => "ss",
        'ı' => "i",
        'ð' or 'Ð' => "d",
        'þ' or 'Þ' => "th",
        'đ' or 'Đ' => "d",
        _ => null,
    };

    private static Name[] Names(string list) =>
        [.. list.Split(list.Contains('|', StringComparison.Ordinal) ? ['|', '\n'] : [' ', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(name => new Name(name, Fold(name)))];

    /// <summary>The <paramref name="index"/>th full name, each combination once before any is repeated.</summary>
    /// <returns>The names and a part for addresses, numbered from the second holder of a name on.</returns>
    public static (string Given, string Surname, string Address) Pick(int index, int seed)
    {
        var combinations = Given.Length * Surnames.Length;
        // A step without a common divisor visits every combination once; neighbors then share neither name.
        const int step = 7919;
        var turn = index / combinations;
        var place = (int)(((long)(index % combinations) * step + (uint)seed) % combinations);
        var (given, surname) = (Given[place % Given.Length], Surnames[place / Given.Length]);
        var address = turn == 0
            ? $"{given.Folded}.{surname.Folded}"
            : string.Create(CultureInfo.InvariantCulture, $"{given.Folded}.{surname.Folded}{turn + 1}");
        return (given.Text, surname.Text, address);
    }

    internal sealed record Name(string Text, string Folded);
}
