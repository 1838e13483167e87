"""What the owners of a target allow, as its env file says it, and what this run was told beside.

The names are listed in docs/guards.md. A run's own words (who approved, what is confirmed) may
not stand in a target file: they would confirm every run there ever is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gameday.errors import TargetError

OF_A_RUN = frozenset(
    {"GAMEDAY_CONFIRM", "GAMEDAY_APPROVED_BY", "GAMEDAY_WITHOUT_PREREQUISITES",
     "GAMEDAY_UNATTENDED"}
)  # fmt: skip
"""Said by options of `gameday run`, or exported for plain `chaos run`; never by a target file."""

OF_A_TARGET = frozenset(
    {"GAMEDAY_ALLOW", "GAMEDAY_CREDENTIALS", "GAMEDAY_OPT_IN_TAG", "GAMEDAY_HOURS",
     "GAMEDAY_TIME_ZONE", "GAMEDAY_BLACKOUT", "GAMEDAY_RUNS_PER_DAY_MAX",
     "GAMEDAY_DAYS_BETWEEN_RUNS", "GAMEDAY_KILL_SWITCH", "GAMEDAY_RUNNER_REGION",
     "GAMEDAY_REPORT_BUCKET", "GAMEDAY_ANNOUNCE"}
)  # fmt: skip

OUTSIDE = "outside"
"""GAMEDAY_RUNNER_REGION of a runner that is in no AWS Region."""

ROUTE_53 = "route53"
"""Stands for a Region's name where credentials of the hosted zone's account are meant."""

_PLACE = re.compile(rf"\d{{12}}:(?:[a-z]{{2,4}}(?:-[a-z]+)+-\d|{ROUTE_53})")


@dataclass(frozen=True, slots=True)
class Limits:
    """Where, when and how often anything may be broken, and by whose word."""

    allow: tuple[str, ...]  # ACCOUNT:REGION, each a place where settings may be changed
    credentials: Mapping[str, str]  # Region: the ARN of a role to assume, or an AWS profile
    opt_in_tag: tuple[str, str] | None  # what is changed must carry this tag
    hours: str | None  # Mon-Thu/09:00-16:00,Fri/09:00-12:00
    time_zone: str
    blackout: str | None  # 2026-12-20..2027-01-06,2026-11-27
    runs_per_day_max: int | None
    days_between_runs: float | None  # of one experiment
    kill_switch: str | None  # name of the SSM parameter, where it is not the usual one
    runner_region: str | None  # where this runs: a Region, or `outside`
    report_bucket: str | None
    announce: tuple[str, ...]  # webhook:..., slack:..., sns:..., events:...
    confirm: tuple[str, ...]  # ACCOUNT:REGION that this run may hit, and must hit
    approved_by: str | None
    without_prerequisites: str | None  # why
    unattended: bool


def limits(environ: Mapping[str, str]) -> Limits:
    """The limits that an environment describes.

    :raises TargetError: a value is not of its kind; the name says which.
    """
    get = environ.get
    return Limits(
        allow=_places(environ, "GAMEDAY_ALLOW"),
        credentials=_pairs(environ, "GAMEDAY_CREDENTIALS"),
        opt_in_tag=_tag(get("GAMEDAY_OPT_IN_TAG")),
        hours=get("GAMEDAY_HOURS") or None,
        time_zone=get("GAMEDAY_TIME_ZONE") or "UTC",
        blackout=get("GAMEDAY_BLACKOUT") or None,
        runs_per_day_max=_whole(environ, "GAMEDAY_RUNS_PER_DAY_MAX"),
        days_between_runs=_number(environ, "GAMEDAY_DAYS_BETWEEN_RUNS"),
        kill_switch=get("GAMEDAY_KILL_SWITCH") or None,
        runner_region=get("GAMEDAY_RUNNER_REGION") or None,
        report_bucket=get("GAMEDAY_REPORT_BUCKET") or None,
        announce=_list(get("GAMEDAY_ANNOUNCE")),
        confirm=_places(environ, "GAMEDAY_CONFIRM"),
        approved_by=get("GAMEDAY_APPROVED_BY") or None,
        without_prerequisites=get("GAMEDAY_WITHOUT_PREREQUISITES") or None,
        unattended=bool(get("GAMEDAY_UNATTENDED")),
    )


def _list(text: str | None) -> tuple[str, ...]:
    return tuple(one for one in (text or "").split(",") if one)


def _places(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    found = _list(environ.get(name))
    for place in found:
        if not _PLACE.fullmatch(place):
            raise TargetError(f"{name}: {place!r} is not ACCOUNT:REGION, 123456789012:us-east-1")
    return found


def _pairs(environ: Mapping[str, str], name: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for item in _list(environ.get(name)):
        region, _, who = item.partition("=")
        if not region or not who or region in pairs:
            raise TargetError(f"{name}: {item!r} is not REGION=ROLE-ARN or REGION=PROFILE, once")
        pairs[region] = who
    return pairs


def _tag(text: str | None) -> tuple[str, str] | None:
    if not text:
        return None
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise TargetError(f"GAMEDAY_OPT_IN_TAG={text!r} is not KEY=VALUE")
    return key, value


def _number(environ: Mapping[str, str], name: str) -> float | None:
    text = environ.get(name)
    if not text:
        return None
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        raise TargetError(f"{name}={text!r} is not a number of 0 or more")
    return float(text)


def _whole(environ: Mapping[str, str], name: str) -> int | None:
    found = _number(environ, name)
    if found is not None and found != int(found):
        raise TargetError(f"{name}={environ[name]!r} is not a whole number")
    return None if found is None else int(found)
