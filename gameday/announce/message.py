"""What is said of a run when it starts, is stopped and has ended; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gameday import clock

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """One announcement: lines for people, and the facts for machines."""

    kind: str  # started, stopped or ended
    title: str
    lines: tuple[str, ...]
    facts: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The whole of it, for people."""
        return "\n".join([self.title, *self.lines])


def started(run: Json, at: float, stop: str | None) -> Message:
    """`run` is what `run.json` says; `stop` a line that stops it from any machine."""
    stops = f"Stop it: gameday stop, where it runs{f'; from any machine: {stop}' if stop else ''}"
    return _message("started", run, at, "started", (_who(run), _until(run), stops), stop=stop)


def stopped(run: Json, at: float, reason: str) -> Message:
    """Somebody or something ended it before its time."""
    lines = (f"Why: {reason}", "Everything that it changed is being put back.")
    return _message("stopped", run, at, "was stopped", lines, reason=reason)


def ended(run: Json, at: float, findings: Json | None, put_back: Json | None) -> Message:
    """`findings` is what `findings.json` says, None where nobody computed them.

    `put_back` is the last event of that kind.
    """
    verdict = findings["verdict"] if findings else "no verdict"
    lines = [
        f"{verdict}: {findings['sentence']}" if findings else "No verdict: it has no findings."
    ]
    if put_back is not None:
        equal, of = put_back["equal"], put_back["settings"]
        lines.append(f"Put back: {equal} of {of} settings equal to before.")
        if equal != of:
            lines.append("Put back the rest: gameday rollback, or undo.sh of the run.")
    return _message("ended", run, at, f"ended: {verdict}", lines, verdict=verdict)


def _message(
    kind: str, run: Json, at: float, says: str, lines: tuple[str, ...] | list[str], **more: Any
) -> Message:
    names = ("id", "experiment", "title", "target", "region", "accounts", "who", "approved_by",
             "commit", "until")  # fmt: skip
    facts = {"kind": kind, "at": clock.utc(at), **{n: run.get(n) for n in names}, **more}
    place = " of ".join(str(p) for p in (run.get("region"), run.get("target")) if p)
    title = f"GameDay {says}: {run.get('title') or run.get('experiment')} ({place})"
    return Message(kind, title, tuple(lines), facts)


def _who(run: Json) -> str:
    approved = f", approved by {run['approved_by']}" if run.get("approved_by") else ""
    accounts = ", ".join(f"{account}:{place}" for place, account in run["accounts"].items())
    return f"Who: {run.get('who')}{approved}{f'; in {accounts}' if accounts else ''}"


def _until(run: Json) -> str:
    return f"Until: {clock.utc(run['until'])[:16].replace('T', ' ')} UTC, as planned"
