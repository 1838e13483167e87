"""A rollback that does not reverse the method's action gives false comfort."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import ExperimentSubject, Hit, called

OPPOSITES = {
    "disable": ("enable",), "cut": ("heal", "restore"), "pause": ("resume",),
    "fail": ("restore", "mend", "heal"),
    "create": ("delete",), "stop": ("start",), "detach": ("attach",), "deny": ("allow",),
}  # fmt: skip
SEVERITY = "warning"
ABOUT = "experiment"
REMEDY = "Let the rollbacks call the opposite of each action on the same thing."
SOURCE = "Chaos Toolkit: The experiment"
FAILING = """\
method:
- type: action
  name: lose
  provider: {type: python, module: gameday.actions.region, func: disable_region, timeout: 9}
rollbacks:
- type: action
  name: back
  provider: {type: python, module: gameday.actions.region, func: enable_bucket, timeout: 9}
"""
PASSING = """\
method:
- type: action
  name: lose
  provider: {type: python, module: gameday.actions.region, func: disable_region, timeout: 9}
rollbacks:
- type: action
  name: back
  provider: {type: python, module: gameday.actions.region, func: enable_region, timeout: 9}
"""


def check(subject: ExperimentSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    undone = {func for _, func in subject.calls("rollbacks")}
    for activity, func in subject.calls("method"):
        verb, _, noun = func.partition("_")
        wanted = {f"{back}_{noun}" for back in OPPOSITES.get(verb, ())}
        if wanted and undone and not wanted & undone:
            yield Hit(called(activity), f"no rollback calls {' or '.join(sorted(wanted))}")
