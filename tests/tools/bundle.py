"""Opens every bundle in a folder as Python does, checks its sums, and lets secret scanners look into all that is in it."""

import hashlib
import pathlib
import sys
import tempfile
import zipfile

from scanners import scan

folder = pathlib.Path(sys.argv[1])
with tempfile.TemporaryDirectory() as scratch:
    scratch = pathlib.Path(scratch)
    read = 0
    for bundle in sorted(folder.glob("*.zip")):
        with zipfile.ZipFile(bundle) as archive:
            if (damaged := archive.testzip()) is not None:
                sys.exit(f"{bundle}: {damaged} is damaged")
            sums = dict(reversed(line.split("  ")) for line in archive.read("SHA256SUMS").decode().splitlines())
            for name in archive.namelist():
                if name != "SHA256SUMS" and hashlib.sha256(archive.read(name)).hexdigest() != sums.pop(name):
                    sys.exit(f"{bundle}: {name} is not what SHA256SUMS says")
            if sums:
                sys.exit(f"{bundle}: {sums} are missing")
            archive.extractall(scratch / "unpacked" / bundle.stem)
        read += 1
    if not read:
        sys.exit("there are no bundles")
    found, _ = scan(scratch / "unpacked")
    if found:
        sys.exit("\n".join(found))
print(f"{read} bundles, nothing found")
