"""Reads what builds read: SARIF by its public JSON schema and by a model, JUnit by the schema of Jenkins and by a parser. Prints a line a report.

Arguments: the folder of the reports, the schema of SARIF, the schema of JUnit.
"""

import json
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import xmlschema
from junitparser import JUnitXml
from sarif_pydantic import Sarif

schema = json.loads(Path(sys.argv[2]).read_text())
kind = jsonschema.validators.validator_for(schema)
kind.check_schema(schema)
sarif_schema = kind(schema, format_checker=kind.FORMAT_CHECKER)
junit_schema = xmlschema.XMLSchema(sys.argv[3])
# The schemas refuse what is wrong: without that, all that follows would say nothing.
assert not sarif_schema.is_valid({"version": "2.1.0", "runs": [{"results": []}]})
assert not junit_schema.is_valid("<testsuites><testcase/></testsuites>")

for path in sorted(Path(sys.argv[1]).glob("*.sarif")):
    log = json.loads(path.read_text())
    wrong = [f"{path.name}: {'/'.join(map(str, one.path))}: {one.message[:200]}" for one in sarif_schema.iter_errors(log)]
    results = Sarif.model_validate(log).runs[0].results or []

    path = path.with_suffix(".xml")
    wrong += [f"{path.name}: {one.path}: {one.reason}" for one in junit_schema.iter_errors(str(path))]
    if wrong:
        sys.exit("\n".join(wrong[:20]))
    suites = JUnitXml.fromfile(str(path))
    root = ET.parse(path).getroot()
    cases = [case for suite in suites for case in suite]
    failures = sum(1 for case in cases for one in case.result if type(one).__name__ == "Failure")
    errors = sum(1 for case in cases for one in case.result if type(one).__name__ == "Error")
    counted = (int(root.get("tests")), int(root.get("failures")), int(root.get("errors")))
    assert counted == (len(cases), failures, errors), (path, counted, len(cases), failures, errors)
    assert len({(case.classname, case.name) for case in cases}) == len(cases), path
    print(path.stem, len(results), len(cases))
