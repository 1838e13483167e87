"""Who is asked for a name, and does a network's answer come from the zone's own name servers?"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import dns.resolver
import pytest
from fake_region import FakeDns

from gameday import settings
from gameday.name_servers import Lookups
from gameday.resolver import DnsFailure

NAME, ZONE = "api.example.test", "example.test"
NEAR, FAR = "198.51.100.0/24", "203.0.113.0/24"
SERVERS = ["ns-7.awsdns-00.com", "ns-1600.awsdns-08.co.uk"]


class World:
    """A zone with two name servers, and the recursive resolver that says who they are."""

    def __init__(self, zone: FakeDns, recursive: FakeDns, gone: int) -> None:
        self.zone, self.recursive = zone, recursive
        self.system = dns.resolver.Resolver(configure=False)
        self.system.nameservers, self.system.port = ["127.0.0.1"], recursive.address[1]
        self.system.lifetime = 1.0
        self.environ = {
            "GAMEDAY_ENDPOINT": NAME,
            "GAMEDAY_ADDRESS_MAP": f"127.0.9.1:53=127.0.0.1:{zone.address[1]},"
            f"127.0.9.2:53=127.0.0.1:{gone}",
        }

    def lookups(self, **environ: str) -> Lookups:
        return Lookups(settings.current({**self.environ, **environ}), self.system)


@pytest.fixture
def world() -> Iterator[World]:
    with contextlib.ExitStack() as stack:
        zone = stack.enter_context(FakeDns({NAME: ["127.0.1.1"]}, ttl_s=6))
        recursive = stack.enter_context(
            FakeDns({SERVERS[0]: ["127.0.9.1"], SERVERS[1]: ["127.0.9.2"], NAME: ["127.0.7.7"]})
        )
        recursive.zones = {ZONE: SERVERS}
        yield World(zone, recursive, gone=1)  # nobody listens on port 1


def test_does_each_network_get_its_own_answer_from_the_zone_s_own_servers(world: World) -> None:
    world.zone.by_subnet[FAR] = {NAME: ["127.0.2.1"]}
    lookups = world.lookups()
    assert lookups.near(NEAR)(NAME).addresses == ("127.0.1.1",)
    assert lookups.near(FAR)(NAME).addresses == ("127.0.2.1",)
    assert lookups.near()(NAME).ttl_s == 6.0


def test_is_a_change_of_the_zone_seen_at_once_and_the_servers_found_only_once(world: World) -> None:
    ask = world.lookups().near()
    ask(NAME)
    found_with = world.recursive.queries
    world.zone.names[NAME] = ["127.0.2.1"]
    assert ask(NAME).addresses == ("127.0.2.1",)
    assert world.recursive.queries == found_with


def test_does_another_server_of_the_zone_answer_where_one_does_not(world: World) -> None:
    world.recursive.zones = {ZONE: SERVERS[::-1]}
    world.recursive.names |= {SERVERS[0]: ["127.0.9.2"], SERVERS[1]: ["127.0.9.1"]}  # first: silent
    ask = world.lookups().near()
    assert ask(NAME).addresses == ("127.0.1.1",)


def test_is_a_zone_whose_servers_are_silent_a_clear_line(world: World) -> None:
    world.recursive.names |= {SERVERS[0]: ["127.0.9.2"]}
    with pytest.raises(DnsFailure, match=r"no name server of the zone of api\.example\.test"):
        world.lookups().near()(NAME)


def test_is_a_zone_that_nobody_serves_a_clear_line_with_the_way_out(world: World) -> None:
    world.recursive.zones = {}
    with pytest.raises(DnsFailure, match=r"cannot find the name servers of api.*GAMEDAY_DNS=ADD"):
        world.lookups().near()(NAME)


def test_is_a_recursive_resolver_asked_where_the_target_names_one(world: World) -> None:
    ask = world.lookups(GAMEDAY_DNS=f"127.0.0.1:{world.recursive.address[1]}").near(FAR)
    assert ask(NAME).addresses == ("127.0.7.7",)
    assert world.zone.queries == 0


def test_are_region_only_names_the_zone_s_and_is_localhost_known_without_dns(world: World) -> None:
    world.zone.names[f"us-east-1.{NAME}"] = ["127.0.1.1"]
    ask = world.lookups().near()
    assert ask(f"us-east-1.{NAME}").addresses == ("127.0.1.1",)
    asked = world.zone.queries
    assert "127.0.0.1" in ask("localhost").addresses
    assert world.zone.queries == asked


def test_does_an_answer_that_leads_out_of_the_zone_say_where(world: World) -> None:
    world.zone.aliases[NAME] = "localhost."
    answer = world.lookups().near()(NAME)
    assert "127.0.0.1" in answer.addresses
    assert answer.ttl_s <= 6.0
