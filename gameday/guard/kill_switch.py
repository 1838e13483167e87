"""Refuses while anybody has set a kill switch: a file, an SSM parameter, the FIS safety lever.

The file is the project's, the parameter can be set from any machine, the lever is AWS FIS's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gameday import kill_switch
from gameday.errors import Refused
from gameday.guard.answer import Answer, passed, refused

FILE = Path(".gameday", "kill-switch")
"""A file in the project: while it is there nothing is injected. What it says is the reason."""


@dataclass(frozen=True, slots=True)
class Switches:
    """What each switch says: a file's and a parameter's text, the lever's state by Region."""

    parameter: str  # its name
    values: Mapping[str, str | None]  # by Region; None: there is no such parameter
    levers: Mapping[str, str]  # by Region: disengaged, engaging or engaged


def refuse_killed(project: Path) -> None:
    """Return if the file is not there.

    :raises Refused: it is, or nobody can tell.
    """
    try:
        reason = (project / FILE).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return
    except OSError as e:
        raise Refused(f"the kill switch {FILE} cannot be read: {e.strerror}") from e
    said = " ".join(reason.split())
    raise Refused(f"the kill switch {FILE} is set{f' ({said})' if said else ''}; remove it")


def judge(found: Switches) -> Answer:
    """Refused if one of them is set."""
    for region, value in found.values.items():
        if kill_switch.is_set(value):
            return refused(
                f"the kill switch {found.parameter} in {region} is set ({value}); "
                "`gameday stop --target FILE --release` releases it"
            )
    for region, state in found.levers.items():
        if state != "disengaged":
            return refused(f"the AWS FIS safety lever in {region} is {state}")
    return passed(f"{found.parameter} is not set in {', '.join(found.values) or 'any Region'}")
