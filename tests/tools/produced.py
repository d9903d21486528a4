"""Lets secret scanners look into all that samewire wrote while the tests ran, and into what it makes of that.

    produced.py SAMEWIRE FOLDER [MORE...]

FOLDER holds what `SAMEWIRE_TEST_PRODUCED` kept. Every runtime's capture there and in MORE is compared with a sandbox's beside it: the report in every
format and the bundle, unpacked, are scanned with the rest, and so are new draws of all that samewire draws at random.
"""

import hashlib
import itertools
import os
import pathlib
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

from forms import drawn
from scanners import CHANGING, scan

FORMATS = ("terminal", "json", "markdown", "html", "junit", "sarif", "github")
# How often each run draws anew; `forms.py` draws as often as it is told.
DRAWS = 5000
# Of the captures that a test makes side by side so many are compared: the others are the same run again, killed at other moments.
MOST = 3

began = time.monotonic()
samewire, folder, *more = (pathlib.Path(word).resolve() for word in sys.argv[1:])


def side(capture):
    """Torn captures are among them; the side is in the first line."""
    with open(capture, encoding="utf-8") as file:
        _, found, rest = file.readline().partition('"side":"')
    return rest.partition('"')[0] if found else None


def alike(*captures):
    """The same for captures that differ only in what changes from run to run: their reports differ in nothing else."""
    return hashlib.sha256(b"\0".join(CHANGING.sub(b"", capture.read_bytes()) for capture in captures)).digest()


def compared(number, sandbox, runtime):
    to = folder / "made" / str(number)
    to.mkdir(parents=True)
    environment = {"HOME": str(to), "PATH": os.environ["PATH"]}
    run = lambda *words: subprocess.run([samewire, *words], cwd=to, env=environment, capture_output=True)
    for form in FORMATS:
        (to / f"report.{form}").write_bytes(run("diff", sandbox, runtime, "--format", form).stdout)
    (to / "pasted.md").write_bytes(run("bundle", sandbox, runtime, "-o", to / "bundle.zip").stdout)


pairs = {}
for below in sorted({path.parent for root in (folder, *more) for path in root.rglob("*.har")}):
    sides = {"sandbox": [], "runtime": []}
    for capture in sorted(below.glob("*.har")):
        sides.get(side(capture), []).append(capture)
    for runtime in sides["runtime"][:MOST] if sides["sandbox"] else []:
        pairs.setdefault(alike(sides["sandbox"][0], runtime), (sides["sandbox"][0], runtime))
with ThreadPoolExecutor() as pool:
    list(pool.map(compared, itertools.count(), *zip(*pairs.values())))

bundles = 0
for bundle in list(folder.rglob("*.zip")):
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(bundle.with_suffix(".unpacked"))
    bundle.unlink()
    bundles += 1
if not pairs or not bundles:
    sys.exit(f"{len(pairs)} pairs of captures and {bundles} bundles: the tests kept too little")
made = folder / "draws"
made.mkdir()
drawn((folder, *more), DRAWS, made)
found, files = scan(folder, *more)
if found:
    sys.exit("\n".join(found))
took = time.monotonic() - began
print(f"{files} different files, {len(pairs)} comparisons, {bundles} bundles and {DRAWS} draws among them: nothing found ({took:.0f} s)")
