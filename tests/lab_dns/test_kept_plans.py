"""Plans are kept by epoch: does the server ever answer with one of another state?"""

from __future__ import annotations

import random
from typing import Any
from unittest import mock

import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.lab import dns_answers
from gameday.lab.alias_targets import AliasTargets
from gameday.lab.dns import Server
from gameday.lab.dns_answers import Answers
from gameday.lab.networks import Networks, default_networks

REGIONS = ("us-east-1", "eu-west-1")
CHECKS = ("one", "two", "three")
RESOURCE = "d-1.cloudfront.net"


def body(first: int) -> dict[str, Any]:
    """A failover name for each check and an alias outside the zone; addresses from `first`."""
    records = [
        {"Name": f"{check}.example.test.", "Type": "A", "SetIdentifier": role, "Failover": role,
         "TTL": 60, "HealthCheckId": check if role == "PRIMARY" else "one",
         "ResourceRecords": [{"Value": f"192.0.2.{first + 2 * n + (role == 'SECONDARY')}"}]}
        for n, check in enumerate(CHECKS) for role in ("PRIMARY", "SECONDARY")
    ]  # fmt: skip
    alias = {"HostedZoneId": "Z2FDTNDATAQYW2", "DNSName": RESOURCE, "EvaluateTargetHealth": False}
    records.append({"Name": "cdn.example.test.", "Type": "A", "AliasTarget": alias})
    return {"zones": [{"id": "Z1", "name": "example.test.", "record_sets": records}]}


class Told:
    """A server and what it was told."""

    def __init__(self) -> None:
        networks = Networks(default_networks(REGIONS))
        self.targets = AliasTargets({})
        self.answers = Answers(networks.clients, self.targets, 10.0, random.Random(1))
        self.server = Server(self.answers, networks)

    def load(self, first: int) -> None:
        list(self.answers.load(body(first)))

    def flip(self, health: dict[str, bool]) -> None:
        list(self.answers.set_health(health))

    def stand_in(self, address: int) -> None:
        resource = {"A": [f"198.51.100.{address}"], "ttl": 60, "healthy": True}
        self.targets.stand_in({RESOURCE: resource})
        list(self.answers.externals_changed())

    def says(self) -> list[bytes | None]:
        queries = [dns.message.make_query(f"{n}.example.test", "A") for n in (*CHECKS, "cdn")]
        for query in queries:
            query.id = 1
        return [self.server.respond(query.to_wire(), "127.0.0.1") for query in queries]


health = st.dictionaries(st.sampled_from(CHECKS), st.booleans(), min_size=1)
told = st.one_of(
    st.tuples(st.just("flip"), health),
    st.tuples(st.just("flip"), health),
    st.tuples(st.just("load"), st.sampled_from([1, 101])),
    st.tuples(st.just("stand_in"), st.integers(1, 3)),
)


@given(st.lists(told, max_size=12))
@pytest.mark.parametrize(("epochs", "plans"), [(100, 20_000), (2, 20_000), (100, 7)])
def test_is_every_answer_that_of_a_server_which_saw_only_the_present_state(
    epochs: int, plans: int, actions: list[tuple[str, Any]]
) -> None:
    with (
        mock.patch.object(dns_answers, "EPOCHS_MAX", epochs),
        mock.patch.object(dns_answers, "PLANS_MAX", plans),
    ):
        one = Told()
        present: dict[str, Any] = {"load": 1, "flip": {}, "stand_in": 1}
        for kind, value in [*present.items(), *actions]:
            getattr(one, kind)(value)
            present[kind] = present["flip"] | value if kind == "flip" else value
            one.says()
        fresh = Told()
        for kind, value in present.items():
            getattr(fresh, kind)(value)
        assert one.says() == fresh.says()


def test_is_what_flaps_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Told()
    server.load(1)
    states = [{"one": False}, {"one": True}]
    for state in states:
        server.flip(state)
    monkeypatch.setattr(Answers, "_compile", lambda *_: pytest.fail("compiled again"))
    for state in states * 3:
        server.flip(state)
