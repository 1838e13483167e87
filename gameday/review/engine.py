"""Asks every rule about every subject, and sets aside what somebody accepted for a while.

A suppression has a reason and an end; after that day the finding is back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

from gameday.errors import UsageError
from gameday.review.catalogue import catalogue
from gameday.review.model import (
    ApplicationSubject,
    DocumentSubject,
    ExperimentSubject,
    Finding,
    RoutingSubject,
    Severity,
    StackSubject,
    TargetSubject,
    TextSubject,
)

Subject = (
    RoutingSubject | StackSubject | ApplicationSubject | ExperimentSubject | TextSubject
    | TargetSubject | DocumentSubject
)  # fmt: skip

MALFORMED = (AttributeError, KeyError, TypeError, ValueError)
"""What a file of the right kind and the wrong shape makes of code that reads it."""

KINDS: Mapping[type, str] = {
    RoutingSubject: "routing", StackSubject: "template", ExperimentSubject: "experiment",
    TextSubject: "text", TargetSubject: "target", ApplicationSubject: "application",
    DocumentSubject: "document",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suppression:
    """Findings that are accepted until a day, and why."""

    rule: str
    reason: str
    until: str  # YYYY-MM-DD
    file: str = "*"
    where: str = ""  # part of the place's name


def review(subjects: Iterable[tuple[str, Subject]]) -> list[Finding]:
    """Every finding, worst first; each place once per rule."""
    found = dict.fromkeys(f for file, subject in subjects for f in _ask(file, subject))
    return sorted(found, key=lambda f: (-f.severity.rank, f.file, f.rule, f.line or 0, f.where))


def _ask(file: str, subject: Subject) -> Iterator[Finding]:
    for rule in catalogue():
        if rule.about == KINDS[type(subject)]:
            try:
                hits = list(rule.check(subject))
            except MALFORMED as e:
                raise UsageError(f"{file}: rule {rule.id} cannot read it: {e}; is it valid?") from e
            for hit in hits:
                yield Finding(rule.id, rule.severity, hit.file or file, hit.where, hit.message,
                              rule.remedy, hit.line)  # fmt: skip


def suppress(
    found: Iterable[Finding], accepted: Iterable[Suppression], today: str
) -> list[Finding]:
    """The findings, those marked that a suppression accepts on the day `today` (YYYY-MM-DD)."""
    valid = [s for s in accepted if today <= s.until]
    return [
        next((replace(f, suppressed=s.reason) for s in valid if _matches(s, f)), f) for f in found
    ]


def _matches(suppression: Suppression, finding: Finding) -> bool:
    return (
        suppression.rule == finding.rule
        and fnmatch(finding.file, suppression.file)
        and suppression.where in finding.where
    )


def known(found: Iterable[Finding], before: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """The findings, those marked that a former review (its JSON's `findings`) has, too."""
    old = {(f.get("rule"), f.get("file"), f.get("where")) for f in before}
    return [
        replace(f, suppressed="in the baseline")
        if not f.suppressed and (f.rule, f.file, f.where) in old
        else f
        for f in found
    ]


def expired(accepted: Iterable[Suppression], today: str) -> list[str]:
    """A sentence for each suppression whose day has passed."""
    return [f"the suppression of {s.rule} ended on {s.until}" for s in accepted if s.until < today]


def read_suppressions(path: Path) -> list[Suppression]:
    """The suppressions in a YAML file: a list of rule, reason, until and, if wanted, file, where.

    :raises UsageError: unreadable, an unknown rule or key, no reason, no date.
    """
    try:
        items = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    except OSError as e:
        raise UsageError(f"{path}: cannot read the suppressions: {e.strerror}") from e
    except (yaml.YAMLError, UnicodeDecodeError) as e:
        raise UsageError(f"{path}: not YAML: {' '.join(str(e).split())}") from e
    if not isinstance(items, list):
        raise UsageError(f"{path}: must be a list of rule, reason, until")
    return [_suppression(path, number, item) for number, item in enumerate(items, 1)]


def _suppression(path: Path, number: int, item: Any) -> Suppression:
    place = f"{path}: suppression {number}"
    rules = {rule.id for rule in catalogue()}
    if not isinstance(item, dict) or not {"rule", "reason", "until"} <= set(item):
        raise UsageError(f"{place}: needs rule, reason and until")
    if unknown := sorted(set(item) - {"rule", "reason", "until", "file", "where"}):
        raise UsageError(f"{place}: unknown key {unknown[0]}")
    if item["rule"] not in rules:
        raise UsageError(f"{place}: there is no rule {item['rule']}")
    if not str(item["reason"]).strip():
        raise UsageError(f"{place}: give a reason")
    try:
        until = date.fromisoformat(str(item["until"])).isoformat()
    except ValueError:
        raise UsageError(f"{place}: until must be a date like 2027-06-30") from None
    return Suppression(
        item["rule"], str(item["reason"]), until, str(item.get("file", "*")),
        str(item.get("where", "")),
    )  # fmt: skip


def worst(found: Iterable[Finding]) -> Severity | None:
    """The severest finding that nobody suppressed."""
    return max((f.severity for f in found if not f.suppressed), key=lambda s: s.rank, default=None)
