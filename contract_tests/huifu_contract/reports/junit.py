"""JUnit XML of one or several runs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as Xml

from huifu_contract.grading.results import OK, CaseResult, RunResult, Verdict
from huifu_contract.reports.again import again

SKIPPED = (Verdict.SKIP, Verdict.KNOWN)
FAILURES = {Verdict.FAIL: "", Verdict.FIXED: "stale", Verdict.FLAKY: "flaky"}
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(runs: Sequence[RunResult]) -> str:
    """One testsuite a client, one testcase a case."""
    root = Xml.Element("testsuites")
    for run in runs:
        suite = Xml.SubElement(root, "testsuite", name=_clean(f"huifu-contract {run.client['spec']}"))
        suite.set("timestamp", run.started)
        suite.set("time", f"{run.seconds:.3f}")
        for case in run.cases:
            _case(suite, run, case)
        tags = [child.tag for test in suite for child in test]
        suite.set("tests", str(len(run.cases)))
        for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            suite.set(name, str(tags.count(tag)))
    Xml.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _case(suite: Xml.Element, run: RunResult, case: CaseResult) -> None:
    test = Xml.SubElement(suite, "testcase", classname=f"huifu_contract.{case.group}", name=case.id)
    test.set("time", f"{case.seconds:.3f}")
    properties = Xml.SubElement(test, "properties")
    for name, value in (
        ("level", case.level),
        ("basis", case.basis),
        ("seed", run.seed),
        ("replay", case.replay),
    ):
        Xml.SubElement(properties, "property", name=name, value=_clean(str(value)))
    command = again(run, case)
    how = [f"again: {command}"] if command else []
    if case.verdict in SKIPPED:
        Xml.SubElement(test, "skipped", message=_clean(case.signature or case.root or case.verdict.value))
    elif case.verdict in FAILURES:
        kind = FAILURES[case.verdict] or case.level
        failure = Xml.SubElement(test, "failure", type=kind, message=_clean(case.signature or case.verdict.value))
        failure.text = _clean("\n".join((case.says, case.detail, *map(_differs, case.differs), *case.traffic, *how)))
    elif case.verdict not in OK:
        kind = {Verdict.KIT_ERROR: "kit", Verdict.ADAPTER_ERROR: "adapter"}.get(case.verdict, case.verdict.value)
        error = Xml.SubElement(test, "error", type=kind, message=_clean(case.root or case.signature))
        error.text = _clean("\n".join((case.detail, *how)))
    elif case.verdict is Verdict.NOTE:
        Xml.SubElement(properties, "property", name="note", value=_clean(case.signature))
    if case.traffic or case.stderr:
        Xml.SubElement(test, "system-out").text = _clean("\n".join((*case.traffic, case.stderr)))


def _differs(one: Mapping[str, str]) -> str:
    return f"{one['field']}: expected {one['expected']}, observed {one['observed']}"


def _clean(text: str) -> str:
    return NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
