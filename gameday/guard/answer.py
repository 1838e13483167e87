"""What a guard answers: it lets the run pass, refuses it with a reason, or was not asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Ruling(StrEnum):
    """The three answers there are."""

    PASSED = "passed"
    REFUSED = "refused"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class Answer:
    """A ruling, and in words what was found."""

    ruling: Ruling
    text: str


def passed(text: str) -> Answer:
    """What was asked holds."""
    return Answer(Ruling.PASSED, text)


def refused(reason: str) -> Answer:
    """The run may not begin; `reason` names the thing and, where there is one, the remedy."""
    return Answer(Ruling.REFUSED, reason)


def not_asked(why: str) -> Answer:
    """It does not apply to this target or this experiment."""
    return Answer(Ruling.NOT_ASKED, why)
