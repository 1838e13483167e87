"""How much a large zone costs: 1,000 record sets and 200 health checks."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import pytest

from gameday.lab import dns_wire
from gameday.lab.alias_targets import AliasTargets
from gameday.lab.checkers import PROBE_COST_S, Role
from gameday.lab.dns_answers import Answers, Change, Plan
from gameday.lab.networks import Networks, default_networks
from gameday.route53.client import Client

REGIONS = ("us-east-1", "eu-west-1")
NAMES, CHECKS = 500, 200


def body() -> dict[str, Any]:
    records = [
        {"Name": f"n{n}.example.test.", "Type": "A", "SetIdentifier": region, "Region": region,
         "TTL": 60, "HealthCheckId": f"hc{(2 * n + i) % CHECKS}",
         "ResourceRecords": [{"Value": f"127.0.{i + 1}.1"}]}
        for n in range(NAMES) for i, region in enumerate(REGIONS)
    ]  # fmt: skip
    config = {"Type": "HTTPS", "FullyQualifiedDomainName": "n1.example.test", "RequestInterval": 30}
    checks = [{"Id": f"hc{n}", "HealthCheckConfig": config} for n in range(CHECKS)]
    zone = {"id": "Z1", "name": "example.test.", "record_sets": records}
    return {"zones": [zone], "health_checks": checks}


def loaded() -> tuple[Answers, list[Change]]:
    clients = Networks(default_networks(REGIONS)).clients
    outside = AliasTargets({r: f"127.0.{i}.1" for i, r in enumerate(REGIONS, 1)})
    answers = Answers(clients, outside, 10.0, random.Random(1))
    return answers, changes(answers.load(body()))


def changes(steps: Iterable[Change | None]) -> list[Change]:
    return [step for step in steps if step]


def test_is_a_large_zone_told_once_for_each_name_and_network() -> None:
    answers, told = loaded()
    assert len(told) == NAMES * len(REGIONS)
    assert changes(answers.load(body())) == []


def test_is_only_what_depends_on_a_flipped_check_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    answers, _ = loaded()
    looked_at = set[str]()
    compiled = Answers._compile

    def counted(self: Answers, client: Client, question: bytes) -> Plan:
        looked_at.add(dns_wire.read_name(question))
        return compiled(self, client, question)

    monkeypatch.setattr(Answers, "_compile", counted)
    told = changes(answers.set_health({"hc0": False}))
    assert looked_at == {f"n{n}.example.test." for n in range(0, NAMES, CHECKS // 2)}
    assert {change.name for change in told} == looked_at


def test_is_a_query_answered_by_the_new_health_before_the_changes_are_told() -> None:
    answers, _ = loaded()
    untold = answers.set_health({"hc0": False})
    near = answers.clients[0]
    plan = answers.plan(near, dns_wire.wire_name("n0.example.test.") + b"\0\1\0\1")
    assert plan.values == ("127.0.2.1",)
    assert ("n0.example.test.", ("127.0.2.1",)) in {(c.name, c.now) for c in changes(untold)}


def test_are_flips_that_overtake_their_telling_told_as_what_they_came_to() -> None:
    answers, _ = loaded()
    down = answers.set_health({"hc0": False})
    first = [next(down) for _ in REGIONS]
    up = answers.set_health({"hc0": True})
    told = [c for c in (*first, *changes(up), *changes(down)) if c]
    assert [(c.name, c.was, c.now) for c in told] == [
        ("n0.example.test.", ("127.0.1.1",), ("127.0.2.1",)),
        ("n0.example.test.", ("127.0.2.1",), ("127.0.1.1",)),
    ]


def test_how_many_cores_do_the_checkers_of_a_large_zone_need(channel, make_spec) -> None:
    role = Role(channel, make_spec(name="checkers", speed=10.0))
    role.board.load(body()["health_checks"])
    role._tasks = {  # what _snapshot would start
        (check, checker): None  # type: ignore[dict-item]
        for check, opinions in role.board.opinions.items()
        for checker in opinions.counters
    }
    role.listen()
    channel.handlers["report"]({"ask": 1})
    status = channel.sent[-1]["status"]
    assert abs(status["cores"] - 10 * CHECKS * 16 * PROBE_COST_S[True] / 30) < 1e-6
    assert status["probe_s"] == 0, "none of them has probed yet"
