"""A job file: which experiments `gameday run` plays one after another, and their one JUnit file.

    junit: reports/nightly.junit.xml
    experiments:
      - file: experiments/region-outage.yaml
        clients: per-request=50,pooled-max-age-30=50

Paths are relative to the directory the command is called in, as those of experiments are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from gameday import templates
from gameday.errors import UsageError
from gameday.report import junit as one_junit

_JOB_KEYS = frozenset({"title", "experiments", "junit"})
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
class Job:
    """Experiments in order, and where the JUnit file of all of them goes."""

    file: Path
    title: str
    experiments: tuple[Entry, ...]
    junit: Path


def is_job(file: Path) -> bool:
    """Whether `file` is a job rather than an experiment: it lists experiments and has no method."""
    body = templates.load_document(file)
    return "experiments" in body and "method" not in body


def load(file: Path) -> Job:
    """The job in `file`.

    :raises UsageError: unreadable, an unknown key, a wrong kind, or an experiment that is not
        there; names the file and the key.
    """
    body = templates.load_document(file)
    _only(file, "the job", body, _JOB_KEYS)
    entries = body.get("experiments")
    if not isinstance(entries, list) or not entries:
        raise UsageError(f"{file}: experiments: give a list of {{file: experiments/NAME.yaml}}")
    junit = _text(file, "junit", body.get("junit")) or f"reports/{file.stem}.junit.xml"
    return Job(
        file=file,
        title=_text(file, "title", body.get("title")) or file.stem,
        experiments=tuple(_entry(file, i, entry) for i, entry in enumerate(entries)),
        junit=Path(junit),
    )


def write_junit(job: Job, run_dirs: Sequence[Path]) -> Path:
    """Write the JUnit file of the job's runs, each a test suite, and return where it is.

    :raises UsageError: it cannot be written there.
    """
    root = ElementTree.Element("testsuites", name=job.title)
    for run_dir in run_dirs:
        findings = json.loads((run_dir / "findings.json").read_text(encoding="utf-8"))
        root.append(one_junit.suite(findings))
    ElementTree.indent(root)
    try:
        job.junit.parent.mkdir(parents=True, exist_ok=True)
        ElementTree.ElementTree(root).write(job.junit, encoding="utf-8", xml_declaration=True)
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
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise UsageError(f"{file}: {place}: must be a number and not negative")
    return float(value)
