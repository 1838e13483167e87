"""Which facts let a run begin, and with which words is it refused? One table a guard."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gameday.errors import Refused, TargetError
from gameday.guard import (
    alarms,
    allow_list,
    confirmation,
    frequency,
    kill_switch,
    last_region,
    load_share,
    locations,
    opening_hours,
    opt_in,
    prerequisites,
    replication_lag,
    survivor_capacity,
)
from gameday.guard.answer import Answer, Ruling
from gameday.guard.history import DAY_S, Past
from gameday.guard.kill_switch import Switches
from gameday.guard.survivor_capacity import Concurrency

US, EU, AP = "us-east-1", "eu-west-1", "ap-south-1"
ACCOUNT, OTHER = "123456789012", "210987654321"
NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC).timestamp()  # a Monday


def says(answer: Answer, expected: str) -> None:
    """Check `passed`, `not asked`, or the words of a refusal."""
    if expected in ("passed", "not asked"):
        assert answer.ruling == expected, answer.text
    else:
        assert answer.ruling is Ruling.REFUSED
        assert expected in answer.text


# -- kill switch -------------------------------------------------------------------------------


def test_does_the_file_refuse_with_its_reason_and_also_when_it_cannot_be_read(
    tmp_path: Path,
) -> None:
    kill_switch.refuse_killed(tmp_path)
    file = tmp_path / ".gameday" / "kill-switch"
    file.parent.mkdir()
    file.write_text("release day,\nask Ada\n")
    with pytest.raises(Refused, match=r"not running: .* is set \(release day, ask Ada\)"):
        kill_switch.refuse_killed(tmp_path)
    file.unlink()
    file.mkdir()
    with pytest.raises(Refused, match="cannot be read"):
        kill_switch.refuse_killed(tmp_path)


@pytest.mark.parametrize(
    ("values", "levers", "expected"),
    [
        ({US: None, EU: None}, {}, "passed"),
        ({US: "off", EU: " OFF "}, {US: "disengaged"}, "passed"),
        ({}, {}, "passed"),
        ({US: None, EU: "stop, says Ada"}, {}, "in eu-west-1 is set (stop, says Ada)"),
        ({US: ""}, {}, "is set"),
        ({US: None}, {US: "disengaged", EU: "engaged"}, "safety lever in eu-west-1 is engaged"),
        ({US: None}, {US: "engaging"}, "safety lever in us-east-1 is engaging"),
    ],
)
def test_which_switch_refuses(values: dict, levers: dict, expected: str) -> None:
    says(kill_switch.judge(Switches("/gameday/shop/kill-switch", values, levers)), expected)


# -- where, and by whose word ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("allow", "accounts", "expected"),
    [
        ((f"{ACCOUNT}:{US}",), {US: ACCOUNT}, "passed"),
        ((), {US: ACCOUNT}, "allows no account"),
        ((f"{ACCOUNT}:{EU}",), {US: ACCOUNT}, f"{ACCOUNT}:{US} is not in GAMEDAY_ALLOW"),
        ((f"{OTHER}:{US}",), {US: ACCOUNT}, f"{ACCOUNT}:{US} is not in GAMEDAY_ALLOW"),
        ((f"{ACCOUNT}:{US}",), {US: ACCOUNT, "route53": OTHER}, f"{OTHER}:route53 is not"),
    ],
)
def test_is_the_account_and_region_on_the_list(allow: tuple, accounts: dict, expected: str) -> None:
    says(allow_list.judge(allow, accounts), expected)


@pytest.mark.parametrize(
    ("confirmed", "accounts", "unknown", "expected"),
    [
        ((f"{ACCOUNT}:{US}",), {US: ACCOUNT}, (), "passed"),
        ((), {US: ACCOUNT}, (), f"a dry run: nothing is changed without --confirm {ACCOUNT}:{US}"),
        ((f"{ACCOUNT}:{EU}",), {US: ACCOUNT}, (), "is not what would be hit"),
        ((f"{ACCOUNT}:{US}", f"{ACCOUNT}:{EU}"), {US: ACCOUNT}, (), f"--confirm {ACCOUNT}:{EU} is"),
        ((f"{ACCOUNT}:{US}",), {US: ACCOUNT, EU: OTHER}, (), f"{OTHER}:{EU} would be hit, too"),
        ((f"{ACCOUNT}:{US}",), {US: ACCOUNT}, ("tidy-up",), "nobody can tell what tidy-up would"),
    ],
)
def test_is_exactly_what_is_hit_confirmed(
    confirmed: tuple, accounts: dict, unknown: tuple, expected: str
) -> None:
    says(confirmation.judge(confirmed, accounts, unknown), expected)


FUNCTION = f"arn:aws:lambda:{US}:{ACCOUNT}:function:shop-read"


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({FUNCTION: {"ChaosAllowed": "true", "team": "a"}}, "passed"),
        ({FUNCTION: {}}, "function:shop-read in us-east-1 lacks the tag ChaosAllowed=true"),
        ({FUNCTION: {"ChaosAllowed": "false"}}, "lacks the tag"),
        (
            {FUNCTION: {"ChaosAllowed": "true"}, "arn:aws:route53:::healthcheck/h": {}},
            "healthcheck/h lacks",
        ),
        ({FUNCTION: {}, f"{FUNCTION}2": {}}, "and 1 more lacks"),
    ],
)
def test_did_the_owners_opt_in(tags: dict, expected: str) -> None:
    says(opt_in.judge(opt_in.DEFAULT, tags), expected)


@pytest.mark.parametrize(
    ("runner", "places", "expected"),
    [
        (EU, {}, "passed"),
        ("outside", {"the undo copy": (EU,), "the stop alarm a": (US, EU)}, "passed"),
        (None, {}, "set GAMEDAY_RUNNER_REGION"),
        (US, {}, "the runner is in us-east-1, which is to be lost"),
        (EU, {"the undo copy": (US,)}, "the undo copy is in us-east-1, which is to be lost"),
        (EU, {"the report bucket b": (US,)}, "the report bucket b is in us-east-1"),
        (EU, {"the stop alarm a": (US,)}, "the stop alarm a is in us-east-1"),
        (EU, {"the stop alarm a": ()}, "nobody can tell where the stop alarm a is"),
    ],
)
def test_does_what_must_survive_live_elsewhere(
    runner: str | None, places: dict, expected: str
) -> None:
    says(locations.judge(US, runner, places), expected)


# -- when, and how often -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "zone", "blackout", "lasts_s", "expected"),
    [
        (None, "UTC", None, 3600, "not asked"),
        ("Mon-Thu/09:00-16:00", "UTC", None, 3600, "passed"),
        ("Mon-Thu/09:00-11:00", "UTC", None, 3600, "Monday is 09:00 to 11:00"),
        ("Mon-Thu/09:00-11:00", "Europe/Berlin", None, 60, "Monday is 09:00 to 11:00"),
        ("Mon/08:00-09:00,Mon/10:00-12:00", "UTC", None, 3600, "passed"),
        ("Tue-Fri/09:00-16:00", "UTC", None, 60, "Monday is closed"),
        ("Mon-Fri/00:00-23:59", "America/Los_Angeles", None, 86400, "it may last from Mon 02:30"),
        ("Mon-Thu/09:00-16:00", "UTC", "2026-11-23", 60, "blackout from 2026-11-23"),
        (None, "UTC", "2026-11-20..2026-11-30", 60, "blackout from 2026-11-20 to 2026-11-30"),
        (None, "UTC", "2026-11-24..2026-11-30", 60, "passed"),
        (None, "UTC", "2026-11-24..2026-11-30", 86400, "blackout"),
        (None, "Pacific/Auckland", "2026-11-23", 60, "blackout"),
    ],
)
def test_is_it_open(
    hours: str | None, zone: str, blackout: str | None, lasts_s: float, expected: str
) -> None:
    when = opening_hours.calendar(hours, zone, blackout)
    says(opening_hours.judge(when, NOW, NOW + lasts_s, unattended=False), expected)


def test_does_an_unattended_run_need_hours() -> None:
    when = opening_hours.calendar(None, "UTC", None)
    says(opening_hours.judge(when, NOW, NOW, unattended=True), "needs GAMEDAY_HOURS")


@pytest.mark.parametrize(
    ("hours", "zone", "blackout", "named"),
    [
        ("9-17", "UTC", None, "GAMEDAY_HOURS: '9-17'"),
        ("Mon-Xyz/09:00-16:00", "UTC", None, "GAMEDAY_HOURS"),
        ("Mon/16:00-09:00", "UTC", None, "ends before it begins"),
        ("Mon/09:00-25:00", "UTC", None, "GAMEDAY_HOURS"),
        (None, "Middle/Earth", None, "no time zone 'Middle/Earth'"),
        (None, "../etc/passwd", None, "no time zone"),
        (None, "UTC", "Christmas", "GAMEDAY_BLACKOUT: 'Christmas'"),
        (None, "UTC", "2026-12-02..2026-12-01", "ends before it begins"),
    ],
)
def test_is_a_calendar_that_is_none_named(
    hours: str | None, zone: str, blackout: str | None, named: str
) -> None:
    with pytest.raises(TargetError, match=named.replace("/", ".")):
        opening_hours.calendar(hours, zone, blackout)


def past(name: str, days_ago: float, *, injected: bool = True, passed: bool = True) -> Past:
    return Past(name, US, NOW - days_ago * DAY_S, injected, passed)


@pytest.mark.parametrize(
    ("runs", "per_day_max", "days_between", "expected"),
    [
        ([past("a", 0.1)], None, None, "not asked"),
        ([past("a", 0.1)], 2, None, "passed"),
        ([past("a", 0.1), past("b", 0.9)], 2, None, "2 runs in the last 24 hours; at most 2"),
        ([past("a", 0.1), past("b", 1.1)], 2, None, "passed"),
        ([past("a", 0.1, injected=False), past("b", 0.2)], 2, None, "passed"),
        ([], 0, None, "at most 0 are allowed"),
        ([past("a", 3)], None, 7, "a last ran 3.0 days ago; 7 must lie between"),
        ([past("a", 8)], None, 7, "passed"),
        ([past("b", 3)], None, 7, "passed"),
    ],
)
def test_was_there_enough_time_since(
    runs: list, per_day_max: int | None, days_between: float | None, expected: str
) -> None:
    bounds = {"per_day_max": per_day_max, "days_between": days_between}
    says(frequency.judge(runs, "a", NOW, **bounds), expected)


LEFT, EMPTIED = "health-check-failure", "planned-evacuation"


@pytest.mark.parametrize(
    ("experiment", "stops", "runs", "override", "expected"),
    [
        (LEFT, False, [], None, "not asked"),
        (EMPTIED, True, [], None, f"{LEFT} did not pass"),
        (EMPTIED, True, [past(LEFT, 1)], None, "passed"),
        ("region-outage", True, [], None, f"{LEFT} and {EMPTIED} did not pass on this target"),
        ("region-outage", True, [past(LEFT, 1)], None, f"run {EMPTIED} first"),
        ("region-outage", True, [past(LEFT, 1), past(EMPTIED, 29)], None, "passed"),
        ("region-outage", True, [past(LEFT, 1), past(EMPTIED, 31)], None, f"{EMPTIED} did not"),
        ("region-outage", True, [past(LEFT, 1), past(EMPTIED, 2, passed=False)], None, "did not"),
        ("renamed", True, [past(LEFT, 1)], None, f"{EMPTIED} did not pass"),
        ("region-outage", True, [], "drill agreed", "passed"),
    ],
)
def test_was_the_region_left_on_purpose_before(
    experiment: str, stops: bool, runs: list, override: str | None, expected: str
) -> None:
    needed = prerequisites.needed(experiment, stops_serving=stops)
    says(prerequisites.judge(runs, needed, NOW, override), expected)


def test_is_an_override_told() -> None:
    needed = prerequisites.needed("region-outage", stops_serving=True)
    assert "overridden: drill agreed" in prerequisites.judge([], needed, NOW, "drill agreed").text


# -- the state of the application --------------------------------------------------------------


@pytest.mark.parametrize(
    ("healthy", "strict", "expected"),
    [
        ({EU: True}, True, "passed"),
        ({EU: False, AP: True}, True, "passed"),
        ({EU: False}, True, "us-east-1 is the last healthy Region (eu-west-1 unhealthy)"),
        ({EU: False}, False, "is the last healthy Region"),
        ({}, True, "no Region beside us-east-1 is left alone"),
        ({}, False, "nothing would survive it"),
        ({EU: None}, False, "passed"),
        ({EU: None}, True, "nobody can tell whether eu-west-1 is healthy"),
        ({EU: None, AP: False}, True, "nobody can tell whether eu-west-1"),
    ],
)
def test_would_a_healthy_region_be_left(healthy: dict, strict: bool, expected: str) -> None:
    says(last_region.judge(US, healthy, strict=strict), expected)


def alarm(name: str, state: str) -> dict[str, str]:
    return {"AlarmName": name, "StateValue": state}


@pytest.mark.parametrize(
    ("found", "ignored", "expected"),
    [
        ({}, (), "passed"),
        ({US: [alarm("5xx", "OK"), alarm("new", "INSUFFICIENT_DATA")]}, (), "passed"),
        ({US: [], EU: [alarm("5xx", "ALARM")]}, (), "the alarm 5xx in eu-west-1 is in ALARM"),
        ({US: [alarm("a", "ALARM"), alarm("b", "ALARM")]}, (), "a in us-east-1 and 1 more is"),
        ({US: [alarm("5xx", "ALARM")]}, ("5xx",), "passed"),
        ({US: [alarm("TargetTracking-table/items-AlarmLow-1", "ALARM")]}, (), "passed"),
    ],
)
def test_is_all_quiet_before(found: dict, ignored: tuple, expected: str) -> None:
    says(alarms.judge(found, ignored), expected)


@pytest.mark.parametrize(
    ("lost", "survivors", "expected"),
    [
        (300, {EU: Concurrency(1000, 500)}, "passed"),
        (301, {EU: Concurrency(1000, 500)}, "eu-west-1 would need 801 of its 1000"),
        (0, {EU: Concurrency(1000, 0)}, "passed"),
        (100, {EU: Concurrency(1000, 0), AP: Concurrency(100, 0)}, "ap-south-1 would need 100"),
        (1, {EU: Concurrency(0, 0)}, "of its 0 concurrent executions, 100 %"),
        (1, {}, "there is no survivor"),
    ],
)
def test_can_the_survivors_carry_it(lost: float, survivors: dict, expected: str) -> None:
    says(survivor_capacity.judge(lost, survivors, 80.0), expected)


@pytest.mark.parametrize(
    ("lag_s", "max_s", "expected"),
    [(1.2, 5.0, "passed"), (5.0, 5.0, "passed"), (5.1, 5.0, "data is 5.1 s behind (p99")],
)
def test_is_the_data_close_enough(lag_s: float, max_s: float, expected: str) -> None:
    says(replication_lag.judge(lag_s, "p99 of the baseline", max_s), expected)


@pytest.mark.parametrize(
    ("share_pct", "expected"),
    [
        (50.0, "passed"),
        (5.0, "passed"),
        (4.9, "4.9 % of the load reaches us-east-1 (of 10 requests); at least 5 % must"),
        (0.0, "0.0 % of the load reaches us-east-1"),
        (None, "nobody can tell how much of the load reaches us-east-1"),
    ],
)
def test_does_anybody_use_the_region(share_pct: float | None, expected: str) -> None:
    says(load_share.judge(US, share_pct, "of 10 requests", 5.0), expected)
