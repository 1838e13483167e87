"""The catalogue of resource types the lab can create: one file per service, one function per type.

A handler takes a `Resource` and returns what it `Made`. It names the attributes that GetAtt may
ask for, so that a wrong one is found before anything is created.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from gameday.lab.template.resource import Made, Resource

Create = Callable[[Resource], Made]


@dataclass(frozen=True, slots=True)
class Handler:
    """How one type of resource is created, and what GetAtt may ask of it."""

    create: Create
    attributes: frozenset[str]


CATALOGUE: dict[str, Handler] = {}


def handles(resource_type: str, *attributes: str) -> Callable[[Create], Create]:
    """Enter the decorated function into the catalogue for `resource_type`."""

    def enter(create: Create) -> Create:
        assert resource_type not in CATALOGUE, resource_type
        CATALOGUE[resource_type] = Handler(create, frozenset(attributes))
        return create

    return enter


for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
