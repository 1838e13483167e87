"""What a person is told before a run: what it changes, who runs it, until when."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from pathlib import Path

from gameday import clock, experiment, guard, plan, runner, settings
from gameday.commands.text import Narrator
from gameday.errors import GamedayError


def say_opening(file: Path, environ: Mapping[str, str], say: Narrator) -> None:
    """Say what the run is about to change, how that is undone without this tool, and by whom."""
    with runner.environment(environ):
        target = settings.current()
        try:
            found = plan.make(experiment.read(file))
        except GamedayError as e:  # the run will fail of the same, and have findings that say so
            say.say("changes", f"Nobody can tell what this will change: {e}")
            return
    until = guard.over_by(clock.now(), found.extension, found.fault_s_max, target.speed)
    approved = target.limits.approved_by
    say.say("changes", f"{found.headline} (undo: reports/latest/undo.sh)")
    say.say(
        "who",
        f"{getpass.getuser()}{f', approved by {approved}' if approved else ''}; "
        f"planned until {clock.utc(until)[11:16]} UTC",
    )
