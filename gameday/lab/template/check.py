"""What can be known to be wrong before anything is created, and the order of creation.

Every complaint is a `TemplateError` of one line that names the template and the logical id.
"""

from __future__ import annotations

import graphlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gameday.errors import TemplateError
from gameday.lab.template.intrinsics import Use, references, text
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

    :raises TemplateError: not a number, or not one of the values allowed.
    """
    kind, value = str(about.get("Type", "String")), text(given)
    allowed = about.get("AllowedValues")
    if allowed and value not in map(text, allowed):
        raise _error(file, name, f"{value!r} is not one of {', '.join(map(text, allowed))}")
    if kind == "Number":
        try:
            float(value)
        except ValueError:
            raise _error(file, name, f"{value!r} is not a number") from None
    return [v.strip() for v in value.split(",")] if kind.startswith(_LISTS) else value


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
        if isinstance(test, list) and test and isinstance(test[0], str):
            yield test[0]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _conditions(item, False)


def _depends_on(resource: Mapping[str, Any]) -> list[str]:
    value = resource.get("DependsOn") or []
    return [value] if isinstance(value, str) else list(value)


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
