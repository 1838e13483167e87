"""The kinds of settings that an undo journal can hold, and their form as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from gameday.undo.replication import Replication
from gameday.undo.setting import Concurrency, Cut, Inverted, Setting, Variable

_KINDS: dict[str, type[Setting]] = {
    kind.kind: kind for kind in (Concurrency, Inverted, Variable, Replication, Cut)
}


def to_json(setting: Setting) -> dict[str, Any]:
    """What the undo journal holds of a setting."""
    return {"kind": setting.kind, **asdict(setting)}


def from_json(held: dict[str, Any]) -> Setting:
    """The setting that `to_json` wrote."""
    members: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in held.items() if k != "kind"
    }
    return _KINDS[held["kind"]](**members)
