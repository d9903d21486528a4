"""The forms that samewire draws at random, many times over, each in every surrounding in which one was written: no draw may look like a secret.

    forms.py DRAWS FOLDER...

Surroundings are taken from the captures and reports in the folders. The scanners must find nothing in any draw.
"""

import pathlib
import random
import re
import sys
import uuid

from scanners import DRAWN, TAG, scan

# How much of a line stands before and after what is drawn.
BEFORE, AFTER = 70, 60
LETTERS = "BbcdDfghFjkmnpqrstGvHxyzJKLMNQRT"
UUID = rb"(?<=:)[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}(?=@)"


def tag(groups):
    return ".".join("".join(random.choices(LETTERS, k=4)) for _ in range(groups)).encode()


def password(_):
    return str(uuid.UUID(int=random.getrandbits(128), version=4)).encode()


# What is drawn, and how many dots it has where that differs.
FORMS = ((TAG, tag), (re.compile(UUID), password))


def surroundings(roots):
    """What stands around a draw, each kind of file and each surrounding once."""
    seen = {}
    for root in roots:
        for path in sorted(pathlib.Path(root).rglob("*")):
            content = path.read_bytes() if path.is_file() else b""
            for form, draw in FORMS:
                for found in form.finditer(content):
                    start = max(content.rfind(b"\n", 0, found.start()) + 1, found.start() - BEFORE)
                    end = content.find(b"\n", found.end(), found.end() + AFTER)
                    end = end if end >= 0 else found.end() + AFTER
                    around = form.sub(b"\0", content[start:found.start()]), form.sub(b"\0", content[found.end():end])
                    groups = found[0].count(b".") + 1
                    seen.setdefault((path.suffix, draw, groups, *around), None)
    return list(seen)


def drawn(roots, draws, folder):
    """Writes the draws, a file for each kind."""
    around = surroundings(roots)
    # A password is only printed where a container engine was at hand.
    if len(around) < 100:
        sys.exit(f"{len(around)} surroundings: the tests kept too little")
    lines = {}
    for number in range(draws):
        kind, draw, groups, before, after = around[number % len(around)]
        parts = before.replace(b"\0", tag(3)), draw(groups), after.replace(b"\0", tag(3))
        lines.setdefault(kind, []).append(b"".join(parts))
    for kind, content in lines.items():
        folder.joinpath(DRAWN + kind).write_bytes(b"\n".join(content) + b"\n")


if __name__ == "__main__":
    import tempfile

    draws, *roots = sys.argv[1:]
    with tempfile.TemporaryDirectory() as made:
        drawn(roots, int(draws), pathlib.Path(made))
        found, _ = scan(made)
    if found:
        sys.exit("\n".join(found))
    print(f"{draws} draws: nothing found")
