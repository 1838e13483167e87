"""What AWS refuses by the shape of a request alone: the constraints of botocore's service model.

Clients check few of them: a value out of an enum, a text that is too long or a number that is too
large reaches the service, which answers with the list that `problems` makes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

IDS = ("ResourceId", "ChangeId")
"""May come as a path (`/hostedzone/Z123`); the limit is on the id."""


def refusal(shape: Any, params: Mapping[str, Any]) -> str | None:
    """Why the parameters of a call do not fit its input `shape`; None when they do.

    The wording is AWS's: `2 validation errors detected: Value '...' at '...' failed to ...`.
    """
    found = list(problems(shape, params, ""))
    if not found:
        return None
    errors = "error" if len(found) == 1 else "errors"
    return f"{len(found)} validation {errors} detected: " + "; ".join(found)


def problems(shape: Any, value: Any, place: str) -> Iterator[str]:
    """Each constraint that `value` breaks; `place` is its path, of names that begin small."""
    if shape.type_name == "structure":
        yield from _members(shape, value, place)
        return
    if shape.type_name == "list":
        yield from _size(shape, len(value), value, place, "length")
        for number, item in enumerate(value, 1):
            yield from problems(shape.member, item, f"{place}.{number}.member")
        return
    if shape.type_name in ("integer", "long"):
        yield from _size(shape, int(value), value, place, "value")
    elif shape.type_name == "string":
        text = value.rpartition("/")[2] if shape.name in IDS else value
        yield from _size(shape, len(text), value, place, "length")
        allowed = getattr(shape, "enum", None)
        if allowed and value not in allowed:
            yield _broken(value, place, f"satisfy enum value set: [{', '.join(allowed)}]")


def _members(shape: Any, value: Mapping[str, Any], place: str) -> Iterator[str]:
    for name, member in shape.members.items():
        path = f"{place}.{name[:1].lower()}{name[1:]}".lstrip(".")
        if value.get(name) is not None:
            yield from problems(member, value[name], path)
        elif name in shape.required_members:
            yield _broken(None, path, "not be null")


def _size(shape: Any, size: int, value: object, place: str, what: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield _broken(value, place, f"have {what} greater than or equal to {least}")
    if most is not None and size > most:
        yield _broken(value, place, f"have {what} less than or equal to {most}")


def _broken(value: object, place: str, must: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    if isinstance(value, list):
        shown = f"'[{len(value)} members]'"
    return f"Value {shown} at '{place}' failed to satisfy constraint: Member must {must}"
