"""Secret scanners that know nothing of samewire, over a folder: what they find, as one line each.

Each must first find what is planted in a folder of its own; a scanner that does not run would find nothing, too.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

from detect_secrets import SecretsCollection
from detect_secrets.settings import default_settings

# In parts, so that nobody finds them here.
PLANTED = ("AKIA" + "QYLPMN5HHHFPZAM2", "wJalrXUtnFEMI/K7MDENG" + "/bPxRfiCYzY7qT2mXv4", "gh" + "p_16C7e42F292c6912E7710c838347Ae178B4a")


def program(name, *words):
    return subprocess.run([pathlib.Path(sys.executable).with_name(name), *words], capture_output=True, text=True)


def detect_secrets(folder):
    found = SecretsCollection()
    with default_settings():
        found.scan_files(*(str(path) for path in sorted(folder.rglob("*")) if path.is_file()))
    return [f"{name}:{secret.line_number}: {secret.type}" for name, secret in found]


def betterleaks(folder):
    """The heir of gitleaks, with its rules."""
    with tempfile.TemporaryDirectory() as scratch:
        report = pathlib.Path(scratch, "report.json")
        ran = program("betterleaks", "fs", folder, "--silent", "-o", report)
        if ran.returncode not in (0, 1):
            sys.exit(f"betterleaks: {ran.stderr}")
        found = json.loads(report.read_text())["findings"]
    return [f"{one['location']['path']}:{one['location']['start_line']}: {one['rule_id']}" for one in found]


def kingfisher(folder):
    ran = program("kingfisher", "scan", "--no-validate", "--no-update-check", "--quiet", "--format", "jsonl", folder)
    found = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    return [f"{one['finding']['path']}:{one['finding']['line']}: {one['rule']['id']}" for one in found if "finding" in one]


SCANNERS = (detect_secrets, betterleaks, kingfisher)


def scan(folder):
    """All that any of them finds there."""
    with tempfile.TemporaryDirectory() as control:
        key, secret, token = PLANTED
        planted = pathlib.Path(control, "planted.har")
        planted.write_text(json.dumps({"comment": f"aws_access_key_id={key}", "aws_secret_access_key": secret, "token": token}, indent=1))
        blind = [scanner.__name__ for scanner in SCANNERS if not scanner(pathlib.Path(control))]
        if blind:
            sys.exit(f"{', '.join(blind)} found nothing where keys were planted")
    return [f"{scanner.__name__}: {found}" for scanner in SCANNERS for found in scanner(folder)]
