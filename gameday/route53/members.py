"""Members of AWS's JSON, each read as the kind that it has to be; null counts as absent.

Numbers and truths may be text, as templates and some exporters write them. What is something else
is a ValueError in words for people that name the member; who reads names the thing it belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any, TypeVar

Json = Mapping[str, Any]
T = TypeVar("T")

TRUTHS = {True: True, False: False, "true": True, "false": False, "True": True, "False": False}
SHOWN_MAX = 40  # characters of a value that a message shows


def text(item: Json, name: str, most: int = 255) -> str | None:
    """The text; None when absent or empty."""
    value = item.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"{name} is {shown(value)}, but must be text")
    if not value.isascii() and re.search("[\ud800-\udfff]", value):
        raise ValueError(f"{name} is {shown(value)}, but must be text")
    if len(value) > most:
        raise ValueError(f"{name} is {shown(value)}, longer than {most} characters")
    return value or None


def one_of(item: Json, name: str, allowed: Collection[str]) -> str | None:
    """The text, which is one of `allowed`; None when absent or empty."""
    found = text(item, name)
    if found is not None and found not in allowed:
        raise ValueError(f"{name} is {shown(found)}, not one of {', '.join(allowed)}")
    return found


def number(item: Json, name: str, least: int, most: int) -> int | None:
    """The whole number within `least` and `most`; None when absent."""
    value = item.get(name)
    if value is None:
        return None
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if isinstance(value, bool) or not (
        is_whole or (isinstance(value, str) and re.fullmatch(r"[-+]?[0-9]{1,15}", value))
    ):
        raise ValueError(f"{name} is {shown(value)}, not a whole number")
    if not least <= int(value) <= most:
        raise ValueError(f"{name} is {shown(value)}, not within {least} to {most}")
    return int(value)


def truth(item: Json, name: str, default: bool = False) -> bool:
    """True or false."""
    value = item.get(name)
    if value is None:
        return default
    if isinstance(value, bool | str) and value in TRUTHS:
        return TRUTHS[value]
    raise ValueError(f"{name} is {shown(value)}, neither true nor false")


def body(item: Json, name: str) -> Json | None:
    """The object; None when absent or empty."""
    value = item.get(name)
    if value is not None and not isinstance(value, Mapping):
        raise ValueError(f"{name} is {shown(value)}, but must be an object")
    return value or None


def bodies(item: Json, name: str) -> list[Json]:
    """The list of objects; empty when absent."""
    value = item.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise ValueError(f"{name} is {shown(value)}, but must be a list of objects")
    return value


def texts(item: Json, name: str) -> tuple[str, ...]:
    """The list of texts; empty when absent."""
    value = item.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise ValueError(f"{name} is {shown(value)}, but must be a list of texts")
    return tuple(value)


def needed(found: T | None, name: str) -> T:
    """`found`, which may not be absent."""
    if found is None:
        raise ValueError(f"{name} is missing")
    return found


def shown(value: object) -> str:
    """A value in a message: on one line, and short."""
    line = " ".join(f"{value if isinstance(value, str) else repr(value)}".split())
    line = "".join(c if c.isprintable() else "?" for c in line)
    return (line if len(line) <= SHOWN_MAX else line[:SHOWN_MAX] + "...") or "empty"
