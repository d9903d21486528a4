"""Opens every bundle in a folder as Python does, checks its sums, and lets detect-secrets look into all that is in it.

A planted key shows first that the scanner sees what is there.
"""

import hashlib
import pathlib
import sys
import tempfile
import zipfile

from detect_secrets import SecretsCollection
from detect_secrets.settings import default_settings


def scanned(folder):
    found = SecretsCollection()
    with default_settings():
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                found.scan_file(str(path))
    return [(name, secret.type, secret.line_number) for name, secret in found]


folder = pathlib.Path(sys.argv[1])
with tempfile.TemporaryDirectory() as scratch:
    scratch = pathlib.Path(scratch)
    control = scratch / "control"
    control.mkdir()
    (control / "planted.txt").write_text("aws_secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYzY7qT2mXv4'\n")
    if not scanned(control):
        sys.exit("the scanner does not find what was planted")
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
    if hits := scanned(scratch / "unpacked"):
        sys.exit("\n".join(f"{name}:{line}: {kind}" for name, kind, line in hits))
print(f"{read} bundles, nothing found")
