"""The findings as JUnit XML: the experiment is a test case, and its verdict the result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from gameday import junit_xml
from gameday.model import Verdict
from gameday.report import terminal

Json = Mapping[str, Any]


def suite(findings: Json) -> ElementTree.Element:
    """One `testsuite` named after the experiment.

    FAILED is a failure, ERROR an error, STOPPED a skipped test: nobody knows how it would have
    ended.
    """
    run, verdict = findings["run"], Verdict(findings["verdict"])
    case = ElementTree.Element(
        "testcase",
        classname="gameday",
        name=str(run["title"] or run["experiment"]),
        time=f"{_wall_s(run):.3f}",
    )
    tags = {Verdict.FAILED: "failure", Verdict.ERROR: "error", Verdict.STOPPED: "skipped"}
    if verdict in tags:
        child = ElementTree.SubElement(case, tags[verdict], message=findings["sentence"])
        child.text = "\n".join(findings["reasons"])
    out = ElementTree.SubElement(case, "system-out")
    out.text = "\n".join(terminal.lines(findings))
    found = ElementTree.Element(
        "testsuite",
        name=str(run["experiment"]),
        tests="1",
        failures=str(int(verdict is Verdict.FAILED)),
        errors=str(int(verdict is Verdict.ERROR)),
        skipped=str(int(verdict is Verdict.STOPPED)),
        time=f"{_wall_s(run):.3f}",
    )
    found.append(case)
    return found


def page(findings: Json) -> str:
    """The whole `junit.xml`."""
    root = ElementTree.Element("testsuites")
    root.append(suite(findings))
    return junit_xml.text_of(root)


def _wall_s(run: Json) -> float:
    if run["started_at"] is None or run["ended_at"] is None:
        return 0.0
    return float(run["ended_at"] - run["started_at"])
