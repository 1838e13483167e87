"""Which resource of an API a path means: the most specific one, as API Gateway decides it.

In each segment a literal goes before `{name}`, and `{name+}` takes all that is left, at least one
segment. The resource is chosen first and the method afterwards, so a method that the chosen
resource lacks is refused even where a greedy sibling has it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

Integration = Mapping[str, Any]


@dataclass(slots=True)
class Resource:
    """One path of an API, e.g. `/items/{id}`, and what each method of it does."""

    path: str
    id: str
    methods: dict[str, Integration] = field(default_factory=dict)

    def integration(self, method: str) -> Integration | None:
        """What `method` does here; `ANY` stands for every method not named."""
        return self.methods.get(method) or self.methods.get("ANY")


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    variable: tuple[str, _Node] | None = None
    greedy: tuple[str, Resource] | None = None
    resource: Resource | None = None


Match = tuple[Resource, dict[str, str]]


class Routes:
    """The resources of one API."""

    def __init__(self, routes: Iterable[Mapping[str, Any]]) -> None:
        self._root = _Node()
        self._default: Resource | None = None
        for route in routes:
            resource = self._resource(route["path"])
            resource.methods[route["method"].upper()] = route["integration"]

    def find(self, path: str, method: str | None = None) -> Match | None:
        """The resource that `path` (still percent-encoded) means, with its decoded parameters.

        With `method` only resources that have it count, as in HTTP APIs, whose `$default` takes
        what no other route does.
        """
        segments = [unquote(s) for s in path.split("/")[1:]]
        if segments and segments[-1] == "":
            segments.pop()
        found = _descend(self._root, segments, 0, method)
        return found or ((self._default, {}) if self._default else None)

    def _resource(self, path: str) -> Resource:
        if path == "$default":
            self._default = self._default or _new_resource(path)
            return self._default
        node = self._root
        for segment in path.strip("/").split("/"):
            if segment.startswith("{") and segment.endswith("+}"):
                if node.greedy is None:
                    node.greedy = (segment[1:-2], _new_resource(path))
                return node.greedy[1]
            if segment.startswith("{") and segment.endswith("}"):
                if node.variable is None:
                    node.variable = (segment[1:-1], _Node())
                node = node.variable[1]
            elif segment:
                node = node.literals.setdefault(segment, _Node())
        if node.resource is None:
            node.resource = _new_resource(path)
        return node.resource


def _new_resource(path: str) -> Resource:
    return Resource(path, hashlib.sha256(path.encode()).hexdigest()[:6])


def _descend(node: _Node, segments: list[str], at: int, method: str | None) -> Match | None:
    if at == len(segments):
        return (node.resource, {}) if node.resource and _has(node.resource, method) else None
    literal = node.literals.get(segments[at])
    if literal and (found := _descend(literal, segments, at + 1, method)):
        return found
    if node.variable:
        name, child = node.variable
        if found := _descend(child, segments, at + 1, method):
            return found[0], {name: segments[at], **found[1]}
    if node.greedy and _has(node.greedy[1], method):
        name, resource = node.greedy
        return resource, {name: "/".join(segments[at:])}
    return None


def _has(resource: Resource, method: str | None) -> bool:
    return method is None or resource.integration(method) is not None
