"""Reads HAR files with independent readers, and checks them against a schema. Prints a line a file: name, entries, statuses."""

import collections
import collections.abc
import json
import pathlib
import sys

# The second reader was written when this name was there.
collections.MutableMapping = collections.abc.MutableMapping

import haralyzer
import harparser
import jsonschema

schema = json.loads(pathlib.Path(__file__).with_name("har.schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)

for name in sys.argv[1:]:
    text = pathlib.Path(name).read_text()
    document = json.loads(text)
    problems = [f"{'/'.join(map(str, problem.path))}: {problem.message[:200]}" for problem in validator.iter_errors(document)]
    if problems:
        sys.exit(f"{name} is no HAR 1.2:\n" + "\n".join(problems[:10]))

    entries = document["log"]["entries"]
    # The first reader: an object for each entry, with what it makes of times, sizes and fields.
    parsed = haralyzer.HarParser(document)
    for entry in parsed.har_data["entries"]:
        one = haralyzer.HarEntry(entry)
        assert one.startTime.tzinfo is not None, name
        assert one.request.method and one.request.url and one.request.headers is not None, name
        assert isinstance(one.status, int) and one.response.mimeType is not None, name
        assert one.time >= 0 and one.response.bodySize >= -1, name
    assert parsed.creator["name"] == "samewire" and len(parsed.har_data["entries"]) == len(entries), name

    # The second reader: classes made of its own table of the format, which refuse a member that is missing or too much.
    log = harparser.HAR.log(document["log"])
    assert [entry["request"]["url"] for entry in log["entries"]] == [entry["request"]["url"] for entry in entries], name
    assert json.loads(log.json())["log"]["version"] == "1.2", name
    print(name, len(entries), sorted({entry["response"]["status"] for entry in entries}))
