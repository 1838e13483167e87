"""Who takes over when a side is lost, and who is sent to the dead side for ever?"""

from __future__ import annotations

import pytest
from route53_exports import REGIONS, check, checks, plain, record, without, zone

from gameday.predict.crowd import Crowd
from gameday.predict.forecast import forecast
from gameday.predict.kind import kinds
from gameday.predict.model import Settings
from gameday.predict.policies import compare
from gameday.predict.takeover import Takeover, all_red, lose, turn_red
from gameday.predict.view import View
from gameday.route53.exports import read


def view(given: dict, health: dict | None = None, name: str = "api.example.test.") -> View:
    routing = read(given, health or checks())
    found, group = next((z, g) for z, g in routing.groups() if g[0].name == name)
    return View.of(routing, found, group)


def after(takeover: Takeover) -> list[dict[str, float]]:
    return [dict(move.after) for move in takeover.moves]


def test_does_the_other_region_take_over_under_latency_routing() -> None:
    found = lose(view(zone()), "us-east-1")
    assert [m.clients for m in found.moves] == ["clients nearest us-east-1"]
    assert after(found) == [{"eu-west-1": 1.0}]
    assert (found.red, found.still_dead) == (("hc-us-east-1",), 0.0)


def test_how_do_survivors_share_what_a_weighted_record_leaves() -> None:
    """10/20/20 with the third down is 1/3 and 2/3 (dns-failover-simple-configs)."""
    regions = dict(zip(("us-east-1", "eu-west-1", "ap-south-1"), (10, 20, 20), strict=True))
    weighted = zone(*(plain(r, Weight=w) for r, w in regions.items()))
    found = lose(view(weighted, checks(*map(check, regions))), "ap-south-1")
    assert after(found) == [{"us-east-1": 0.3333, "eu-west-1": 0.6667}]


@pytest.mark.parametrize(("lost", "moves"), [("us-east-1", [{"eu-west-1": 1.0}]),
                                             ("eu-west-1", [])])  # fmt: skip
def test_who_notices_under_failover_routing(lost, moves) -> None:
    pair = zone(plain("us-east-1", Failover="PRIMARY"), plain("eu-west-1", Failover="SECONDARY"))
    assert after(lose(view(pair), lost)) == moves


def test_where_do_clients_of_a_place_go_and_who_gets_no_answer() -> None:
    placed = zone(
        plain("us-east-1", GeoLocation={"ContinentCode": "NA"}),
        plain("eu-west-1", GeoLocation={"ContinentCode": "EU"}),
    )
    found = lose(view(placed), "eu-west-1")
    assert found.why_dead == ("fail-open: every record's check is red, so all count as healthy",)
    everywhere = view(placed)
    assert everywhere.given(everywhere.clients[-1], frozenset()).shares == {"no answer": 1.0}


@pytest.mark.parametrize(
    ("given", "health", "why"),
    [
        (zone(without(record("us-east-1"), "HealthCheckId"), record("eu-west-1")), checks(),
         "has no health check"),
        (zone(), checks(check("us-east-1", Disabled=True), check("eu-west-1")), "is disabled"),
        (zone(*(record(r) | {"HealthCheckId": "hc-us-east-1"} for r in REGIONS)), checks(),
         "fail-open"),
        (zone(), checks(check("us-east-1", FullyQualifiedDomainName="api.example.test"),
                        check("eu-west-1")), "a name that follows failover itself"),
        (zone(), checks(check("us-east-1", FullyQualifiedDomainName="x.eu-west-1.example.com"),
                        check("eu-west-1")), "watches eu-west-1, not us-east-1"),
    ],
)  # fmt: skip
def test_why_are_clients_still_sent_to_the_dead_side(given, health, why) -> None:
    found = lose(view(given, health), "us-east-1")
    assert found.still_dead == 1.0
    assert any(why in reason for reason in found.why_dead), found.why_dead


def test_is_a_check_that_guards_both_sides_seen_to_fail_open() -> None:
    shared = zone(*(record(r) | {"HealthCheckId": "hc-us-east-1"} for r in REGIONS))
    assert lose(view(shared), "us-east-1").is_fail_open


def test_what_is_answered_when_every_check_is_red() -> None:
    assert all_red(view(zone())).shares == {"us-east-1": 0.5, "eu-west-1": 0.5}


def test_what_does_one_red_check_do() -> None:
    seen = view(zone())
    assert after(turn_red(seen, seen.routing.checks["hc-eu-west-1"])) == [{"us-east-1": 1.0}]


def test_does_a_calculated_check_follow_its_children() -> None:
    above = {"Type": "CALCULATED", "ChildHealthChecks": ["hc-us-east-1"], "HealthThreshold": 1}
    health = checks(*map(check, REGIONS), {"Id": "sum", "HealthCheckConfig": above})
    given = zone(record("us-east-1") | {"HealthCheckId": "sum"}, record("eu-west-1"))
    assert after(lose(view(given, health), "us-east-1")) == [{"eu-west-1": 1.0}]


def test_is_there_a_time_for_a_check_upon_an_alarm() -> None:
    """Routing follows the alarm; when it fires is not in any export."""
    alarm = {"Type": "CLOUDWATCH_METRIC", "AlarmIdentifier": {"Region": "us-east-1", "Name": "a"}}
    health = checks(check("eu-west-1"), {"Id": "hc-us-east-1", "HealthCheckConfig": alarm})
    found = lose(view(zone(), health), "us-east-1")
    assert after(found) == [{"eu-west-1": 1.0}]
    one = forecast(read(zone(), health), Settings(), kinds(), Crowd(1000, 10))[0].losses[0]
    assert one.untimed == ("hc-us-east-1 (CLOUDWATCH_METRIC)",)
    assert (one.ways, one.clients) == ((), {})


def test_are_aliases_and_cnames_in_a_circle_survived() -> None:
    circle = [
        {"Name": f"{a}.example.test.", "Type": "CNAME", "TTL": 5,
         "ResourceRecords": [{"Value": f"{b}.example.test"}]}
        for a, b in (("a", "b"), ("b", "a"))
    ]  # fmt: skip
    assert forecast(read(zone(*circle)), Settings(), kinds(), Crowd(1000, 10)) == []


def test_is_an_alias_tree_followed_to_its_ends() -> None:
    alias = {"DNSName": "api.example.test.", "HostedZoneId": "Z", "EvaluateTargetHealth": True}
    top = {"Name": "www.example.test.", "Type": "A", "AliasTarget": alias}
    seen = view(zone(top, *map(record, REGIONS)), name="www.example.test.")
    assert tuple(seen.sides) == REGIONS
    assert after(lose(seen, "us-east-1")) == [{"eu-west-1": 1.0}]


def test_which_policy_hits_whom() -> None:
    found = {(c.policy, c.lost): c for c in compare(REGIONS)}
    assert found["latency", "us-east-1"].hit == 0.5
    assert found["failover", "us-east-1"].hit == 1.0
    assert found["failover", "us-east-1"].busiest is None
    assert found["failover", "eu-west-1"].hit == 0.0
    assert found["geolocation", "us-east-1"].loads.get("us-east-1") == 0.5
    assert found["geolocation", "eu-west-1"].loads == {"us-east-1": 1.0}
