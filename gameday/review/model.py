"""The words of the review: rules, what they look at, what they find."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from gameday.predict.view import View
from gameday.review.counterparts import counterparts
from gameday.route53.check import HealthCheck
from gameday.route53.exports import Routing

Resource = Mapping[str, Any]
"""`Type` and `Properties`, as a template has them."""


class Severity(StrEnum):
    """How bad it is; the names are SARIF's levels."""

    ERROR = "error"  # losing a Region is not survived, or data are lost
    WARNING = "warning"  # it is survived late, or not for certain
    NOTE = "note"  # worth knowing

    @property
    def rank(self) -> int:
        """Higher is worse."""
        return list(reversed(Severity)).index(self)


@dataclass(frozen=True, slots=True)
class Hit:
    """One place where a rule does not hold."""

    where: str
    message: str
    line: int | None = None
    file: str | None = None  # where that is not the subject's


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the catalogue."""

    id: str
    severity: Severity
    about: str
    why: str
    remedy: str
    source: str
    failing: str
    passing: str
    check: Callable[[Any], Iterator[Hit]]


@dataclass(frozen=True, slots=True)
class Finding:
    """A hit, with the file and the rule."""

    rule: str
    severity: Severity
    file: str
    where: str
    message: str
    remedy: str
    line: int | None = None
    suppressed: str | None = None  # the reason, where somebody gave one


@dataclass(frozen=True, slots=True)
class RoutingSubject:
    """Zones and health checks, with the names that have several answers."""

    routing: Routing
    views: tuple[View, ...]
    rto_s: float | None = None

    def checks(self) -> Iterator[tuple[str, HealthCheck]]:
        """`(place, health check)` of every one."""
        for check in self.routing.checks.values():
            yield f"health check {check.id}", check


@dataclass(frozen=True, slots=True)
class StackSubject:
    """One template's resources (intrinsics resolved), the Regions it goes to, functions' code.

    `code` is the handler's source by logical id; `paths` the API paths that lead to a function.
    """

    resources: Mapping[str, Resource]
    regions: tuple[str, ...] = ()
    region: str = ""  # the one that `resources` are resolved for
    code: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of_type(self, *types: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """`(logical id, properties)` of the resources of these types."""
        for logical_id, resource in self.resources.items():
            if resource.get("Type") in types:
                yield logical_id, resource.get("Properties") or {}

    def health_code(self) -> Iterator[tuple[str, str]]:
        """`(logical id, source)` of functions behind a path that speaks of health."""
        for function, source in self.code.items():
            if any("health" in path.lower() for path in self.paths.get(function, ())):
                yield function, source


@dataclass(frozen=True, slots=True)
class RegionalStack:
    """One stack in one Region, from a template or from what is deployed."""

    name: str
    region: str
    template: str  # the file; stacks of one template are counterparts
    resources: Mapping[str, Resource]
    file: str | None = None  # the one that says this Region's, where each Region has its own


@dataclass(frozen=True, slots=True)
class ApplicationSubject:
    """Every stack of an application, in every Region."""

    stacks: tuple[RegionalStack, ...]

    def counterparts(self) -> Iterator[tuple[RegionalStack, ...]]:
        """The stacks that do in different Regions what should be the same: two or more each."""
        return counterparts(self.stacks)


@dataclass(frozen=True, slots=True)
class DocumentSubject:
    """A YAML file whose mappings name keys twice: `(key, line)` of each."""

    twice: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class ExperimentSubject:
    """A Chaos Toolkit experiment.

    `known` are the names that the templates reviewed with it give their resources, by kind;
    without a kind nothing is known of it.
    """

    body: Mapping[str, Any]
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def calls(self, wanted: str) -> Iterator[tuple[Mapping[str, Any], str]]:
        """`(activity, function that it calls)` of one section; empty where it calls none."""
        for section, activity in self.activities():
            if section == wanted:
                yield activity, str(provider(activity).get("func", ""))

    def activities(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """`(section, activity)` of hypothesis, method and rollbacks."""
        hypothesis = self.body.get("steady-state-hypothesis") or {}
        sections = {
            "steady-state-hypothesis": hypothesis.get("probes") or [],
            "method": self.body.get("method") or [],
            "rollbacks": self.body.get("rollbacks") or [],
        }
        for section, activities in sections.items():
            for activity in activities:
                if isinstance(activity, dict):
                    yield section, activity


@dataclass(frozen=True, slots=True)
class TextSubject:
    """A runbook or a script, line by line."""

    text: str

    def lines(self) -> Iterator[tuple[int, str]]:
        """`(number, line)`, from 1."""
        yield from enumerate(self.text.splitlines(), 1)


@dataclass(frozen=True, slots=True)
class TargetSubject:
    """A target's env file."""

    values: Mapping[str, str]


def provider(activity: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an activity calls; empty where it does not say."""
    found = activity.get("provider")
    return found if isinstance(found, Mapping) else {}


def called(activity: Mapping[str, Any]) -> str:
    """The name of an activity, as a place."""
    return str(activity.get("name") or "an activity without a name")


def texts(value: Any) -> Iterator[str]:
    """Every text within a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts(item)
