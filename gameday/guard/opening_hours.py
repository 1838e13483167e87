"""Refuses outside the target's hours and on its blackout dates.

GAMEDAY_HOURS is a list of `Mon-Thu/09:00-16:00`, in GAMEDAY_TIME_ZONE; GAMEDAY_BLACKOUT a list of
dates, or of first and last days `2026-12-20..2027-01-06`. The whole run must fit: a run that may
last until after closing does not begin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gameday.errors import TargetError
from gameday.guard.answer import Answer, not_asked, passed, refused

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS = re.compile(r"([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))?/(\d\d:\d\d)-(\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Hours:
    """On which weekdays (0 is Monday), from when to when."""

    days: frozenset[int]
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Calendar:
    """When anything may be broken."""

    zone: ZoneInfo
    hours: tuple[Hours, ...]  # none: at any time
    blackout: tuple[tuple[date, date], ...]  # first and last days


def calendar(hours: str | None, time_zone: str, blackout: str | None) -> Calendar:
    """The calendar that three settings describe.

    :raises TargetError: one of them is not of its form, or no such time zone is known.
    """
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as e:
        raise TargetError(f"GAMEDAY_TIME_ZONE: no time zone {time_zone!r}; UTC is one") from e
    return Calendar(
        zone,
        tuple(_hours(part) for part in (hours or "").split(",") if part),
        tuple(_span(part) for part in (blackout or "").split(",") if part),
    )


def _hours(text: str) -> Hours:
    found = _HOURS.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
        opens, closes = time.fromisoformat(found[3]), time.fromisoformat(found[4])
    except ValueError:
        raise TargetError(f"GAMEDAY_HOURS: {text!r} is not like Mon-Thu/09:00-16:00") from None
    if first > last or opens >= closes:
        raise TargetError(f"GAMEDAY_HOURS: {text!r} ends before it begins")
    return Hours(frozenset(range(first, last + 1)), opens, closes)


def _span(text: str) -> tuple[date, date]:
    first, _, last = text.partition("..")
    try:
        span = date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError:
        raise TargetError(
            f"GAMEDAY_BLACKOUT: {text!r} is not like 2026-11-27 or 2026-12-20..2027-01-06"
        ) from None
    if span[0] > span[1]:
        raise TargetError(f"GAMEDAY_BLACKOUT: {text!r} ends before it begins")
    return span


def judge(when: Calendar, at: float, until: float, *, unattended: bool) -> Answer:
    """Passed when the run, `at` to `until` in unix seconds, lies within the hours of one day.

    `unattended`, on AWS, there must be hours: nobody is there to know better.
    """
    begin = datetime.fromtimestamp(at, UTC).astimezone(when.zone)
    end = datetime.fromtimestamp(until, UTC).astimezone(when.zone)
    for first, last in when.blackout:
        if first <= end.date() and begin.date() <= last:
            return refused(f"blackout from {first} to {last} ({when.zone.key})")
    if not when.hours:
        if unattended:
            return refused("an unattended run needs GAMEDAY_HOURS")
        return passed("at any time") if when.blackout else not_asked("no hours, no blackout")
    today = [h for h in when.hours if begin.weekday() in h.days]
    for h in today:
        if h.opens <= begin.time() and end.date() == begin.date() and end.time() <= h.closes:
            return passed(f"until {end:%H:%M}; open until {h.closes:%H:%M} {when.zone.key}")
    offered = ", ".join(f"{h.opens:%H:%M} to {h.closes:%H:%M}" for h in today) or "closed"
    return refused(
        f"it may last from {begin:%a %H:%M} to {end:%H:%M} ({when.zone.key}), and "
        f"{begin:%A} is {offered}"
    )
