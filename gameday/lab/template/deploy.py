"""Creates a plan's stacks in a running lab, through its AWS API, and registers them there.

`prepare` finds what can be found wrong and needs no lab; `Plan.create` needs one and is quick.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gameday.errors import TemplateError
from gameday.lab.template import exports
from gameday.lab.template.build import Build
from gameday.lab.template.endpoint import Clients, register
from gameday.lab.template.plan import LeftOut, Unit, units
from gameday.stacks import Stacks

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack that exists in the lab."""

    key: str
    name: str
    region: str
    template: Path
    outputs: Mapping[str, str]
    resources: Mapping[str, str]  # logical id -> physical id
    code: Mapping[str, Path] = field(default_factory=dict)  # function -> its local folder or zip


@dataclass(frozen=True, slots=True)
class Deployment:
    """What was created, what was left out, and what is there but does less than on AWS."""

    stacks: tuple[DeployedStack, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]

    def origin(self, region: str, physical_id: str) -> str:
        """Where a resource comes from: `FILE: LOGICAL-ID`, or its own id where nobody knows."""
        for stack in self.stacks:
            for logical_id, made in stack.resources.items():
                if (stack.region, made) == (region, physical_id):
                    return f"{stack.template}: {logical_id}"
        return physical_id


@dataclass(frozen=True, slots=True)
class Plan:
    """An application checked and ready to be created."""

    units: tuple[Unit, ...]
    endpoint: str
    account: str
    token: str
    cache_dir: Path
    report: Report
    strict: bool = False

    def create(self) -> Deployment:
        """Create every stack in its order.

        :raises TemplateError: the AWS API refused a resource; names file and logical id. With
            `strict`, also what a resource asks for and the lab does nothing with.
        :raises LabError: the lab does not answer.
        """
        run = _Run(self)
        for unit in self.units:
            self.report(f"{unit.stack.name} in {unit.region}")
            run.stack(unit)
        if self.strict:
            refuse(run.left_out)
        return Deployment(tuple(run.stacks), tuple(run.left_out), tuple(sorted(run.notes)))


def prepare(
    stacks: Stacks,
    *,
    endpoint: str,
    account: str,
    speed: float,
    token: str,
    cache_dir: Path,
    regions: Sequence[str] | None = None,
    report: Report = lambda line: None,
    strict: bool = False,
) -> Plan:
    """Read, translate and check every stack; nothing is created and no lab is needed.

    `regions` are those the lab has. Durations inside the application are divided by `speed`.

    :raises TemplateError: anything wrong that can be known now; with `strict` also a resource of
        a type the lab does not know.
    """
    found = exports.in_order(units(stacks, regions or stacks.regions, speed))
    if strict:
        refuse([left for unit in found for left in unit.missing])
    return Plan(found, endpoint, account, token, cache_dir, report, strict)


def deploy(stacks: Stacks, **settings: Any) -> Deployment:
    """`prepare` and `create` in one; the settings are those of `prepare`."""
    return prepare(stacks, **settings).create()


def refuse(left_out: Sequence[LeftOut]) -> None:
    """What `--strict` does about what is left out.

    :raises TemplateError: something is.
    """
    if left_out:
        raise TemplateError(f"left out, which --strict forbids: {'; '.join(map(str, left_out))}")


@dataclass(slots=True)
class _Run:
    """One creation of a plan: what exists so far."""

    plan: Plan
    clients: Clients = field(init=False)
    stacks: list[DeployedStack] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: set[str] = field(default_factory=set)
    exports: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clients = Clients(self.plan.endpoint)

    def stack(self, unit: Unit) -> None:
        """Create one stack and register it."""
        given = dict(unit.known) | {n: self.output(*s) for n, s in unit.sources.items()}
        exports_here = self.exports.setdefault(unit.region, {})
        build = Build(unit, given, exports_here, self.clients, self.plan.account,
                      self.plan.cache_dir)  # fmt: skip
        for logical_id in unit.order:
            build.create(logical_id)
        build.finish()
        outputs, exported = build.outputs()
        for name in exported.keys() & exports_here.keys():
            raise TemplateError(f"{unit.stack.template}: export {name}: another stack in "
                                f"{unit.region} has it already")  # fmt: skip
        exports_here.update(exported)
        self.stacks.append(
            DeployedStack(
                unit.stack.key, unit.stack.name, unit.region, unit.stack.template, outputs,
                {logical_id: made.ref for logical_id, made in build.made.items()},
                build.work.code,
            )
        )  # fmt: skip
        self.left_out += build.left_out
        self.notes |= build.work.notes
        register(self.plan.endpoint, self.plan.token, build.registration(outputs, exported))

    def output(self, key: str, region: str, name: str) -> str:
        """An output of a stack created before."""
        outputs = next(s.outputs for s in self.stacks if (s.key, s.region) == (key, region))
        if name not in outputs:
            raise TemplateError(f"stack {key} in {region} gave no output {name}: its condition "
                                f"does not hold")  # fmt: skip
        return outputs[name]
