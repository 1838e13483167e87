"""Which stacks of an application are each other's counterparts in different Regions.

Stacks of one template are; so are stacks of separate templates whose names differ by the Region
only, or that have at least half of their resources in common.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, Protocol, TypeVar

from gameday.predict.side import REGION

ALIKE = 0.5


class Stack(Protocol):
    """What is asked of a stack."""

    @property
    def name(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def template(self) -> str: ...
    @property
    def resources(self) -> Mapping[str, Mapping[str, Any]]: ...


S = TypeVar("S", bound=Stack)


def counterparts(stacks: Sequence[S]) -> Iterator[tuple[S, ...]]:
    """Groups of two or more stacks, no two of them in one Region."""
    groups: list[list[S]] = []
    for stack in stacks:
        if not stack.region:  # nobody knows where it goes
            continue
        for group in groups:
            if stack.region not in {s.region for s in group} and _alike(group[0], stack):
                group.append(stack)
                break
        else:
            groups.append([stack])
    return (tuple(group) for group in groups if len(group) > 1)


def _alike(one: Stack, other: Stack) -> bool:
    if one.template == other.template:
        return True
    named = [f"{PurePath(s.template).stem} {s.name}" for s in (one, other)]
    if any(map(REGION.search, named)) and len({REGION.sub("", text) for text in named}) == 1:
        return True
    kinds = [{(i, str(r.get("Type"))) for i, r in s.resources.items()} for s in (one, other)]
    most = max(map(len, kinds))
    return most > 0 and len(kinds[0] & kinds[1]) >= ALIKE * most
