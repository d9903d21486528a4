"""Reads Markdown texts (a JSON list on standard input) as GitHub does and fails on anything live in them.

cmark-gfm makes HTML of each. It may hold the few elements that a report is made of, without attributes that load or lead anywhere.
Text outside of code may hold nothing that GitHub's later filters turn into a mention, a reference or a link.
"""

import json
import re
import sys
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options

ELEMENTS = {"ul": set(), "li": set(), "p": set(), "strong": set(), "code": {"class"}, "pre": {"lang"}, "details": set(), "summary": set()}
LIVE = re.compile(
    r"@\w"  # a mention
    r"|#\d|\bGH-\d"  # an issue
    r"|\b[0-9a-f]{7,40}\b"  # a commit
    r"|https?:|www\.|://"  # an address
    r"|:[a-z_+-]+:"  # an emoji
    r"|\$"  # a formula
)


class Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.wrong = [], []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        names = {name for name, _ in attributes}
        if tag not in ELEMENTS or not names <= ELEMENTS[tag]:
            self.wrong.append(f"<{tag}> with {attributes}")

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes what is not open")

    def handle_comment(self, data):
        self.wrong.append(f"a comment: {data!r}")

    def handle_data(self, data):
        if "code" not in self.open and (found := LIVE.search(data)):
            self.wrong.append(f"{found.group()!r} in {data!r}")


texts = json.load(sys.stdin)
wrong = 0
for text in texts:
    reader = Reader()
    reader.feed(cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE))
    reader.close()
    if reader.open:
        reader.wrong.append(f"left open: {reader.open}")
    if len(text) > 65_536:
        reader.wrong.append(f"{len(text)} characters")
    if reader.wrong:
        wrong += 1
        print("\n".join(reader.wrong), "in", text[:2000], sep="\n", file=sys.stderr)
if wrong:
    sys.exit(f"{wrong} of {len(texts)} texts hold something live")
print(f"{len(texts)} read")
