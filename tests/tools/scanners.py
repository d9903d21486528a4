"""Secret scanners that know nothing of samewire, all at once over many files: what they find, as one line each.

The same content is looked at once, whatever it is called: betterleaks and kingfisher get every file that differs from the others, detect-secrets,
which looks at lines, every line that differs (it takes a hundred times as long). A file with planted keys lies among them, and each scanner must
find it there, in the same run and by the same way; one that does not run would find nothing, too.
"""

import collections
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings

# In parts, so that nobody finds them here.
PLANTED = {
    "aws_access_key_id": "AKIA" + "QYLPMN5HHHFPZAM2",
    "aws_secret_access_key": "wJalrXUtnFEMI/K7MDENG" + "/bPxRfiCYzY7qT2mXv4",
    "token": "gh" + "p_16C7e42F292c6912E7710c838347Ae178B4a",
}

PLANTED_NAME = "planted.har"

CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")

# What changes from run to run and has a form of its own that `forms.py` draws: lines that differ in nothing else are one line to detect-secrets.
TAG = re.compile(rb"[BbcdDfghFjkmnpqrstGvHxyzJKLMNQRT]{4}(?:\.[BbcdDfghFjkmnpqrstGvHxyzJKLMNQRT]{4}){1,2}")
CHANGING = re.compile(
    rb"(?P<tag>" + TAG.pattern + rb")|(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z|\d{8}T\d{6}Z)|(?P<number>(?<![A-Za-z0-9])\d{1,6}(?:\.\d+)?(?![A-Za-z0-9]))"
)

# How the names of files begin whose every line counts: the draws themselves.
DRAWN = "drawn"

# What is found and is what it looks like: rules, files, and what stands around the value on its line.
MEANT = [
    # The password of one run's proxy, which `samewire env` is there to print. Any user and password in a URL is named, whatever their form.
    (
        {"generic-credential-uri", "betterleaks.generic-credential-uri"},
        (".env.stdout", DRAWN + ".stdout"),
        r"http://(?:sandbox|runtime):{value}@[a-z0-9.]+:\d+",
        r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    ),
    # Port and path of a test's API, whose host's name begins with `api`: a key and its value to betterleaks, where the port has many different digits.
    ({"generic-api-key"}, ("",), r"//api\.[a-z.]+:{value}", r"\d{4,5}(?:/[a-z0-9_]+)+"),
]

LINES = 4000

Found = collections.namedtuple("Found", "scanner path line rule value")


def program(name, *words):
    return subprocess.run([pathlib.Path(sys.executable).with_name(name), *words], capture_output=True, text=True)


def betterleaks(folder):
    """The heir of gitleaks, with its rules."""
    report = folder.parent / "betterleaks.json"
    ran = program("betterleaks", "fs", folder, "--silent", "-o", report)
    if ran.returncode not in (0, 1):
        sys.exit(f"betterleaks: {ran.stderr}")
    for one in json.loads(report.read_text())["findings"]:
        place = one["location"]
        yield Found("betterleaks", pathlib.Path(place["path"]).name, place["start_line"], one["rule_id"], one["match"]["value"])


def kingfisher(folder):
    ran = program("kingfisher", "scan", "--no-validate", "--no-update-check", "--quiet", "--format", "jsonl", folder)
    if ran.returncode not in (0, 200):
        sys.exit(f"kingfisher: {ran.stderr}")
    for line in ran.stdout.splitlines():
        one = json.loads(line) if line.startswith("{") else {}
        if "finding" in one:
            place = one["finding"]
            yield Found("kingfisher", pathlib.Path(place["path"]).name, place["line"], one["rule"]["id"], place["snippet"])


def planted():
    return json.dumps(PLANTED, indent=1).split("\n")


def readable(line):
    """A line as detect-secrets can read it: it passes over files that are not UTF-8, and counts lines by more signs than line feeds."""
    return CONTROL.sub(" ", line.decode("utf-8", "replace"))


def in_lines(path):
    with default_settings():
        return [(secret.line_number, secret.type, secret.secret_value) for secret in scan_file(str(path))]


def detect_secrets(folder):
    """Every line of the files that no other line is like, with the lines of its kind of file."""
    kinds, seen = collections.defaultdict(list), set()
    for path in sorted(folder.iterdir()):
        for number, line in enumerate(path.read_bytes().split(b"\n"), 1):
            alike = line if path.name.startswith(DRAWN) else CHANGING.sub(lambda found: b"<" + found.lastgroup.encode() + b">", line)
            key = (path.suffix, hashlib.blake2b(alike, digest_size=16).digest())
            if line and key not in seen:
                seen.add(key)
                kinds[path.suffix].append((path.name, number, line))
    beside = folder.parent / "lines"
    beside.mkdir()
    parts = {}
    for kind, lines in kinds.items():
        for at in range(0, len(lines), LINES):
            part = beside / f"{len(parts)}{kind}"
            parts[part] = [*lines[at : at + LINES], *((PLANTED_NAME, 0, line.encode()) for line in planted())]
            part.write_text("\n".join(readable(line) for _, _, line in parts[part]), "utf-8")
    with ProcessPoolExecutor() as pool:
        # The longest first, so that none is waited for at the end.
        ordered = sorted(parts, key=lambda part: -part.stat().st_size)
        for part, found in zip(ordered, pool.map(in_lines, ordered)):
            if not any(parts[part][number - 1][0] == PLANTED_NAME for number, _, _ in found):
                sys.exit(f"detect_secrets found nothing in {part.name}, although keys were planted in it")
            for number, rule, text in found:
                name, line, _ = parts[part][number - 1]
                yield Found("detect_secrets", name, line, rule, text)


SCANNERS = (betterleaks, kingfisher, detect_secrets)


def gathered(roots, folder):
    """Each content once, under a name that tells only its kind: some scanners let be what lies under `tests`. The answer is where each came from."""
    origins = {}
    for root in roots:
        for path in sorted(root.rglob("*")):
            if path.is_file() and not path.is_symlink():
                content = path.read_bytes()
                name = hashlib.blake2b(content, digest_size=12).hexdigest() + path.suffix
                name = DRAWN + name if path.name.startswith(DRAWN) else name
                if content and name not in origins:
                    origins[name] = path
                    (folder / name).write_bytes(content)
    return origins


def is_meant(found, origin):
    for rules, name, around, form in MEANT:
        if found.rule in rules and origin.name.endswith(name) and re.fullmatch(form, found.value):
            line = readable(origin.read_bytes().split(b"\n")[found.line - 1])
            return bool(re.search(around.replace("{value}", found.value), line))
    return False


def scan(*roots):
    """All that any of them finds there, and how many different files there were."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch, "files")
        folder.mkdir()
        origins = gathered([pathlib.Path(root) for root in roots], folder)
        (folder / PLANTED_NAME).write_text("\n".join(planted()))
        with ThreadPoolExecutor() as pool:
            found = [one for all in pool.map(lambda scanner: list(scanner(folder)), SCANNERS) for one in all]
    blind = {scanner.__name__ for scanner in SCANNERS} - {one.scanner for one in found if one.path == PLANTED_NAME}
    if blind:
        sys.exit(f"{', '.join(sorted(blind))} found nothing where keys were planted")
    told = [one for one in found if one.path != PLANTED_NAME and not is_meant(one, origins[one.path])]
    return [f"{one.scanner}: {origins[one.path]}:{one.line}: {one.rule}" for one in told], len(origins)
