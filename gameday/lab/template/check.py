"""What can be known to be wrong before anything is created, and the order of creation.

Every complaint is a `TemplateError` of one line that names the template and the logical id.
"""

from __future__ import annotations

import graphlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from gameday.errors import TemplateError
from gameday.lab.template.intrinsics import Scope, Use, references, text
from gameday.lab.template.resources import CATALOGUE
from gameday.lab.template.resources.awslambda import local_path, runtime_obstacle
from gameday.stacks import Stack

PSEUDO = frozenset(
    f"AWS::{name}"
    for name in ("AccountId", "NoValue", "NotificationARNs", "Partition", "Region", "StackId",
                 "StackName", "URLSuffix")
)  # fmt: skip

_LISTS = ("CommaDelimitedList", "List<")
SSM = "AWS::SSM::Parameter::Value"
"""Parameters of this type name a parameter of Systems Manager, whose value they have."""


def check_parameters(stack: Stack, declared: Mapping[str, Any]) -> None:
    """Refuse parameters the template does not have, lacks a value for, or cannot be given here."""
    for name in stack.parameters.keys() - declared.keys():
        raise _error(stack.template, name, f"stack {stack.key} gives a parameter that is not here")
    for name, about in declared.items():
        if name not in stack.parameters and "Default" not in about:
            where = f"in stacks.yaml, stacks.{stack.key}.parameters"
            ways = f"give one {where}, or --parameter {name}=VALUE with --template"
            raise _error(stack.template, name, f"no value; {ways}")


def parameter_value(file: Path, name: str, about: Mapping[str, Any], given: Any) -> Any:
    """The value of a parameter in the kind its declaration says.

    :raises TemplateError: not a number, or a value that its constraints do not allow.
    """
    kind, value = str(about.get("Type", "String")), text(given)
    kind = kind.removeprefix(f"{SSM}<").removesuffix(">") if kind.startswith(SSM) else kind
    values = [v.strip() for v in value.split(",")] if kind.startswith(_LISTS) else [value]
    for one in values:
        problem = _problem(one, about, kind in ("Number", "List<Number>"))
        if problem:
            why = about.get("ConstraintDescription")
            raise _error(file, name, f"{one!r} {problem}" + (f": {why}" if why else ""))
    return values if kind.startswith(_LISTS) else value


def _problem(value: str, about: Mapping[str, Any], is_number: bool) -> str | None:
    """Why a parameter's declaration does not allow `value` (page "Parameters")."""
    allowed, pattern = about.get("AllowedValues"), about.get("AllowedPattern")
    if allowed and value not in map(text, allowed):
        return f"is not one of {', '.join(map(text, allowed))}"
    if pattern and not re.fullmatch(str(pattern), value):
        return f"does not match {pattern}"
    size: float = len(value)
    if is_number:
        try:
            size = float(value)
        except ValueError:
            return "is not a number"
    low, high = ("MinValue", "MaxValue") if is_number else ("MinLength", "MaxLength")
    if low in about and size < float(about[low]):
        return f"is below {low} {about[low]}"
    if high in about and size > float(about[high]):
        return f"is above {high} {about[high]}"
    return None


def check_body(file: Path, body: Mapping[str, Any]) -> None:
    """Refuse references, attributes, conditions, functions and code that do not exist.

    :raises TemplateError: the first complaint.
    """
    resources, conditions = body["Resources"], body.get("Conditions") or {}
    known = resources.keys() | (body.get("Parameters") or {}).keys() | PSEUDO
    places = [*conditions.items(), *resources.items(), *(body.get("Outputs") or {}).items()]
    for name, value in places:
        for use in _uses(file, name, value):
            if use.name not in known:
                raise _error(file, name, f"refers to {use.name}, which does not exist")
            if use.attribute is not None:
                _check_attribute(file, name, use, resources)
        for condition in _conditions(value):
            if condition not in conditions:
                raise _error(file, name, f"there is no condition {condition!r}")
    for logical_id, resource in resources.items():
        _check_dependencies(file, logical_id, resource, resources)
        _check_code(file, logical_id, resource)


def check_maps(file: Path, body: Mapping[str, Any], region: str, given: Mapping[str, Any]) -> None:
    """Refuse what a mapping has no entry for, as a template does that was made for one Region.

    `given` are the parameters' values, None where another stack says them later.

    :raises TemplateError: names the resource and the entry.
    """
    known = {
        name: given.get(name, about.get("Default"))
        for name, about in (body.get("Parameters") or {}).items()
        if not str(about.get("Type")).startswith(SSM)
    }
    scope = Scope(
        parameters={n: v for n, v in known.items() if v is not None}
        | {"AWS::Region": region, "AWS::Partition": "aws"},
        mappings=body.get("Mappings") or {}, conditions=body.get("Conditions") or {},
        made=_unknown,
    )  # fmt: skip
    for logical_id, resource in body["Resources"].items():
        if "Condition" not in resource or _resolved(scope.holds, resource["Condition"]):
            for lookup in _lookups(resource["Properties"], scope):
                try:
                    scope.resolve(lookup)
                except _NotYetKnown:
                    continue
                except TemplateError as e:
                    raise _error(file, logical_id, f"{e} ({region})") from None


class _NotYetKnown(Exception):
    """A value that only a resource has."""


def _unknown(name: str, attribute: str | None) -> Any:
    raise _NotYetKnown(name)


def _resolved(work: Callable[[Any], Any], value: Any) -> Any:
    """`work(value)`, or True where that cannot be known yet."""
    try:
        return work(value)
    except _NotYetKnown:
        return True


def _lookups(value: Any, scope: Scope) -> Iterator[Any]:
    """Every Fn::FindInMap in `value`, without the branches of Fn::If that are not taken."""
    if isinstance(value, list):
        for item in value:
            yield from _lookups(item, scope)
    elif isinstance(value, dict):
        if set(value) == {"Fn::FindInMap"}:
            yield value
            return
        test = value.get("Fn::If")
        if isinstance(test, list) and len(test) == 3:
            holds = _resolved(scope.holds, test[0])
            value = {"taken": test[1] if holds else test[2]}
        for item in value.values():
            yield from _lookups(item, scope)


def order(file: Path, resources: Mapping[str, Any]) -> tuple[str, ...]:
    """The logical ids in an order in which they can be created.

    :raises TemplateError: they need each other in a circle, which is named.
    """
    needs = {
        logical_id: sorted(
            {use.name for use in references(resource) if use.name in resources}
            | set(_depends_on(resource))
        )
        for logical_id, resource in resources.items()
    }
    try:
        return tuple(graphlib.TopologicalSorter(needs).static_order())
    except graphlib.CycleError as e:
        circle = " -> ".join(reversed(e.args[1]))
        raise TemplateError(f"{file}: these resources need each other: {circle}") from None


def check_outputs(file: Path, body: Mapping[str, Any], wanted: set[str], by: str) -> None:
    """Refuse an output that another stack's parameter takes and this template does not have."""
    for name in sorted(wanted - (body.get("Outputs") or {}).keys()):
        raise TemplateError(f"{file}: there is no output {name!r}, which {by} takes from it")


def _error(file: Path, logical_id: str, problem: str) -> TemplateError:
    return TemplateError(f"{file}: {logical_id}: {problem}")


def _uses(file: Path, name: str, value: Any) -> Iterator[Use]:
    try:
        yield from references(value)
    except TemplateError as e:
        raise _error(file, name, str(e)) from None


def _check_attribute(file: Path, name: str, use: Use, resources: Mapping[str, Any]) -> None:
    if use.name not in resources:
        raise _error(file, name, f"{use.name}.{use.attribute}: only resources have attributes")
    handler = CATALOGUE.get(resources[use.name]["Type"])
    if handler and use.attribute not in handler.attributes:
        kind = resources[use.name]["Type"]
        raise _error(file, name, f"{use.name} ({kind}) has no attribute {use.attribute} in the lab")


def _conditions(value: Any, top: bool = True) -> Iterator[str]:
    """The conditions that `value` names: its own, `{Condition: NAME}`, and those of each Fn::If."""
    if isinstance(value, dict):
        named = value.get("Condition")
        if isinstance(named, str) and (top or len(value) == 1):
            yield named
        test = value.get("Fn::If")
        if isinstance(test, list) and test:
            yield str(test[0])
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _conditions(item, False)


def _depends_on(resource: Mapping[str, Any]) -> list[str]:
    value = resource.get("DependsOn") or []
    return [str(name) for name in value] if isinstance(value, list) else [str(value)]


def _check_dependencies(
    file: Path, logical_id: str, resource: Mapping[str, Any], resources: Mapping[str, Any]
) -> None:
    for name in _depends_on(resource):
        if name not in resources:
            raise _error(file, logical_id, f"DependsOn names {name}, which does not exist")


def _check_code(file: Path, logical_id: str, resource: Mapping[str, Any]) -> None:
    if resource["Type"] == "AWS::Lambda::Function":
        obstacle = runtime_obstacle(resource["Properties"])
        if obstacle:
            raise _error(file, logical_id, obstacle)
        path = local_path(resource["Properties"].get("Code"))
        if path is not None and not (file.parent / path).exists():
            raise _error(file, logical_id, f"there is no code at {file.parent / path}")
