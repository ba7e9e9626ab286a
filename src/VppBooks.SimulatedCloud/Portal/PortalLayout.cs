namespace VppBooks.SimulatedCloud.Portal;

internal static class PortalLayout
{
    private const string Style = """
        :root{color-scheme:light dark;--line:light-dark(#d5d5da,#3a3a40);--soft:light-dark(#f5f5f7,#1d1d20);--accent:light-dark(#0a5fc4,#6cb2ff);--bad:light-dark(#a8071a,#ff8f8f)}
        *{box-sizing:border-box}body{margin:0 auto;padding:1rem;max-width:64rem;font:16px/1.5 system-ui,sans-serif}
        h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0}h2{font-size:1.15rem;margin:1.6rem 0 .4rem}code{font-size:.9em}code,pre,a.button{overflow-wrap:anywhere}pre{white-space:pre-wrap}a{color:var(--accent)}
        .card,details{border:1px solid var(--line);border-radius:10px;padding:.8rem 1rem;margin:.7rem 0;background:var(--soft)}
        summary{cursor:pointer;font-weight:600}.row{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:.5rem 0}.row form{display:contents}
        button,select,input{font:inherit;padding:.35rem .7rem;border:1px solid var(--line);border-radius:7px;max-width:100%}button{cursor:pointer;background:light-dark(#fff,#2c2c31);color:inherit}
        .primary,a.button{background:var(--accent);color:light-dark(#fff,#08203c);border-color:transparent;border-radius:7px;padding:.35rem .8rem;text-decoration:none;display:inline-block}
        .scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.92rem}th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:middle}
        td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td form{display:flex;gap:.3rem}td input{width:4.5rem}td img{width:32px;height:48px;border-radius:3px;display:block}
        .bad{color:var(--bad)}.dim{opacity:.72}.checks{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:.2rem .8rem}label{display:inline-block}
        """;

    public static string Page(string title, Html body) => Html.Of($"""
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
        <link rel="icon" href="data:,"><style>{Raw(Style)}</style></head>
        <body><main>{body}</main></body></html>
        """).ToString();

    private static Html Raw(string trusted)
    {
        var html = new Html.Handler(trusted.Length, 0);
        html.AppendLiteral(trusted);
        return Html.Of(ref html);
    }
}
