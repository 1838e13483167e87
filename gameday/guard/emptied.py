"""Refuses to take a Region away that clients still use, where an evacuation was to empty it first.

Asked by the action itself, in the middle of a method: Chaos Toolkit goes on when a probe there is
out of tolerance.
"""

from __future__ import annotations

from gameday import clock
from gameday.clock import Clock
from gameday.errors import Refused
from gameday.journal import read_events
from gameday.probes.load_log import run_dir, settled_until
from gameday.settings import Target

WINDOW_S = 10.0


def refuse_occupied(target: Target, region: str, below_pct: float) -> None:
    """Return if less than `below_pct` of the load's last 10 AWS seconds reached `region`.

    :raises Refused: more did, or no load tells.
    :raises RunError: this is no run.
    """
    until = settled_until(clock.now(), target.speed)
    since = until - Clock(target.speed).wall(WINDOW_S)
    rows = [
        row
        for event in read_events(run_dir())
        if event["kind"] == "load.window" and since <= event["at"] < until
        for row in event["rows"]
    ]
    total = sum(row["count"] for row in rows)
    if not total:
        raise Refused(f"nobody can tell whether {region} is empty: no load in this run")
    share_pct = 100.0 * sum(r["count"] for r in rows if r["region"] == region) / total
    if share_pct >= below_pct:
        raise Refused(
            f"{region} is not empty: {share_pct:.1f} % of the requests still reach it, and less "
            f"than {below_pct:g} % may"
        )
