from __future__ import annotations

import socket
from pathlib import Path

import pytest

from gameday.errors import LabError, UsageError
from gameday.lab.config import LabConfig, can_alias, choose_ports, free_port, region_table

TWO = ("us-east-1", "eu-west-1")


def config(**changes) -> LabConfig:
    return LabConfig(**{"name": "t", "root": Path("/"), "stacks": None, "regions": TWO} | changes)


def test_do_regions_share_their_ports_so_that_dns_alone_moves_a_client() -> None:
    if not can_alias(2):
        pytest.skip("127.0.R.1 cannot be bound here")
    table = region_table(config(), {"http": 1, "https": 2})
    assert [r["address"] for r in table.values()] == ["127.0.1.1", "127.0.2.1"]
    assert {(r["http"], r["https"]) for r in table.values()} == {(1, 2)}


def test_do_regions_get_ports_of_their_own_where_addresses_cannot_be_bound() -> None:
    table = region_table(config(aliases=False), {"http": 1, "https": 2})
    assert {r["bind"] for r in table.values()} == {"127.0.0.1"}
    assert [r["address"] for r in table.values()] == ["127.0.1.1", "127.0.2.1"]
    assert len({r["https"] for r in table.values()}) == 2


def test_is_a_taken_port_that_was_asked_for_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LabError, match=f"port {port} for aws is taken"):
            choose_ports(config(ports={"aws": port}))


def test_is_a_free_port_free_everywhere() -> None:
    assert free_port(["127.0.0.1"]) > 0


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"speed": 20}, "runs at 1 to 10"),
        ({"regions": ()}, "at least one Region"),
        ({"lag_s": (2, 1)}, "LOW-HIGH"),
        ({"account_concurrency": 0}, "--account-concurrency 0: 1 or more"),
    ],
)
def test_is_a_lab_that_makes_no_sense_refused(change: dict, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        config(**change)
