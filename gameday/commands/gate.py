"""The steps `review` and `predict` of a job: what fails a build in seconds, without a lab."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import click

from gameday.commands import predict as predicting
from gameday.commands import review as reviewing
from gameday.commands.routing_source import Source
from gameday.commands.text import Narrator
from gameday.errors import GamedayError, UsageError
from gameday.jobs import Job, PredictStep, ReviewStep
from gameday.model import Verdict
from gameday.predict import cases, text
from gameday.predict.clients import Mode
from gameday.predict.document import Question
from gameday.report import prediction
from gameday.review import output
from gameday.review.model import Severity


@dataclass(slots=True)
class Gates:
    """What the steps of a job said."""

    verdicts: list[Verdict] = field(default_factory=list)
    suites: list[ElementTree.Element] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)


def run(job: Job, say: Narrator) -> Gates:
    """Take the job's steps; one that cannot be taken is an ERROR, and the next goes on."""
    gates = Gates()
    if job.review:
        step = job.review
        _take("review", gates, say, lambda: _review(step, gates, say))
    if job.predict:
        asked = job.predict
        _take("predict", gates, say, lambda: _predict(asked, gates, say))
    return gates


def _take(name: str, gates: Gates, say: Narrator, step: Callable[[], tuple[Verdict, str]]) -> None:
    try:
        verdict, why = step()
    except GamedayError as e:
        click.echo(f"gameday: {name}: {e}", err=True)
        verdict, why = Verdict.ERROR, str(e)
        broken = ElementTree.Element("testsuite", name=f"gameday {name}", tests="1", errors="1")
        case = ElementTree.SubElement(broken, "testcase", classname="gameday", name=name)
        ElementTree.SubElement(case, "error", message=why)
        gates.suites.append(broken)
    gates.verdicts.append(verdict)
    say.line(f"{verdict}  {name}: {why}")


def _review(step: ReviewStep, gates: Gates, say: Narrator) -> tuple[Verdict, str]:
    asked = reviewing.Asked(step.paths, step.rto_s, step.suppressions, step.baseline)
    findings, reviewed = reviewing.reviewed(asked)
    open_ones = [f for f in findings if not f.suppressed]
    for line in output.lines(findings, reviewed):
        say.line(f"  {line}")
    if step.sarif:
        _write(step.sarif, output.render(findings, "sarif", reviewed))
    gates.suites.append(output.suite(findings, reviewed))
    failing = [f for f in open_ones if f.severity.rank >= Severity(step.fail_on).rank]
    verdict = Verdict.FAILED if failing else Verdict.PASSED
    gates.documents.append({"step": "review", "verdict": verdict, "reviewed": reviewed,
                            "findings": json.loads(output.render(findings, "json", ()))["findings"],
                            })  # fmt: skip
    new = "new " if step.baseline else ""
    names = ", ".join(dict.fromkeys(f.rule for f in failing))
    return verdict, (f"{len(failing)} {new}findings of at least `{step.fail_on}`: {names}"
                     if failing else f"no {new}finding of at least `{step.fail_on}`")  # fmt: skip


def _predict(step: PredictStep, gates: Gates, say: Narrator) -> tuple[Verdict, str]:
    source = Source(step.templates, step.zones, step.health_checks)
    question = Question(
        rto_s=step.rto_s, p=step.p, mode=Mode(step.mode), connection_s=step.connection_age_s,
        more=tuple(predicting.kind_of(name) for name in step.clients),
    )  # fmt: skip
    document = predicting.predicted(source, question)
    for line in text.lines(document):
        say.line(f"  {line}")
    if step.html:
        _write(step.html, prediction.page(document))
    gates.suites.append(cases.suite(document))
    verdict = Verdict.PASSED if document["meets"] else Verdict.FAILED
    gates.documents.append({"step": "predict", "verdict": verdict, "prediction": document})
    share = f"{100 * step.p:g} % of the clients that settings can move within {step.rto_s:g} s"
    missed = list(dict.fromkeys(_missed(document)))
    if document["meets"] is None:
        missed = [f"nothing to judge: {name}" for name in text.not_judged(document)]
    return verdict, f"{missed[0]}" if missed else share


def _missed(document: dict[str, Any]) -> Iterator[str]:
    for name in document["names"]:
        for loss in name["losses"]:
            if loss["meets"] is False:
                for why in cases.reasons(loss, document):
                    yield f"{name['name']}, {loss['side']} lost: {why}"


def _write(path: Path, body: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(body + "\n", encoding="utf-8")
    except OSError as e:
        raise UsageError(f"{path}: cannot write it: {e.strerror}") from e
