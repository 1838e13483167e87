"""What holds for every tree of records: health is obeyed, and something is always answered."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.route53.client import Client
from gameday.route53.routing import answer, outcomes
from gameday.route53.zone import Zones
from gameday.route53.zone_json import parse_zones

REGIONS = ("us-east-1", "eu-west-1", "ap-south-1")
CLIENT = Client("x", {"us-east-1": 20, "eu-west-1": 90, "ap-south-1": 200})


def members(policy: str, n: int) -> dict[str, Any]:
    """What makes record `n` of a group follow `policy`."""
    match policy:
        case "Weight":
            return {"Weight": n * 3}
        case "Region":
            return {"Region": REGIONS[n]}
        case "Failover":
            return {"Failover": ("PRIMARY", "SECONDARY")[n]}
    return {"MultiValueAnswer": True}


@st.composite
def groups(draw: st.DrawFn, name: str, policies: tuple[str, ...]) -> list[dict[str, Any]]:
    policy = draw(st.sampled_from(policies))
    size = draw(st.integers(1, 2 if policy == "Failover" else 3))
    return [
        {"Name": f"{name}.example.test", "Type": "A", "SetIdentifier": f"{name}{n}"}
        | members(policy, n)
        for n in range(size)
    ]


@st.composite
def trees(draw: st.DrawFn) -> tuple[Zones, dict[str, str], set[str]]:
    """A group of aliases over groups of addresses; which check guards which address; what is down.

    Every leaf has a check and every alias evaluates its target, so health decides alone.
    """
    records, guarded = [], {}
    for top, item in enumerate(draw(groups("top", ("Weight", "Region", "Failover")))):
        target = {
            "HostedZoneId": "Z1", "DNSName": f"n{top}.example.test", "EvaluateTargetHealth": True,
        }  # fmt: skip
        records.append(item | {"AliasTarget": target})
        leaves = draw(groups(f"n{top}", ("Weight", "Region", "Failover", "MultiValueAnswer")))
        for number, leaf in enumerate(leaves):
            address, check = f"10.0.{top}.{number}", f"hc-{top}-{number}"
            guarded[address] = check
            values = {"TTL": 60, "ResourceRecords": [{"Value": address}]}
            records.append(leaf | values | {"HealthCheckId": check})
    zone = {"id": "Z1", "name": "example.test", "record_sets": records}
    down = draw(st.sets(st.sampled_from(sorted(guarded.values()))))
    return parse_zones({"zones": [zone]}), guarded, down


@settings(max_examples=300, deadline=None)
@given(trees(), st.integers(0, 1000))
def test_never_an_unhealthy_record_while_a_healthy_one_exists_and_never_nothing(tree, seed):
    zones, guarded, down = tree
    health = dict.fromkeys(down, False)
    found = answer(zones, "top.example.test", "A", CLIENT, health, random.Random(seed))
    assert found.rcode == "NOERROR"
    assert found.addresses
    if set(guarded.values()) - down:
        assert not {guarded[a] for a in found.addresses} & down


@settings(max_examples=200, deadline=None)
@given(trees(), st.integers(0, 1000))
def test_every_drawn_answer_is_among_the_outcomes_whose_shares_add_up_to_one(tree, seed):
    zones, _, down = tree
    health = dict.fromkeys(down, False)
    possible = outcomes(zones, "top.example.test", "A", CLIENT, health)
    assert possible is not None
    assert sum(o.probability for o in possible) == pytest.approx(1)
    drawn = answer(zones, "top.example.test", "A", CLIENT, health, random.Random(seed))
    assert drawn.addresses in {o.answer.addresses for o in possible}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 255), min_size=1, max_size=6))
def test_shares_are_the_weights(weights):
    records = [
        {
            "Name": "www.example.test", "Type": "A", "SetIdentifier": str(n), "Weight": weight,
            "TTL": 60, "ResourceRecords": [{"Value": f"192.0.2.{n}"}],
        }
        for n, weight in enumerate(weights)
    ]  # fmt: skip
    zones = parse_zones({"zones": [{"id": "Z1", "name": "example.test", "record_sets": records}]})
    total = sum(weights)
    for outcome in outcomes(zones, "www.example.test", "A", CLIENT, {}) or ():
        n = int(outcome.answer.addresses[0].rpartition(".")[2])
        expected = weights[n] / total if total else 1 / len(weights)
        assert outcome.probability == pytest.approx(expected)
