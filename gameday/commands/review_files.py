"""Turns files into what the rules look at, each by what it holds: nothing is asked of anybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gameday import experiment, settings, templates
from gameday.commands import resolved
from gameday.errors import UsageError
from gameday.review.catalogue import routing_subject
from gameday.review.engine import MALFORMED, Subject
from gameday.review.model import ExperimentSubject, StackSubject, TargetSubject, TextSubject
from gameday.route53.exports import read, read_json, rows
from gameday.stacks import load as load_stacks

SUFFIXES = (".yaml", ".yml", ".json", ".md", ".sh", ".env", ".template", ".example")
SKIPPED = ("node_modules", ".venv", ".aws-sam", "reports")
FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")


def subjects(paths: Sequence[Path], rto_s: float | None) -> list[tuple[str, Subject]]:
    """`(file, subject)` of every file; a template may be two: resources and routing.

    :raises UsageError: a file that was named and is nothing known, or that cannot be read.
    """
    found: list[tuple[str, Subject]] = []
    exports: dict[str, dict[str, Any]] = {}
    covered: set[Path] = set()
    files = [(file, file == path) for path in paths for file in _files(path)]
    files.sort(key=lambda one: one[0].name != "stacks.yaml")  # an application covers its templates
    for file, is_named in files:
        if file.resolve() in covered:
            continue
        covered.add(file.resolve())
        try:
            found += _subjects(file, is_named, rto_s, exports, covered)
        except MALFORMED as e:
            raise UsageError(f"{file}: cannot be read as what it seems to be: {e}") from e
    found += _exports(exports, rto_s)
    return found


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


def _subjects(
    file: Path, is_named: bool, rto_s: float | None, exports: dict[str, Any], covered: set[Path]
) -> Iterator[tuple[str, Subject]]:
    name = str(file)
    if file.suffix in (".md", ".sh"):
        yield name, TextSubject(_text(file))
    elif file.suffix == ".env" or name.endswith(".env.example"):
        yield name, TargetSubject(settings.parse_target_file(file))
    else:
        body = _body(file)
        if "ResourceRecordSets" in body or "HealthChecks" in body:
            exports[name] = body
        elif isinstance(body.get("Resources"), dict):
            yield from _stacks(resolved.deployed(file), rto_s)
        elif "stacks" in body:
            application = load_stacks(file)
            covered |= {s.template.resolve() for s in application.stacks}
            objective = rto_s if rto_s is not None else application.rto_s
            yield from _stacks(resolved.deployed(file), objective)
        elif "method" in body:
            yield name, ExperimentSubject(experiment.read(file))
        elif is_named:
            raise UsageError(
                f"{file}: neither a template, an export, an experiment, a runbook nor a target file"
            )


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
        if not has_checks and any(r.health_check for r in found.record_sets()):
            raise UsageError(f"{name}: its records use health checks: give their export, too")
        yield name, routing_subject(found, rto_s)


def _checks(body: Mapping[str, Any]) -> list[Any]:
    if "HealthChecks" not in body:
        return []
    return list(rows(body, "HealthChecks", "health checks export"))


def _stacks(
    found: Sequence[resolved.Deployed], rto_s: float | None
) -> Iterator[tuple[str, Subject]]:
    by_file: dict[Path, list[resolved.Deployed]] = {}
    for one in found:
        by_file.setdefault(one.template.file, []).append(one)
    for file, deployed in by_file.items():
        yield str(file), _stack(deployed)
        if any(r["Type"].startswith("AWS::Route53::RecordSet") for r in
               deployed[0].resources.values()):  # fmt: skip
            yield str(file), routing_subject(resolved.routing(deployed, str(file)), rto_s)


def _stack(deployed: Sequence[resolved.Deployed]) -> StackSubject:
    one = deployed[0]
    resources = {
        logical_id: _with_globals(resource, one.common)
        if resource["Type"] in FUNCTIONS
        else resource
        for logical_id, resource in one.resources.items()
    }
    paths: dict[str, tuple[str, ...]] = {}
    for route in templates.routes(one.template):
        paths[route.function] = (*paths.get(route.function, ()), f"{route.method} {route.path}")
    code = {
        logical_id: source
        for logical_id, resource in resources.items()
        if resource["Type"] in FUNCTIONS
        and (source := _source(one.template.file.parent, resource["Properties"]))
    }
    others = {d.region: frozenset(d.resources) for d in deployed} if len(deployed) > 1 else {}
    return StackSubject(resources, tuple(d.region for d in deployed), code, paths, others)


def _with_globals(resource: Mapping[str, Any], common: Mapping[str, Any]) -> dict[str, Any]:
    properties = resource.get("Properties") or {}
    variables = {
        **((common.get("Environment") or {}).get("Variables") or {}),
        **((properties.get("Environment") or {}).get("Variables") or {}),
    }
    merged = {**common, **properties, "Environment": {"Variables": variables}}
    return {**resource, "Properties": merged}


def _source(folder: Path, properties: Mapping[str, Any]) -> str:
    """The module that a function's handler is in; empty where it is not a local Python file."""
    code, handler = properties.get("CodeUri", "."), str(properties.get("Handler", ""))
    if inline := properties.get("InlineCode"):
        return str(inline)
    if not isinstance(code, str) or code.startswith("s3://") or "." not in handler:
        return ""
    module = folder / code / (handler.rpartition(".")[0].replace(".", "/") + ".py")
    return _text(module) if module.is_file() else ""
