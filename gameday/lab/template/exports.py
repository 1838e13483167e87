"""The order of stacks that import what others export, where names are known beforehand. Pure."""

from __future__ import annotations

import graphlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gameday.errors import TemplateError
from gameday.lab.template.intrinsics import Scope, text
from gameday.lab.template.plan import Unit


class _NotYetKnown(Exception):
    """A name that only a resource or another stack says."""


def in_order(units: Sequence[Unit]) -> tuple[Unit, ...]:
    """`units` so that each comes after those whose outputs and exports it takes; else as they were.

    :raises TemplateError: stacks that import from each other in a circle, which is named.
    """
    places = {(unit.stack.key, unit.region): n for n, unit in enumerate(units)}
    exporters = {(u.region, name): n for n, u in enumerate(units) for name in _exports(u)}
    sorter: graphlib.TopologicalSorter[int] = graphlib.TopologicalSorter()
    for number, unit in enumerate(units):
        needs = {places[key, region] for key, region, _ in unit.sources.values()}
        needs |= {exporters[unit.region, name] for name in _imports(unit)
                  if (unit.region, name) in exporters}  # fmt: skip
        sorter.add(number, *(needs - {number}))
    try:
        sorter.prepare()
    except graphlib.CycleError as e:
        circle = " -> ".join(units[n].stack.key for n in reversed(e.args[1]))
        raise TemplateError(f"{units[0].stack.template}: these stacks import from each other: "
                            f"{circle}") from None  # fmt: skip
    found: list[int] = []
    ready: list[int] = []
    while sorter.is_active():
        ready = sorted([*ready, *sorter.get_ready()])
        found.append(ready.pop(0))
        sorter.done(found[-1])
    return tuple(units[n] for n in found)


def _exports(unit: Unit) -> Iterator[str]:
    scope = _scope(unit)
    for about in (unit.body.get("Outputs") or {}).values():
        if "Export" in about:
            yield from _name(scope, about["Export"].get("Name"))


def _imports(unit: Unit) -> Iterator[str]:
    scope, waiting = _scope(unit), [unit.body["Resources"], unit.body.get("Outputs") or {}]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            if "Fn::ImportValue" in value:
                yield from _name(scope, value["Fn::ImportValue"])
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _name(scope: Scope, value: Any) -> Iterator[str]:
    try:
        yield text(scope.resolve(value))
    except (_NotYetKnown, TemplateError):
        return


def _scope(unit: Unit) -> Scope:
    """What is known of a stack before it exists."""

    def unknown(name: str, attribute: str | None) -> Any:
        raise _NotYetKnown(name)

    defaults = {
        name: about["Default"]
        for name, about in (unit.body.get("Parameters") or {}).items()
        if "Default" in about and name not in unit.sources
    }
    pseudo = {"AWS::Region": unit.region, "AWS::StackName": unit.stack.name,
              "AWS::Partition": "aws"}  # fmt: skip
    return Scope(
        parameters=defaults | dict(unit.known) | pseudo, mappings=unit.body.get("Mappings") or {},
        conditions=unit.body.get("Conditions") or {}, made=unknown,
    )  # fmt: skip
