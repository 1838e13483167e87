"""From stacks.yaml to a plan: every template read, translated and checked, nothing yet created.

One `Unit` is one stack in one Region. What a parameter takes from another stack's output is filled
in when that stack exists; everything else is known here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gameday import templates
from gameday.clock import Clock
from gameday.errors import TemplateError
from gameday.lab.template import check, sam
from gameday.lab.template.resources import CATALOGUE
from gameday.stacks import Output, Seconds, Stack, Stacks


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something a template asks for and the lab does not have."""

    stack: str
    region: str
    logical_id: str
    type: str
    reason: str

    def __str__(self) -> str:
        return f"{self.stack} ({self.region}): {self.logical_id} ({self.type}): {self.reason}"


@dataclass(frozen=True, slots=True)
class Unit:
    """One stack in one Region, ready to be created."""

    stack: Stack
    region: str
    body: Mapping[str, Any]  # plain CloudFormation
    source: Mapping[str, Any]  # the template as it was written
    order: tuple[str, ...]  # logical ids
    known: Mapping[str, str]  # parameters that do not wait for another stack
    sources: Mapping[str, tuple[str, str, str]]  # parameter -> (stack key, Region, output)

    @property
    def missing(self) -> list[LeftOut]:
        """Its resources of types the lab does not know."""
        kinds = {i: self.body["Resources"][i]["Type"] for i in self.order}
        return [
            LeftOut(self.stack.name, self.region, i, kind, "the lab does not know this type")
            for i, kind in kinds.items()
            if kind not in CATALOGUE
        ]


def units(stacks: Stacks, regions: Sequence[str], speed: float) -> tuple[Unit, ...]:
    """Every stack of the application in every Region it goes to, in the order of creation.

    :raises TemplateError: anything that can be found wrong beforehand, in any of the stacks.
    """
    for stack in stacks.stacks:
        for region in stack.regions:
            if region not in regions:
                raise TemplateError(
                    f"{stacks.file}: stack {stack.key} goes to {region}, which this lab does not "
                    f"have; it has {', '.join(regions)}"
                )
    read = {stack.key: templates.load(stack.template) for stack in stacks.stacks}
    made = tuple(
        _unit(stacks, stack, read[stack.key], region, Clock(speed))
        for stack in stacks.stacks
        for region in stack.regions
    )
    _check_sources(made)
    return made


def _unit(
    stacks: Stacks, stack: Stack, template: templates.Template, region: str, clock: Clock
) -> Unit:
    check.check_parameters(stack, template.section("Parameters"))
    known = {
        name: f"{clock.wall(value.seconds):g}" if isinstance(value, Seconds) else value
        for name, value in stack.parameters.items()
        if not isinstance(value, Output)
    }
    sources = {
        name: (*stacks.source(value, region), value.name)
        for name, value in stack.parameters.items()
        if isinstance(value, Output)
    }
    body = sam.translate(template, region, known)
    declared = body.get("Parameters") or {}
    for name, value in known.items():
        check.parameter_value(stack.template, name, declared[name], value)
    check.check_body(stack.template, body)
    check.check_maps(stack.template, body, region, known | dict.fromkeys(sources))
    order = check.order(stack.template, body["Resources"])
    return Unit(stack, region, body, template.body, order, known, sources)


def _check_sources(made: Sequence[Unit]) -> None:
    bodies: dict[tuple[str, str], tuple[Path, Mapping[str, Any]]] = {
        (unit.stack.key, unit.region): (unit.stack.template, unit.body) for unit in made
    }
    for unit in made:
        for key, region, output in unit.sources.values():
            file, body = bodies[key, region]
            check.check_outputs(file, body, {output}, f"stack {unit.stack.key}")
