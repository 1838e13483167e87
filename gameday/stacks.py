"""Reads `stacks.yaml`: which template goes to which Region, with which parameters, in which order.

The lab and AWS read the same file. The order is not written down: it follows from the outputs
that one stack's parameters take from another, and a cycle is an error.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gameday import templates
from gameday.errors import TemplateError


@dataclass(frozen=True, slots=True)
class Output:
    """An output of another stack, of the Region at place `region`, else of the same Region."""

    stack: str
    name: str
    region: int | None


@dataclass(frozen=True, slots=True)
class Seconds:
    """A duration inside the application in AWS seconds; the lab divides it by its speed."""

    seconds: float


Value = str | Output | Seconds
"""What a parameter is given: text, another stack's output, or a duration."""


@dataclass(frozen=True, slots=True)
class Stack:
    """One template, the Regions it goes to and what its parameters are given."""

    key: str  # its name in stacks.yaml: "data"
    name: str  # its name in CloudFormation: "gameday-data"
    template: Path
    regions: tuple[str, ...]
    parameters: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stacks:
    """The whole application, stacks in an order in which they can be deployed."""

    file: Path
    application: str
    endpoint: str | None
    region_header: str
    rto_s: float | None
    rpo_s: float | None
    regions: tuple[str, ...]  # the first is the home Region
    stacks: tuple[Stack, ...]

    def source(self, output: Output, region: str) -> tuple[str, str]:
        """`(stack key, Region)` that a stack in `region` takes `output` from.

        :raises TemplateError: that stack is in several Regions and none of them is meant.
        """
        regions = next(s.regions for s in self.stacks if s.key == output.stack)
        if output.region is not None:
            wanted = self.regions[output.region]
            if wanted not in regions:
                raise TemplateError(f"{self.file}: stack {output.stack} is not in {wanted}")
            return output.stack, wanted
        if region in regions:
            return output.stack, region
        if len(regions) == 1:
            return output.stack, regions[0]
        raise TemplateError(
            f"{self.file}: {output.stack}.{output.name}: the stack is in {', '.join(regions)}; "
            f"say which with `region: 0`"
        )


def load(file: Path, regions: Sequence[str] | None = None) -> Stacks:
    """The application in `file`; `regions`, where given, replace the file's own.

    :raises TemplateError: names the file and the key that is wrong, or the stacks of a cycle.
    """
    return _Reader(file).read(templates.load_document(file), regions)


def single(
    template: Path, regions: Sequence[str], parameters: Mapping[str, str], application: str = "app"
) -> Stacks:
    """An application of one template in each of `regions`, without a stacks.yaml."""
    stack = Stack("stack", f"{application}-stack", template, tuple(regions), dict(parameters))
    return Stacks(template, application, None, "x-region", None, None, tuple(regions), (stack,))


class _Reader:
    """One reading of one file; every complaint names the file and the key."""

    KEYS = frozenset(
        {"application", "endpoint", "region_header", "objectives", "regions", "stacks"}
    )

    def __init__(self, file: Path) -> None:
        self.file = file

    def fail(self, key: str, problem: str) -> TemplateError:
        return TemplateError(f"{self.file}: {key}: {problem}")

    def read(self, body: dict[str, Any], regions: Sequence[str] | None) -> Stacks:
        self.only(body, self.KEYS, "stacks.yaml")
        application = self.text(body.get("application"), "application")
        places = self.regions(list(regions) if regions else body.get("regions"))
        objectives = self.mapping(body.get("objectives") or {}, "objectives")
        self.only(objectives, frozenset({"rto_s", "rpo_s"}), "objectives")
        entries = self.mapping(body.get("stacks"), "stacks")
        stacks = {k: self.stack(k, e, application, places) for k, e in entries.items()}
        for stack in stacks.values():
            self.check_sources(stack, stacks)
        endpoint = body.get("endpoint")
        return Stacks(
            file=self.file,
            application=application,
            endpoint=None if endpoint is None else self.text(endpoint, "endpoint"),
            region_header=self.text(body.get("region_header", "x-region"), "region_header").lower(),
            rto_s=self.seconds(objectives.get("rto_s"), "objectives.rto_s"),
            rpo_s=self.seconds(objectives.get("rpo_s"), "objectives.rpo_s"),
            regions=places,
            stacks=tuple(stacks[key] for key in self.order(stacks)),
        )

    def regions(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not value:
            raise self.fail("regions", "give a list of Regions, the home Region first")
        names = tuple(self.text(v, "regions") for v in value)
        if len(set(names)) < len(names):
            raise self.fail("regions", "a Region is given twice")
        return names

    def stack(self, key: str, entry: Any, application: str, regions: tuple[str, ...]) -> Stack:
        place = f"stacks.{key}"
        about = self.mapping(entry, place)
        self.only(about, frozenset({"template", "regions", "parameters"}), place)
        template = self.file.parent / self.text(about.get("template"), f"{place}.template")
        given = self.mapping(about.get("parameters") or {}, f"{place}.parameters")
        return Stack(
            key=key,
            name=f"{application}-{key}",
            template=template,
            regions=self.places(about.get("regions", "every"), f"{place}.regions", regions),
            parameters={
                n: self.value(v, f"{place}.parameters.{n}", regions) for n, v in given.items()
            },
        )

    def places(self, value: Any, key: str, regions: tuple[str, ...]) -> tuple[str, ...]:
        if value in ("home", "every"):
            return regions[:1] if value == "home" else regions
        if not isinstance(value, list) or not value:
            raise self.fail(key, "say `home`, `every` or a list of Regions")
        for name in value:
            if name not in regions:
                raise self.fail(key, f"{name} is not one of {', '.join(regions)}")
        return tuple(value)

    def value(self, value: Any, key: str, regions: tuple[str, ...]) -> Value:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, (str, int, float)):
            return str(value)
        if isinstance(value, list):
            return ",".join(str(self.value(v, key, regions)) for v in value)
        match value:
            case {"seconds": int() | float() as seconds, **rest} if not rest:
                return Seconds(float(seconds))
            case {"region": int() as place, **rest} if not rest:
                return regions[self.place(place, key, regions)]
            case {"output": str() as output, **rest} if set(rest) <= {"region"}:
                stack, _, name = output.partition(".")
                at = rest.get("region")
                return Output(stack, name, None if at is None else self.place(at, key, regions))
        raise self.fail(key, "give text, {output: STACK.NAME}, {region: 0} or {seconds: 5}")

    def place(self, value: Any, key: str, regions: tuple[str, ...]) -> int:
        if not isinstance(value, int) or not 0 <= value < len(regions):
            raise self.fail(key, f"region {value} is no place in {', '.join(regions)} (0 is home)")
        return value

    def check_sources(self, stack: Stack, stacks: Mapping[str, Stack]) -> None:
        for name, value in stack.parameters.items():
            if isinstance(value, Output) and (value.stack not in stacks or not value.name):
                raise self.fail(
                    f"stacks.{stack.key}.parameters.{name}",
                    f"there is no stack {value.stack!r}; say {{output: STACK.NAME}}",
                )

    def order(self, stacks: Mapping[str, Stack]) -> Iterator[str]:
        needs = {
            key: [v.stack for v in stack.parameters.values() if isinstance(v, Output)]
            for key, stack in stacks.items()
        }
        try:
            return iter(tuple(graphlib.TopologicalSorter(needs).static_order()))
        except graphlib.CycleError as e:
            circle = " -> ".join(reversed(e.args[1]))
            raise self.fail("stacks", f"these stacks need each other's outputs: {circle}") from None

    def only(self, found: Mapping[str, Any], known: frozenset[str], place: str) -> None:
        for key in found:
            if key not in known:
                raise self.fail(place, f"unknown key {key!r}; known are {', '.join(sorted(known))}")

    def mapping(self, value: Any, key: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.fail(key, "must be a mapping")
        return value

    def text(self, value: Any, key: str) -> str:
        if not isinstance(value, str) or not value:
            raise self.fail(key, "must be text")
        return value

    def seconds(self, value: Any, key: str) -> float | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
            raise self.fail(key, "must be a number of seconds")
        return float(value)
