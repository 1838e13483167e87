"""A job file: what `gameday run` does one after another, and the one JUnit file of it all.

    junit: reports/nightly.junit.xml
    review: {paths: [deploy, experiments], baseline: deploy/jobs/accepted.json}
    predict: {templates: [deploy/routing.yaml], rto_s: 150}
    experiments:
      - file: experiments/region-outage.yaml
        clients: per-request=50,pooled-max-age-30=50

Review and prediction come first: they need no lab and take seconds. Paths are relative to the
directory the command is called in, as those of experiments are.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from gameday import junit_xml, templates
from gameday.errors import UsageError
from gameday.report import junit as one_junit

_JOB_KEYS = frozenset({"title", "review", "predict", "experiments", "junit"})
_STEPS = frozenset({"review", "predict", "experiments"})
_REVIEW_KEYS = frozenset({"paths", "baseline", "suppressions", "fail_on", "rto_s", "sarif"})
_PREDICT_KEYS = frozenset(
    {"templates", "zones", "health_checks", "rto_s", "p", "mode", "connection_age_s", "clients",
     "html"}
)  # fmt: skip
_ENTRY_KEYS = frozenset({"file", "clients", "load", "region", "rate_per_s", "rto_s", "rpo_s"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One experiment of a job; what is None is as the experiment and the target say."""

    file: Path
    clients: str | None = None  # e.g. per-request=50,pooled=50
    load: str | None = None  # how it is asked, e.g. poisson,surge=1.5
    region: str | None = None  # the Region to lose
    rate_per_s: float | None = None
    rto_s: float | None = None
    rpo_s: float | None = None

    def overrides(self) -> dict[str, str]:
        """What it says itself, as settings."""
        said = {
            "GAMEDAY_CLIENTS": self.clients,
            "GAMEDAY_LOAD": self.load,
            "GAMEDAY_REGION": self.region,
            "GAMEDAY_RATE_PER_S": self.rate_per_s,
            "GAMEDAY_RTO_S": self.rto_s,
            "GAMEDAY_RPO_S": self.rpo_s,
        }
        texts = {k: f"{v:g}" if isinstance(v, float) else v for k, v in said.items()}
        return {name: value for name, value in texts.items() if value is not None}


@dataclass(frozen=True, slots=True)
class ReviewStep:
    """What `gameday review` is to look at, and from when on it fails the job."""

    paths: tuple[Path, ...]
    baseline: Path | None = None  # a former review's JSON: only what is new counts
    suppressions: Path | None = None
    fail_on: str = "error"
    rto_s: float | None = None
    sarif: Path | None = None  # write the findings there, too


@dataclass(frozen=True, slots=True)
class PredictStep:
    """What `gameday predict` is asked; it fails the job when the objective is missed."""

    rto_s: float
    templates: tuple[Path, ...] = ()
    zones: tuple[Path, ...] = ()
    health_checks: Path | None = None
    p: float = 0.95
    mode: str = "errors"
    connection_age_s: float = 30.0
    clients: tuple[str, ...] = ()  # further kinds
    html: Path | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """Its steps, experiments in order, and where the JUnit file of all of them goes."""

    file: Path
    title: str
    experiments: tuple[Entry, ...]
    junit: Path
    review: ReviewStep | None = None
    predict: PredictStep | None = None


def is_job(file: Path) -> bool:
    """Whether `file` is a job rather than an experiment: it lists steps and has no method."""
    body = templates.load_document(file)
    return not _STEPS.isdisjoint(body) and "method" not in body


def load(file: Path) -> Job:
    """The job in `file`.

    :raises UsageError: unreadable, an unknown key, a wrong kind, or an experiment that is not
        there; names the file and the key.
    """
    body = templates.load_document(file)
    _only(file, "the job", body, _JOB_KEYS)
    entries = body.get("experiments", [])
    given = _STEPS & set(body)
    if not isinstance(entries, list) or (not entries and given <= {"experiments"}):
        raise UsageError(
            f"{file}: experiments: give a list of {{file: experiments/NAME.yaml}}, or a step "
            f"`review` or `predict`"
        )
    junit = _text(file, "junit", body.get("junit")) or f"reports/{file.stem}.junit.xml"
    return Job(
        file=file,
        title=_text(file, "title", body.get("title")) or file.stem,
        experiments=tuple(_entry(file, i, entry) for i, entry in enumerate(entries)),
        junit=Path(junit),
        review=_review(file, body["review"]) if "review" in body else None,
        predict=_predict(file, body["predict"]) if "predict" in body else None,
    )


def write_junit(
    job: Job, run_dirs: Sequence[Path], suites: Sequence[ElementTree.Element] = ()
) -> Path:
    """Write the JUnit file of the job, return where it is.

    :param suites: those of its steps; each run is one more.
    :raises UsageError: it cannot be written there.
    """
    root = ElementTree.Element("testsuites", name=job.title)
    root.extend(suites)
    for run_dir in run_dirs:
        findings = json.loads((run_dir / "findings.json").read_text(encoding="utf-8"))
        root.append(one_junit.suite(findings))
    try:
        job.junit.parent.mkdir(parents=True, exist_ok=True)
        job.junit.write_text(junit_xml.text_of(root), encoding="utf-8")
    except OSError as e:
        raise UsageError(f"{job.file}: junit: cannot write {job.junit}: {e.strerror}") from e
    return job.junit


def _entry(file: Path, index: int, entry: Any) -> Entry:
    place = f"experiments[{index}]"
    if not isinstance(entry, dict) or not entry.get("file"):
        raise UsageError(f"{file}: {place}: give at least {{file: experiments/NAME.yaml}}")
    _only(file, place, entry, _ENTRY_KEYS)
    experiment = Path(str(entry["file"]))
    if not experiment.is_file():
        raise UsageError(f"{file}: {place}: there is no experiment {experiment}")
    return Entry(
        file=experiment,
        clients=_text(file, f"{place}.clients", entry.get("clients")),
        load=_text(file, f"{place}.load", entry.get("load")),
        region=_text(file, f"{place}.region", entry.get("region")),
        rate_per_s=_number(file, f"{place}.rate_per_s", entry.get("rate_per_s")),
        rto_s=_number(file, f"{place}.rto_s", entry.get("rto_s")),
        rpo_s=_number(file, f"{place}.rpo_s", entry.get("rpo_s")),
    )


def _review(file: Path, body: Any) -> ReviewStep:
    held = _mapping(file, "review", body, _REVIEW_KEYS)
    paths = _paths(file, "review.paths", held.get("paths"))
    if not paths:
        raise UsageError(f"{file}: review.paths: name files or folders to review")
    fail_on = _text(file, "review.fail_on", held.get("fail_on")) or "error"
    if fail_on not in ("error", "warning", "note"):
        raise UsageError(f"{file}: review.fail_on: {fail_on!r} is none of error, warning, note")
    return ReviewStep(
        paths,
        _there(file, "review.baseline", held.get("baseline"),
               "make it with `gameday review ... --format json --output FILE`"),
        _there(file, "review.suppressions", held.get("suppressions")),
        fail_on,
        _number(file, "review.rto_s", held.get("rto_s")),
        _path(file, "review.sarif", held.get("sarif")),
    )  # fmt: skip


def _predict(file: Path, body: Any) -> PredictStep:
    held = _mapping(file, "predict", body, _PREDICT_KEYS)
    rto_s = _number(file, "predict.rto_s", held.get("rto_s"))
    if not rto_s or math.isinf(rto_s):
        raise UsageError(f"{file}: predict.rto_s: give the objective in seconds")
    p = _number(file, "predict.p", held.get("p"))
    if p is not None and not 0.01 <= p <= 0.9999:
        raise UsageError(f"{file}: predict.p: a share of the clients between 0.01 and 0.9999")
    mode = _text(file, "predict.mode", held.get("mode")) or "errors"
    if mode not in ("errors", "black-hole"):
        raise UsageError(f"{file}: predict.mode: {mode!r} is neither errors nor black-hole")
    connection_age_s = _number(file, "predict.connection_age_s", held.get("connection_age_s"))
    if connection_age_s is not None and math.isinf(connection_age_s):
        raise UsageError(f"{file}: predict.connection_age_s: give seconds")
    clients = held.get("clients") or []
    if not isinstance(clients, list) or not all(isinstance(name, str) for name in clients):
        raise UsageError(f"{file}: predict.clients: give a list of profiles")
    return PredictStep(
        rto_s,
        _paths(file, "predict.templates", held.get("templates")),
        _paths(file, "predict.zones", held.get("zones")),
        _there(file, "predict.health_checks", held.get("health_checks")),
        0.95 if p is None else p,
        mode,
        connection_age_s or 30.0,
        tuple(clients),
        _path(file, "predict.html", held.get("html")),
    )


def _mapping(file: Path, place: str, found: Any, known: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise UsageError(f"{file}: {place}: must be a mapping of {', '.join(sorted(known))}")
    _only(file, place, found, known)
    return found


def _paths(file: Path, place: str, found: Any) -> tuple[Path, ...]:
    """The files or folders of a list, which must be there."""
    listed = [found] if isinstance(found, str) else [] if found is None else found
    if not isinstance(listed, list):
        raise UsageError(f"{file}: {place}: give a list of files")
    paths = (_there(file, place, one) for one in listed)
    return tuple(path for path in paths if path is not None)


def _there(file: Path, place: str, found: Any, remedy: str = "") -> Path | None:
    path = _path(file, place, found)
    if path is not None and not path.exists():
        raise UsageError(f"{file}: {place}: there is no {path}{'; ' if remedy else ''}{remedy}")
    return path


def _path(file: Path, place: str, found: Any) -> Path | None:
    text = _text(file, place, found)
    return Path(text) if text else None


def _only(file: Path, place: str, found: Mapping[str, Any], known: frozenset[str]) -> None:
    for key in found:
        if key not in known:
            names = ", ".join(sorted(known))
            raise UsageError(f"{file}: {place}: unknown key {key!r}; known are {names}")


def _text(file: Path, place: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not value:
        raise UsageError(f"{file}: {place}: must be text")
    return value


def _number(file: Path, place: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise UsageError(f"{file}: {place}: must be a number and not negative")
    return float(value)
