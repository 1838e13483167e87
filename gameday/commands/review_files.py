"""Turns files into what the rules look at, each by what it holds: nothing is asked of anybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from gameday import experiment, settings, templates
from gameday.commands import resolved
from gameday.commands.review_stacks import Stacks, deployed_stacks
from gameday.errors import UsageError
from gameday.review.catalogue import routing_subject
from gameday.review.duplicates import duplicates
from gameday.review.engine import MALFORMED, Subject
from gameday.review.model import DocumentSubject, ExperimentSubject, TargetSubject, TextSubject
from gameday.route53.exports import read, read_json, rows
from gameday.stacks import load as load_stacks

SUFFIXES = (".yaml", ".yml", ".json", ".md", ".sh", ".env", ".template", ".example")
SKIPPED = ("node_modules", ".venv", ".aws-sam", "reports")


def subjects(
    paths: Sequence[Path], rto_s: float | None
) -> tuple[list[tuple[str, Subject]], list[str]]:
    """`(file, subject)` of every file; a template may be two: resources and routing.

    And the files that were looked at: some say something only together with others.

    :raises UsageError: a file that was named and is nothing known, or that cannot be read.
    """
    found: list[tuple[str, Subject]] = []
    seen = _Seen(rto_s)
    files = [(file, file == path) for path in paths for file in _files(path)]
    files.sort(key=lambda one: one[0].name != "stacks.yaml")  # an application covers its templates
    for file, is_named in files:
        if file.resolve() in seen.covered:
            continue
        seen.covered.add(file.resolve())
        try:
            found += _subjects(file, is_named, seen)
        except MALFORMED as e:
            raise UsageError(f"{file}: cannot be read as what it seems to be: {e}") from e
    found += [(file, ExperimentSubject(body, seen.stacks.names())) for file, body in
              seen.experiments]  # fmt: skip
    found += [*seen.stacks.subjects(), *_exports(seen.exports, rto_s)]
    return found, sorted(seen.known | {name for name, _ in found})


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        if not path.exists():
            raise UsageError(f"{path}: there is no such file")
        yield path
        return
    for file in sorted(path.rglob("*")):
        parts = file.relative_to(path).parts
        hidden = any(p.startswith(".") or p in SKIPPED for p in parts)
        if file.suffix in SUFFIXES and file.is_file() and not hidden:
            yield file


@dataclass(slots=True)
class _Seen:
    """What is understood only when all files have been looked at."""

    rto_s: float | None
    stacks: Stacks = field(default_factory=Stacks)
    exports: dict[str, dict[str, Any]] = field(default_factory=dict)
    experiments: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    covered: set[Path] = field(default_factory=set)
    known: set[str] = field(default_factory=set)


def _subjects(file: Path, is_named: bool, seen: _Seen) -> Iterator[tuple[str, Subject]]:
    name = str(file)
    seen.known.add(name)
    if file.suffix in (".yaml", ".yml", ".template") and (twice := duplicates(_text(file))):
        yield name, DocumentSubject(twice)  # what it means nobody can say
    elif file.suffix in (".md", ".sh"):
        yield name, TextSubject(_text(file))
    elif file.suffix == ".env" or name.endswith(".env.example"):
        yield name, TargetSubject(settings.parse_target_file(file))
    else:
        body = _body(file)
        if "ResourceRecordSets" in body or "HealthChecks" in body:
            seen.exports[name] = body
        elif "StackResources" in body or "StackResourceDrifts" in body:
            seen.stacks.deployed += deployed_stacks(name, body)
        elif isinstance(body.get("Resources"), dict):
            seen.stacks.add(resolved.deployed(file), seen.rto_s)
        elif "stacks" in body:
            application = load_stacks(file)
            seen.covered |= {s.template.resolve() for s in application.stacks}
            objective = seen.rto_s if seen.rto_s is not None else application.rto_s
            seen.stacks.add(resolved.deployed(file), objective, file)
        elif "method" in body:
            seen.experiments.append((name, experiment.read(file)))
        elif is_named:
            raise UsageError(
                f"{file}: neither a template, an export, an experiment, a runbook nor a target file"
            )
        else:
            seen.known.remove(name)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as e:
        raise UsageError(f"{file}: cannot read it: {e.strerror}") from e
    except UnicodeDecodeError as e:
        raise UsageError(f"{file}: not UTF-8 text") from e


def _body(file: Path) -> dict[str, Any]:
    if file.suffix == ".json":
        return read_json(file)
    try:
        return templates.load_document(file)
    except UsageError as e:
        if "not a mapping" in str(e):  # a list of suppressions, networks, ...
            return {}
        raise


def _exports(
    exports: Mapping[str, Mapping[str, Any]], rto_s: float | None
) -> Iterator[tuple[str, Subject]]:
    checks = [row for body in exports.values() for row in _checks(body)]
    has_checks = any("HealthChecks" in body for body in exports.values())
    zones = {name: body for name, body in exports.items() if "ResourceRecordSets" in body}
    if has_checks and not zones:
        raise UsageError(f"{next(iter(exports))}: health checks alone: give the zone's export, too")
    for name, body in zones.items():
        found = read(body, {"HealthChecks": checks}, place=name)
        for note in found.notes:
            click.echo(f"note: {name}: {note}", err=True)
        if not has_checks and any(r.health_check for r in found.record_sets()):
            raise UsageError(f"{name}: its records use health checks: give their export, too")
        yield name, routing_subject(found, rto_s)


def _checks(body: Mapping[str, Any]) -> list[Any]:
    if "HealthChecks" not in body:
        return []
    return list(rows(body, "HealthChecks", "health checks export"))
