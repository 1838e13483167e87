"""Refuses to change a resource whose owners did not opt in with the target's tag."""

from __future__ import annotations

from collections.abc import Mapping

from gameday.guard.answer import Answer, passed, refused

DEFAULT = ("ChaosAllowed", "true")


def judge(tag: tuple[str, str], tags: Mapping[str, Mapping[str, str]]) -> Answer:
    """Passed when every resource carries the tag; `tags` is, by ARN, what each one carries."""
    key, value = tag
    missing = sorted(arn for arn, carried in tags.items() if carried.get(key) != value)
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        return refused(f"{_named(missing[0])}{more} lacks the tag {key}={value} that opts in")
    return passed(f"{len(tags)} resources carry {key}={value}")


def _named(arn: str) -> str:
    """An ARN's own part: `function:shop-read in us-east-1`."""
    parts = arn.split(":", 5)
    if len(parts) < 6:  # no resource, but a setting of none
        return arn
    return f"{parts[5]} in {parts[3]}" if parts[3] else parts[5]
