"""How much a large zone costs: 1,000 record sets and 200 health checks."""

from __future__ import annotations

import random
import time
from typing import Any

from gameday.lab.alias_targets import AliasTargets
from gameday.lab.check_board import Board
from gameday.lab.checkers import PROBE_COST_S, Role
from gameday.lab.dns_answers import Answers
from gameday.lab.networks import Networks, default_networks

REGIONS = ("us-east-1", "eu-west-1")
NAMES, CHECKS = 500, 200
LOADED_WITHIN_CPU_S = 1.5  # name server and checkers; the control plane has the rest of three


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


def test_is_a_large_zone_loaded_soon() -> None:
    began = time.process_time()
    answers = Answers(
        Networks(default_networks(REGIONS)).clients,
        AliasTargets({r: f"127.0.{i}.1" for i, r in enumerate(REGIONS, 1)}),
        10.0, random.Random(1),
    )  # fmt: skip
    told = answers.load(body())
    board = Board(1, 16)
    board.load(body()["health_checks"])
    assert time.process_time() - began < LOADED_WITHIN_CPU_S
    assert len(told) == NAMES * len(REGIONS)  # a first answer for each name and network
    assert sum(len(o.counters) for o in board.opinions.values()) == CHECKS * 16


def test_does_one_flipped_check_cost_little_in_a_large_zone() -> None:
    answers = Answers(
        Networks(default_networks(REGIONS)).clients, AliasTargets({}), 10.0, random.Random(1)
    )
    answers.load(body())
    began = time.process_time()
    for n in range(100):
        answers.set_health({"hc0": bool(n % 2)})
    assert time.process_time() - began < 1.0


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
    cores = channel.sent[-1]["status"]["cores"]
    assert abs(cores - 10 * CHECKS * 16 * PROBE_COST_S[True] / 30) < 1e-6
