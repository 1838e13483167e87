"""What counts as healthy, statement by statement, and how long it takes sixteen checkers."""

import random
from statistics import fmean
from typing import Any

import pytest

from gameday.errors import UsageError
from gameday.route53.check import checker_regions, parse_check
from gameday.route53.health import (
    Counter,
    count,
    enough,
    from_alarm,
    from_routing_control,
    statuses,
    verdict,
)


def check(check_id: str = "hc", kind: str = "HTTP", **config: Any) -> Any:
    base = {"FullyQualifiedDomainName": "x.test"} if kind.startswith("H") else {}
    return parse_check({"Id": check_id, "HealthCheckConfig": {"Type": kind} | base | config})


@pytest.mark.parametrize(
    ("start", "results", "threshold", "healthy"),
    [
        pytest.param(True, "..", 3, True, id="A18-passing-stays"),
        pytest.param(True, "xx", 3, True, id="A4-not-yet"),
        pytest.param(True, "xxx", 3, False, id="A4-down-after-three"),
        pytest.param(True, "xx.xx", 3, True, id="A18-one-pass-restarts"),
        pytest.param(True, "xx.xxx", 3, False, id="A18-consecutive"),
        pytest.param(False, "..", 3, False, id="A4-not-up-yet"),
        pytest.param(False, "...", 3, True, id="A4-up-after-three"),
        pytest.param(False, "..x..", 3, False, id="A18-one-failure-restarts"),
        pytest.param(True, "x", 1, False, id="A4-threshold-1"),
        pytest.param(True, "x" * 9, 10, True, id="A4-nine-of-ten"),
        pytest.param(True, "x" * 10, 10, False, id="A4-ten-of-ten"),
    ],
)
def test_one_checkers_counter(start, results, threshold, healthy):
    counter = Counter(start)
    for result in results:
        counter = count(counter, result == ".", threshold)
    assert counter.healthy is healthy


@pytest.mark.parametrize(
    ("votes", "of", "healthy"),
    [
        pytest.param(3, 16, True, id="A17-18.75-pct"),
        pytest.param(2, 16, False, id="A17-12.5-pct"),
        pytest.param(18, 100, False, id="A17-exactly-18-pct"),
        pytest.param(19, 100, True, id="A17-19-pct"),
        pytest.param(16, 16, True, id="A17-all"),
        pytest.param(0, 16, False, id="A17-none"),
        pytest.param(0, 0, True, id="A19-no-checker-yet"),
    ],
)
def test_the_18_percent_rule(votes, of, healthy):
    assert enough(votes, of) is healthy


@pytest.mark.parametrize(
    ("config", "raw", "healthy"),
    [
        pytest.param({}, True, True, id="healthy"),
        pytest.param({}, False, False, id="unhealthy"),
        pytest.param({}, None, True, id="A19-new"),
        pytest.param({"Inverted": True}, None, False, id="A19-new-inverted"),
        pytest.param({"Inverted": True}, True, False, id="A21-inverted"),
        pytest.param({"Inverted": True}, False, True, id="A21-inverted-unhealthy"),
        pytest.param({"Disabled": True}, False, True, id="A20-disabled"),
        pytest.param({"Disabled": True, "Inverted": True}, True, False, id="A20-disabled-inverted"),
    ],
)
def test_the_status_follows_from_data_and_configuration(config, raw, healthy):
    assert verdict(check(**config), raw) is healthy


def calculated(threshold: int, children: str = "a b c", **config: Any) -> Any:
    config |= {"ChildHealthChecks": children.split(), "HealthThreshold": threshold}
    return check("sum", "CALCULATED", **config)


@pytest.mark.parametrize(
    ("parent", "down", "healthy"),
    [
        pytest.param(calculated(2), "a", True, id="A35-enough"),
        pytest.param(calculated(2), "a b", False, id="A35-too-few"),
        pytest.param(calculated(0), "a b c", True, id="A35-threshold-0"),
        pytest.param(calculated(4), "", False, id="A35-more-than-children"),
        pytest.param(calculated(2, Inverted=True), "a b", True, id="A35-inverted"),
        pytest.param(calculated(2, Disabled=True), "a b c", True, id="A20-disabled"),
        pytest.param(calculated(1, "gone"), "", True, id="A12-unknown-child"),
    ],
)
def test_calculated(parent, down, healthy):
    checks = {c.id: c for c in (parent, check("a"), check("b"), check("c"))}
    raw = {c: c not in down.split() for c in "abc"}
    assert statuses(checks, raw)["sum"] is healthy


def test_a35_a_disabled_child_counts_healthy_and_an_inverted_one_the_other_way():
    children = [check("a", Disabled=True), check("b", Disabled=True, Inverted=True), check("c")]
    checks = {c.id: c for c in (calculated(2), *children)}
    assert statuses(checks, {"a": False, "b": False, "c": True})["sum"]
    assert not statuses(checks, {"a": False, "b": False, "c": False})["sum"]


def test_a_forced_state_stands_in_and_calculated_checks_see_it():
    checks = {c.id: c for c in (calculated(1, "a"), check("a", Inverted=True))}
    assert statuses(checks, {"a": False}, {"a": False}) == {"a": False, "sum": False}


@pytest.mark.parametrize(
    ("mode", "state", "last", "healthy"),
    [
        pytest.param("Healthy", "OK", None, True, id="A37-ok"),
        pytest.param("Healthy", "ALARM", None, False, id="A37-alarm"),
        pytest.param("Healthy", "INSUFFICIENT_DATA", False, True, id="A37-healthy"),
        pytest.param("Unhealthy", "INSUFFICIENT_DATA", True, False, id="A37-unhealthy"),
        pytest.param("LastKnownStatus", "INSUFFICIENT_DATA", False, False, id="A37-last-known"),
        pytest.param("LastKnownStatus", "INSUFFICIENT_DATA", None, None, id="A37-none-known"),
        pytest.param("Unhealthy", None, None, None, id="A19-no-data-yet"),
    ],
)
def test_alarms(mode, state, last, healthy):
    alarm = {"AlarmIdentifier": {"Region": "us-east-1", "Name": "n"}}
    config = check(kind="CLOUDWATCH_METRIC", InsufficientDataHealthStatus=mode, **alarm)
    assert from_alarm(config, state, last) is healthy


@pytest.mark.parametrize(("state", "healthy"), [("On", True), ("Off", False), (None, None)])
def test_a39_routing_controls(state, healthy):
    assert from_routing_control(state) is healthy


def test_a9_a13_two_checkers_in_each_region_that_checks():
    assert len(checker_regions(check(), 16)) == 16
    some = check(Regions=["us-east-1", "eu-west-1", "sa-east-1"])
    assert checker_regions(some, 16) == ["us-east-1", "eu-west-1", "sa-east-1"] * 2


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"Type": "PING"}, "unknown Type PING"),
        ({"Type": "HTTP"}, "give IPAddress or FullyQualifiedDomainName"),
        ({}, "HealthCheckConfig is missing"),
        ({"Port": 1}, "Type is missing"),
        ({"Type": "TCP", "IPAddress": "192.0.2.1", "Port": "x"}, "Port is x, not a whole"),
        ({"Type": "HTTP", "IPAddress": "192.0.2.1", "RequestInterval": 17}, "neither 10 nor 30"),
        ({"Type": "HTTP", "IPAddress": "192.0.2.1", "RequestInterval": 0}, "neither 10 nor 30"),
        ({"Type": "HTTP", "IPAddress": "192.0.2.1", "RequestInterval": 1e400}, "not a whole"),
        ({"Type": "HTTP", "IPAddress": "192.0.2.1", "FailureThreshold": 0}, "not within 1 to 10"),
        ({"Type": "HTTP", "IPAddress": "192.0.2.1", "FailureThreshold": -3}, "not within 1 to 10"),
        ({"Type": "HTTP", "IPAddress": "192.0.2.1", "ResourcePath": 256}, "but must be text"),
        ({"Type": "HTTP", "IPAddress": "192.0.2.1", "Inverted": "no"}, "neither true nor false"),
        ({"Type": "CLOUDWATCH_METRIC", "AlarmIdentifier": {"Name": "a"}}, "Region is missing"),
        ({"Type": "CALCULATED", "ChildHealthChecks": "a"}, "but must be a list of texts"),
    ],
)
def test_a_malformed_check_is_one_line_that_names_it(config, words):
    with pytest.raises(UsageError, match="health check hc: ") as caught:
        parse_check({"Id": "hc", "HealthCheckConfig": config})
    assert words in str(caught.value)


# --- D5: how long it takes ------------------------------------------------------------------------


def flip_s(
    rng: random.Random, interval_s: float, threshold: int, probe_s: float, to: bool
) -> float:
    """Seconds from the change of the endpoint until the aggregate follows, 16 free phases."""
    counters = [Counter(not to)] * 16
    due = [(rng.random() * interval_s, n) for n in range(16)]
    while True:
        at_s, n = min(due)
        counters[n] = count(counters[n], to, threshold)
        if enough(sum(c.healthy for c in counters), 16) is to:
            return at_s + probe_s
        due[due.index((at_s, n))] = (at_s + probe_s + interval_s, n)


@pytest.mark.parametrize(
    ("interval_s", "threshold", "probe_s", "to", "least", "mean", "most"),
    [
        pytest.param(30, 3, 0, False, 60, 84.7, 90, id="D5-30x3-detect"),
        pytest.param(30, 3, 0, True, 60, 65.3, 90, id="D5-30x3-recover"),
        pytest.param(30, 3, 4, False, 72, 96.7, 102, id="D5-30x3-black-hole"),
        pytest.param(10, 3, 0, False, 20, 28.2, 30, id="D5-10x3-detect"),
        pytest.param(10, 3, 0, True, 20, 21.8, 30, id="D5-10x3-recover"),
        pytest.param(10, 3, 4, False, 32, 40.2, 42, id="D5-10x3-black-hole"),
        pytest.param(10, 2, 0, False, 10, 18.2, 20, id="D5-10x2-detect"),
        pytest.param(10, 1, 0, False, 0, 8.2, 10, id="D5-10x1-detect"),
        pytest.param(10, 1, 0, True, 0, 1.8, 10, id="D5-10x1-recover"),
    ],
)
def test_detection_times(interval_s, threshold, probe_s, to, least, mean, most):
    rng = random.Random(4711)
    drawn = [flip_s(rng, interval_s, threshold, probe_s, to) for _ in range(400)]
    assert least <= min(drawn)
    assert max(drawn) <= most
    # The order statistic's standard deviation is 0.09 of the interval; 5 sigma of 400 draws.
    assert fmean(drawn) == pytest.approx(mean, abs=0.1 + 5 * 0.09 * interval_s / 20)
