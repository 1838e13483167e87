"""What a reference to a function means: its name, a version, or an alias that chooses one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LATEST = "$LATEST"


def split(reference: str) -> tuple[str, str | None]:
    """`(name, qualifier)` of a function name, a partial ARN or an ARN (API page "Invoke")."""
    parts = reference.split(":")
    if "function" in parts:
        parts = parts[parts.index("function") + 1 :]
    return parts[0], parts[1] if len(parts) > 1 else None


def version_of(alias: Mapping[str, Any], chance: float) -> str:
    """The version that an alias leads to, for a `chance` drawn from 0 to 1.

    An additional version gets its weight's share, the alias' own version the rest (page
    "Implement Lambda canary deployments using a weighted alias").
    """
    for version, weight in sorted((alias.get("weights") or {}).items()):
        if chance < weight:
            return str(version)
        chance -= weight
    return str(alias["version"])


def resolve(name: str, qualifier: str | None, configuration: Mapping[str, Any],
            chance: float) -> str:  # fmt: skip
    """The key of what runs: `name` itself, or `name:VERSION`.

    :raises KeyError: the function has neither a version nor an alias of that name.
    """
    if qualifier in (None, LATEST):
        return name
    version = str(qualifier)
    if not version.isdigit():
        version = version_of(configuration["aliases"][version], chance)
    if version == LATEST:
        return name
    if version not in configuration["versions"]:
        raise KeyError(qualifier)
    return f"{name}:{version}"
