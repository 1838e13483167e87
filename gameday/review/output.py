"""The findings as text, JSON, SARIF 2.1.0 and JUnit XML. Suppressed ones are kept and marked."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from gameday import junit_xml
from gameday.review.catalogue import catalogue
from gameday.review.model import Finding, Rule, Severity

FORMATS = ("text", "json", "sarif", "junit")


def render(found: Sequence[Finding], form: str, reviewed: Sequence[str]) -> str:
    """The findings in one of FORMATS; `reviewed` are the files that were looked at."""
    if form == "json":
        return json.dumps({"reviewed": list(reviewed), "findings": [asdict(f) for f in found]},
                          indent=2)  # fmt: skip
    if form == "sarif":
        return json.dumps(_sarif(found), indent=2)
    if form == "junit":
        return junit_xml.text_of(suite(found, reviewed)).rstrip("\n")
    return "\n".join(lines(found, reviewed))


def explain(rule: Rule) -> str:
    """One rule as a page: why, remedy, source, both examples."""
    return (
        f"{rule.id} ({rule.severity}, {rule.about})\n\n{rule.why}\n\nRemedy: {rule.remedy}\n"
        f"Source: {rule.source}\n\nFails:\n{_indented(rule.failing)}\n\n"
        f"Passes:\n{_indented(rule.passing)}"
    )


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip("\n").splitlines())


def lines(found: Sequence[Finding], reviewed: Sequence[str]) -> Iterator[str]:
    """The findings as text, those that somebody accepted last."""
    for f in found:
        if not f.suppressed:
            place = f"{f.file}:{f.line}" if f.line else f"{f.file}: {f.where}"
            yield f"{f.severity:<8} {f.rule}"
            yield f"  {place}: {f.message}"
            yield f"  remedy: {f.remedy}"
    for f in found:
        if f.suppressed:
            yield f"accepted {f.rule}: {f.file}: {f.where}: {f.suppressed}"
    counts = [sum(f.severity is s and not f.suppressed for f in found) for s in Severity]
    accepted = sum(bool(f.suppressed) for f in found)
    numbers = zip(("error", "warning", "note"), counts, strict=True)
    said = ", ".join(f"{n} {name}{'' if n == 1 else 's'}" for name, n in numbers)
    files = f"{len(reviewed)} file{'' if len(reviewed) == 1 else 's'}"
    yield f"{files}: {said}, {accepted} accepted"


def _sarif(found: Sequence[Finding]) -> dict[str, Any]:
    rules = catalogue()
    places = {rule.id: n for n, rule in enumerate(rules)}
    driver = {"name": "gameday review", "rules": [_sarif_rule(rule) for rule in rules]}
    results = [_sarif_result(f, places[f.rule]) for f in found]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.why},
        "help": {"text": f"{rule.remedy} Source: {rule.source}"},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _sarif_result(finding: Finding, index: int) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.file)}}
    if finding.line:
        place["region"] = {"startLine": finding.line}
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.severity.value,
        "message": {"text": f"{finding.where}: {finding.message}. {finding.remedy}"},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"place/v1": f"{finding.rule}/{finding.file}/{finding.where}"},
    }
    if finding.suppressed:
        result["suppressions"] = [{"kind": "external", "justification": finding.suppressed}]
    return result


def _uri(file: str) -> str:
    """A path as a URI reference (RFC 3986); a file's name need not be UTF-8."""
    return quote(os.fsencode(file.replace("\\", "/")))


def suite(found: Sequence[Finding], reviewed: Sequence[str]) -> ElementTree.Element:
    """A test case for each file; a finding is a failure, an accepted one is output."""
    root = ElementTree.Element("testsuite", name="gameday review", tests=str(len(reviewed)))
    failed = 0
    for file in reviewed:
        case = ElementTree.SubElement(root, "testcase", classname="gameday.review", name=file)
        open_ones = [f for f in found if f.file == file and not f.suppressed]
        failed += bool(open_ones)
        for f in open_ones[:1]:  # JUnit knows one failure a case; its text holds all
            node = ElementTree.SubElement(case, "failure", message=f.message, type=f.rule)
            node.text = "\n".join(
                f"{o.severity} {o.rule}: {o.where}: {o.message}" for o in open_ones
            )
    root.set("failures", str(failed))
    return root
