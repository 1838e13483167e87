"""What a handler is given: one resource with its properties resolved, and the lab's AWS API.

A property that no handler reads, or that the API does not know, is reported in `unread` and ends
in the list of what was left out. Nothing is skipped without a word.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from gameday.errors import TemplateError
from gameday.lab.template.intrinsics import text

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass(frozen=True, slots=True)
class Made:
    """What exists now: what Ref gives, and what GetAtt gives by attribute."""

    ref: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


class Api(Protocol):
    """The AWS endpoint: clients by service and Region."""

    def client(self, service: str, region: str) -> Any:
        """A boto3 client for the lab."""
        ...


@dataclass(slots=True)
class Work:
    """What one stack leaves for its end: record sets go out as one batch per zone."""

    record_sets: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    notes: set[str] = field(default_factory=set)
    code: dict[str, Path] = field(default_factory=dict)  # function -> its local folder or zip


@dataclass(slots=True)
class Resource:
    """One resource on its way into the lab."""

    logical_id: str
    type: str
    properties: Mapping[str, Any]
    stack: str
    region: str
    account: str
    folder: Path  # where the template lies; local code is relative to it
    cache_dir: Path
    api: Api
    work: Work
    unread: set[str] = field(init=False)

    def __post_init__(self) -> None:
        self.unread = set(self.properties)

    def take(self, name: str, default: Any = None) -> Any:
        """The property `name`, which counts as read."""
        self.unread.discard(name)
        return self.properties.get(name, default)

    def need(self, name: str) -> Any:
        """The property `name`.

        :raises TemplateError: the template does not give it.
        """
        value = self.take(name)
        if value is None:
            raise TemplateError(f"{self.type} needs the property {name}")
        return value

    def some(self, *names: str) -> dict[str, Any]:
        """Those of the properties `names` that are given."""
        return {n: self.take(n) for n in names if n in self.properties}

    def generated(self, limit: int = 255) -> str:
        """A name as CloudFormation makes them: `<stack>-<logical id>-<12 letters and digits>`.

        The same for the same stack, Region and logical id, so two labs with one seed are alike.
        """
        seed = f"{self.account}/{self.region}/{self.stack}/{self.logical_id}"
        number = int.from_bytes(hashlib.sha256(seed.encode()).digest())
        suffix = ""
        for _ in range(12):
            number, digit = divmod(number, len(_ALPHABET))
            suffix += _ALPHABET[digit]
        return f"{self.stack}-{self.logical_id}"[: limit - 13] + f"-{suffix}"

    def call(self, service: str, method: str, region: str | None = None, **given: Any) -> Any:
        """Call `client.method(**given)`, each value put into the kind that the API wants.

        CloudFormation writes `Threshold: "5"` and `EnableSNI: "true"`; boto3 would refuse both.
        Members may begin with a capital where the API has none.
        """
        client = self.api.client(service, region or self.region)
        operation = client.meta.method_to_api_mapping[method]
        shape = client.meta.service_model.operation_model(operation).input_shape
        wanted = fit(shape, given, "", self.unread.add)
        return getattr(client, method)(**wanted)


def tags_of(value: Any) -> dict[str, str]:
    """Tags as a mapping, from a list of Key and Value or from a mapping; booleans as `true`."""
    if isinstance(value, Mapping):
        return {k: text(v) for k, v in value.items()}
    return {tag["Key"]: text(tag["Value"]) for tag in value or ()}


def fit(shape: Any, value: Any, place: str, unknown: Callable[[str], None]) -> Any:
    """`value` in the form of a botocore shape; members it does not have go to `unknown`."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, Mapping):
        return _structure(shape, value, place, unknown)
    if kind == "list" and isinstance(value, (list, tuple)):
        return [fit(shape.member, v, place, unknown) for v in value]
    if kind == "map" and isinstance(value, Mapping):
        return {text(k): fit(shape.value, v, f"{place}.{k}", unknown) for k, v in value.items()}
    if isinstance(value, (Mapping, list, tuple, bytes)):
        return value
    return _scalar(kind, value, place)


def _structure(
    shape: Any, value: Mapping[str, Any], place: str, unknown: Callable[[str], None]
) -> dict[str, Any]:
    known = {name[:1].lower() + name[1:]: name for name in shape.members}
    fitted: dict[str, Any] = {}
    for name, item in value.items():
        member = known.get(name[:1].lower() + name[1:])
        inner = f"{place}.{name}" if place else name
        if member is None:
            unknown(inner)
        elif item is not None:
            fitted[member] = fit(shape.members[member], item, inner, unknown)
    return fitted


def _scalar(kind: str, value: Any, place: str) -> Any:
    try:
        if kind in ("integer", "long"):
            return int(value)
        if kind in ("float", "double"):
            return float(value)
    except (TypeError, ValueError):
        raise TemplateError(f"{place}: {value!r} is not a number") from None
    if kind == "boolean":
        return text(value).lower() == "true"
    return text(value) if kind == "string" else value
