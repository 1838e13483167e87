"""CloudFormation's intrinsic functions and conditions, resolved against one stack's values.

Pure: `references` says what a value needs before anything exists; `Scope.resolve` computes it once
that exists. Numbers and booleans inside text are rendered as CloudFormation does (`true`).
"""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gameday.errors import TemplateError

LANGUAGE_EXTENSIONS = ("Fn::ForEach", "Fn::Length", "Fn::ToJsonString")

_HOLE = re.compile(r"\$\{([^}]*)\}")


class _NoValue:
    """`AWS::NoValue`: removes the key or the item it stands for."""

    def __repr__(self) -> str:
        return "AWS::NoValue"


NO_VALUE = _NoValue()


@dataclass(frozen=True, slots=True)
class Use:
    """One mention of a parameter, a pseudo parameter or a resource (`attribute` None: Ref)."""

    name: str
    attribute: str | None = None


def references(value: Any) -> Iterator[Use]:
    """Everything that `value` refers to by Ref, GetAtt or Sub.

    :raises TemplateError: a function nobody knows, or one written the wrong way.
    """
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        name = _function(value)
        if name == "Ref":
            yield Use(str(value["Ref"]))
        elif name == "Fn::GetAtt":
            yield Use(*_attribute(value["Fn::GetAtt"]))
        elif name == "Fn::Sub":
            text, local = _sub(value["Fn::Sub"])
            yield from references(local)
            for hole in _HOLE.findall(text):
                if not hole.startswith("!") and hole not in local:
                    yield _hole_use(hole)
        else:
            for item in value.values():
                yield from references(item)


@dataclass(slots=True)
class Scope:
    """The values one stack's intrinsics are resolved against."""

    parameters: Mapping[str, Any]  # with the pseudo parameters
    mappings: Mapping[str, Any] = field(default_factory=dict)
    conditions: Mapping[str, Any] = field(default_factory=dict)
    exports: Mapping[str, str] = field(default_factory=dict)
    made: Callable[[str, str | None], Any] = lambda name, attribute: _missing(name)

    def resolve(self, value: Any) -> Any:
        """`value` without intrinsics; `NO_VALUE` where all of it vanishes.

        :raises TemplateError: a key, index, export or condition that does not exist.
        """
        if isinstance(value, list):
            return [v for v in map(self.resolve, value) if v is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        name = _function(value)
        if name is None:
            members = ((k, self.resolve(v)) for k, v in value.items())
            return {k: v for k, v in members if v is not NO_VALUE}
        try:
            return FUNCTIONS[name](self, value[name])
        except (ValueError, TypeError, KeyError, IndexError) as e:
            raise TemplateError(f"{name} is written the wrong way: {value[name]!r}") from e

    def holds(self, condition: str) -> bool:
        """Whether the condition of that name holds."""
        if not isinstance(condition, str) or condition not in self.conditions:
            raise TemplateError(f"there is no condition {condition!r}")
        return self.truth(self.conditions[condition])

    def truth(self, value: Any) -> bool:
        """The truth of a condition's body."""
        resolved = self.resolve(value)
        return resolved if isinstance(resolved, bool) else text(resolved) == "true"

    def lookup(self, name: str, attribute: str | None = None) -> Any:
        """What Ref (or GetAtt) of `name` gives."""
        if name == "AWS::NoValue":
            return NO_VALUE
        if attribute is None and name in self.parameters:
            return self.parameters[name]
        return self.made(name, attribute)


def text(value: Any) -> str:
    """A scalar as CloudFormation writes it into text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _missing(name: str) -> Any:
    raise TemplateError(f"nothing is called {name!r}")


def _function(value: Mapping[str, Any]) -> str | None:
    """The intrinsic that a mapping is, or None for an ordinary mapping."""
    if len(value) != 1:
        return None
    name = next(iter(value))
    if name in FUNCTIONS:
        return str(name)
    if isinstance(name, str) and name.startswith(LANGUAGE_EXTENSIONS):
        raise TemplateError(f"{name} needs the transform AWS::LanguageExtensions, which the lab "
                            "does not carry out")  # fmt: skip
    if isinstance(name, str) and name.startswith("Fn::"):
        raise TemplateError(f"the intrinsic function {name} is not supported")
    return None


def _attribute(value: Any) -> tuple[str, str]:
    parts = value.split(".", 1) if isinstance(value, str) else value
    if not isinstance(parts, list) or len(parts) != 2 or not all(isinstance(p, str) for p in parts):
        raise TemplateError("Fn::GetAtt takes a logical id and the name of an attribute")
    return parts[0], parts[1]


def _sub(value: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(value, str):
        return value, {}
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str):
        return value[0], dict(value[1])
    raise TemplateError("Fn::Sub takes a text, or a list of a text and a mapping")


def _hole_use(hole: str) -> Use:
    name, dot, attribute = hole.strip().partition(".")
    return Use(name, attribute if dot else None)


def _resolve_sub(scope: Scope, value: Any) -> str:
    template, local = _sub(value)

    def fill(match: re.Match[str]) -> str:
        hole = match.group(1)
        if hole.startswith("!"):
            return "${" + hole[1:] + "}"
        if hole in local:
            return text(scope.resolve(local[hole]))
        use = _hole_use(hole)
        return text(scope.lookup(use.name, use.attribute))

    return _HOLE.sub(fill, template)


def _join(scope: Scope, value: Any) -> str:
    separator, items = value
    return str(separator).join(text(v) for v in scope.resolve(items))


def _select(scope: Scope, value: Any) -> Any:
    index, items = scope.resolve(value)
    try:
        return items[int(index)]
    except IndexError:
        raise TemplateError(f"Fn::Select: there is no item {index} among {len(items)}") from None


def _split(scope: Scope, value: Any) -> list[str]:
    separator, whole = scope.resolve(value)
    return text(whole).split(separator)


def _if(scope: Scope, value: Any) -> Any:
    condition, yes, no = value
    return scope.resolve(yes if scope.holds(condition) else no)


def _find_in_map(scope: Scope, value: Any) -> Any:
    name, first, second = (text(v) for v in scope.resolve(value))
    try:
        return scope.mappings[name][first][second]
    except KeyError:
        raise TemplateError(f"Fn::FindInMap: there is no {name}.{first}.{second}") from None


def _import(scope: Scope, value: Any) -> str:
    name = text(scope.resolve(value))
    if name not in scope.exports:
        raise TemplateError(f"Fn::ImportValue: no stack deployed before exports {name!r}")
    return scope.exports[name]


def _cidr(scope: Scope, value: Any) -> list[str]:
    block, count, bits = (*scope.resolve(value), 8)[:3]
    network = ipaddress.ip_network(text(block))
    subnets = network.subnets(new_prefix=network.max_prefixlen - int(bits))
    return [str(net) for net, _ in zip(subnets, range(int(count)), strict=False)]


def _equals(scope: Scope, value: Any) -> bool:
    left, right = scope.resolve(value)
    return text(left) == text(right)


def _condition(scope: Scope, value: Any) -> Any:
    """A condition by name; under the same key a policy statement has a mapping of its own."""
    return scope.holds(value) if isinstance(value, str) else {"Condition": scope.resolve(value)}


FUNCTIONS: dict[str, Callable[[Scope, Any], Any]] = {
    "Ref": lambda scope, v: scope.lookup(str(v)),
    "Condition": lambda scope, v: (
        scope.holds(v) if isinstance(v, str) else {"Condition": scope.resolve(v)}
    ),
    "Fn::GetAtt": lambda scope, v: scope.lookup(*_attribute(v)),
    "Fn::Sub": _resolve_sub,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::If": _if,
    "Fn::FindInMap": _find_in_map,
    "Fn::ImportValue": _import,
    "Fn::Base64": lambda scope, v: base64.b64encode(text(scope.resolve(v)).encode()).decode(),
    "Fn::Cidr": _cidr,
    "Fn::GetAZs": lambda scope, v: [
        f"{text(scope.resolve(v)) or scope.parameters['AWS::Region']}{zone}" for zone in "abc"
    ],
    "Fn::Equals": _equals,
    "Fn::Not": lambda scope, v: not scope.truth(v[0]),
    "Fn::And": lambda scope, v: all(scope.truth(c) for c in v),
    "Fn::Or": lambda scope, v: any(scope.truth(c) for c in v),
}
"""Every intrinsic function there is here; `Fn::Transform` is `gameday/templates.py`'s."""
