"""Traffic policy documents (B63, B64): what they stand for, and what is refused."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from gameday.route53 import routing
from gameday.route53.answer import External
from gameday.route53.client import Client
from gameday.route53.traffic_policy import BadDocument, Instance, parse, records
from gameday.route53.zone_json import parse_zones

HERE = Instance("i1", "Z1", "example.test.", "www.example.test.", 60)
US, EU = Client("us", {"us-east-1": 20, "eu-west-1": 90}), Client("eu", {"eu-west-1": 20})


def document(start: str | None, rules: dict[str, Any], **more: Any) -> str:
    endpoints = {v: {"Type": "value", "Value": f"192.0.2.{n}"} for n, v in enumerate("abcd", 1)}
    endpoints["lb"] = {"Type": "elastic-load-balancer", "Value": "lb.example.com", "Region": "x"}
    body = {
        "AWSPolicyFormatVersion": "2015-10-01", "RecordType": "A", "Endpoints": endpoints,
        "Rules": rules, "StartRule": start,
    }  # fmt: skip
    return json.dumps(body | more)


def ends(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"EndpointReference": name} | more for name in names]


LATENCY = {
    "RuleType": "latency",
    "Regions": [
        {"Region": "us-east-1", "RuleReference": "pair", "EvaluateTargetHealth": "true"},
        {"Region": "eu-west-1", "EndpointReference": "c", "HealthCheck": "hc-c"},
    ],
}
PAIR = {
    "RuleType": "failover",
    "Primary": {"EndpointReference": "a", "HealthCheck": "hc-a"},
    "Secondary": {"EndpointReference": "b", "HealthCheck": "hc-b"},
}


def ask(text: str, client: Client = US, seed: int = 0, **health: bool) -> tuple[str, ...]:
    made = list(records(parse(text), HERE))
    zones = parse_zones({"zones": [{"id": "Z1", "name": "example.test.", "record_sets": made}]})
    given = routing.answer(
        zones, HERE.name, "A", client, {k.replace("_", "-"): v for k, v in health.items()},
        random.Random(seed), lambda name: External({"A": ("192.0.2.99",)}),
    )  # fmt: skip
    return given.addresses


def test_b64_a_tree_of_latency_and_failover_answers_by_health() -> None:
    tree = document("near", {"near": LATENCY, "pair": PAIR})
    assert ask(tree) == ("192.0.2.1",)
    assert ask(tree, hc_a=False) == ("192.0.2.2",)
    assert ask(tree, hc_a=False, hc_b=False) == ("192.0.2.3",)  # the branch is skipped
    assert ask(tree, EU) == ("192.0.2.3",)
    assert ask(tree, EU, hc_c=False) == ("192.0.2.1",)
    assert ask(tree, hc_a=False, hc_b=False, hc_c=False) == ("192.0.2.1",)  # all dead: fail open


@pytest.mark.parametrize(
    ("rule", "client", "answer"),
    [
        ({"RuleType": "geo", "Locations": [
            {"Country": "US", "EndpointReference": "a"},
            {"Continent": "EU", "EndpointReference": "b"},
            {"IsDefault": True, "EndpointReference": "c"}]}, Client(country="US"), "192.0.2.1"),
        ({"RuleType": "geo", "Locations": [
            {"Country": "US", "Subdivision": "WA", "EndpointReference": "a"},
            {"IsDefault": "true", "EndpointReference": "c"}]}, Client(country="US"), "192.0.2.3"),
        ({"RuleType": "geoproximity", "GeoproximityLocations": [
            {"Region": "aws:route53:us-east-1", "Bias": "0", "EndpointReference": "a"},
            {"Latitude": "53.3", "Longitude": "-6.3", "EndpointReference": "b"}]},
         Client(coordinates=(51.5, -0.1)), "192.0.2.2"),
        ({"RuleType": "geoproximity", "GeoproximityLocations": [
            {"Location": {"Type": "aws-region", "Region": "us-east-1"}, "EndpointReference": "a"},
            {"Location": {"Latitude": "53.3", "Longitude": "-6.3"}, "EndpointReference": "b"}]},
         Client(coordinates=(38.0, -77.0)), "192.0.2.1"),
        ({"RuleType": "weighted", "Items": [
            {"Weight": "0", "EndpointReference": "a"}, {"Weight": "5", "EndpointReference": "b"}]},
         US, "192.0.2.2"),
        ({"RuleType": "failover", "Primary": {"EndpointReference": "lb",
                                               "EvaluateTargetHealth": "true"}}, US, "192.0.2.99"),
    ],
)  # fmt: skip
def test_b64_each_kind_of_rule_routes(rule: Any, client: Client, answer: str) -> None:
    assert ask(document("r", {"r": rule}), client) == (answer,)


def test_b64_multivalue_answers_all_that_are_healthy() -> None:
    items = [{"EndpointReference": e, "HealthCheck": f"hc-{e}"} for e in "abc"]
    tree = document("m", {"m": {"RuleType": "multivalue", "Items": items}})
    assert set(ask(tree, hc_b=False)) == {"192.0.2.1", "192.0.2.3"}


def test_b63_a_document_may_start_with_an_endpoint() -> None:
    assert ask(document(None, {}, StartEndpoint="d")) == ("192.0.2.4",)


def test_is_a_rule_that_is_used_twice_made_once() -> None:
    item = {"Weight": "1", "RuleReference": "pair"}
    twice = {"RuleType": "weighted", "Items": [item, item]}
    made = list(records(parse(document("w", {"w": twice, "pair": PAIR})), HERE))
    assert len(made) == 4
    assert sum(r["Name"] == HERE.name for r in made) == 2


def deep(count: int, end: str) -> dict[str, Any]:
    rules = {
        f"r{n}": {"RuleType": "failover", "Primary": {"RuleReference": f"r{n + 1}"}}
        for n in range(count - 1)
    }
    last = {"RuleType": "failover", "Primary": {"EndpointReference": end}}
    return rules | {f"r{count - 1}": last}


def test_b11_four_rules_deep_is_answered_and_five_are_refused() -> None:
    assert ask(document("r0", deep(4, "a"))) == ("192.0.2.1",)
    assert ask(document("r0", deep(3, "lb"))) == ("192.0.2.99",)
    for rules in (deep(5, "a"), deep(4, "lb")):
        with pytest.raises(BadDocument, match="deep"):
            parse(document("r0", rules))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "not JSON"),
        ("[]", "no object"),
        (document("r", {}), "there is no rule r"),
        (document("r", {"r": {"RuleType": "geo"}}), "rule r has no branch"),
        (document("r", {"r": {"RuleType": "dice", "Items": ends("a")}}), "unknown RuleType dice"),
        (document("r", {"r": {"RuleType": "multivalue", "Items": ends("z")}}), "no endpoint z"),
        (document("r", {"r": {"RuleType": "multivalue", "Items": [{"RuleReference": "r"}]}}),
         "refers to an endpoint"),
        (document("r", {"r": {"RuleType": "failover", "Primary": {"RuleReference": "r"}}}),
         "leads to itself"),
        (document("r", {"r": {"RuleType": "weighted", "Items": ends("a", Weight="256")}}),
         "Weight 256"),
        (document("r", {"r": {"RuleType": "weighted", "Items": ends("a")}}), "Weight is missing"),
        (document("r", {"r": {"RuleType": "geo", "Locations": ends("a")}}), "a location is"),
        (document("r", {"r": {"RuleType": "latency", "Regions": [{}]}}), "exactly one of Endpoint"),
        (document("r", {}, StartEndpoint="a"), "exactly one of Start"),
        (document("r", {}, RecordType="NS"), "RecordType NS"),
        (document("r", {}, AWSPolicyFormatVersion="2020-01-01"), "AWSPolicyFormatVersion"),
        (document(None, {}, StartEndpoint="a", Endpoints={"a": {"Type": "ec2", "Value": "1"}}),
         "unknown Type ec2"),
        (document("r", [1]), "Rules is no object"),
        (document("r", {"r": "x"}), "Rules is no object of objects"),
        (document("r", {"r": {"RuleType": "weighted", "Items": ["x"]}}), "form of its RuleType"),
        (document("r", {"r": {"RuleType": ["geo"]}}), "form of its RuleType"),
        (document(None, {}, StartEndpoint=["a"]), "StartEndpoint is no name"),
        (document("r", {}, Endpoints=["a"]), "Endpoints is no object"),
        (document(None, {}, StartEndpoint="a", Endpoints={"a": {"Type": "value", "Value": "no"}}),
         "endpoint a: FATAL problem: ARRDATAIllegalIPv4Address"),
    ],
)  # fmt: skip
def test_what_is_refused_and_where(text: str, problem: str) -> None:
    with pytest.raises(BadDocument, match=problem) as error:
        parse(text)
    assert "\n" not in str(error.value)
