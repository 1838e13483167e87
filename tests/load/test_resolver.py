"""What does a resolver answer, and for how long?"""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from fake_region import FakeDns

from gameday import settings
from gameday.errors import TargetError
from gameday.name_servers import Lookups
from gameday.resolver import (
    Answer,
    DnsFailure,
    RegionAddresses,
    ResolverCache,
    query,
    read_networks,
)

NAME = "api.example.test"


def test_which_addresses_does_a_server_answer_and_for_how_long() -> None:
    with FakeDns({NAME: ["127.0.1.1", "127.0.2.1"]}, ttl_s=6) as dns:
        answer = query(dns.address, NAME)
    assert sorted(answer.addresses) == ["127.0.1.1", "127.0.2.1"]
    assert (answer.ttl_s, answer.rcode) == (6.0, "NOERROR")


def test_does_the_client_subnet_reach_the_server() -> None:
    with FakeDns({NAME: ["127.0.1.1"]}) as dns:
        dns.by_subnet["203.0.113.0/24"] = {NAME: ["127.0.2.1"]}
        assert query(dns.address, NAME, "203.0.113.0/24").addresses == ("127.0.2.1",)
        assert query(dns.address, NAME, "198.51.100.0/24").addresses == ("127.0.1.1",)
        assert query(dns.address, NAME).addresses == ("127.0.1.1",)


def test_is_a_cut_answer_fetched_over_tcp() -> None:
    many = [f"10.0.{i // 250}.{i % 250 + 1}" for i in range(400)]
    with FakeDns({NAME: many}) as dns:
        assert len(query(dns.address, NAME).addresses) == 400
        assert dns.tcp_queries == 1


def test_is_a_name_that_does_not_exist_an_answer_with_a_negative_ttl() -> None:
    with FakeDns({}, negative_ttl_s=90) as dns:
        answer = query(dns.address, "nowhere.example.test")
    assert (answer.addresses, answer.rcode, answer.ttl_s) == ((), "NXDOMAIN", 90.0)


def test_does_a_silent_server_fail_in_time() -> None:
    with FakeDns({NAME: ["127.0.1.1"]}) as dns:
        dns.silent = True
        with pytest.raises(DnsFailure, match=r"no answer for api\.example\.test"):
            query(dns.address, NAME, timeout_s=0.05, tries=2)
        assert dns.queries == 2


class Script:
    """A lookup that answers what it is told, and a clock that is turned by hand."""

    def __init__(self, ttl_s: float = 60.0) -> None:
        self.addresses: tuple[str, ...] = ("127.0.1.1",)
        self.ttl_s, self.t, self.asked = ttl_s, 0.0, 0

    def __call__(self, name: str) -> Answer:
        self.asked += 1
        return Answer(self.addresses, self.ttl_s, "NOERROR" if self.addresses else "NXDOMAIN", 0.0)

    def clock(self) -> float:
        return self.t


def test_is_an_answer_used_until_its_ttl_is_over_and_no_longer() -> None:
    script = Script()
    cache = ResolverCache(script, monotonic=script.clock)
    assert cache.addresses(NAME) == ("127.0.1.1",)
    script.addresses, script.t = ("127.0.2.1",), 59.9
    assert cache.addresses(NAME) == ("127.0.1.1",)
    script.t = 60.0
    assert cache.addresses(NAME) == ("127.0.2.1",)
    assert cache.queries == 2


def test_do_caches_filled_together_expire_one_after_another() -> None:
    script = Script()
    caches = [ResolverCache(script, first_share=i / 20, monotonic=script.clock) for i in range(20)]
    for cache in caches:
        cache.get(NAME)
    script.addresses, script.t = ("127.0.2.1",), 30.0
    moved = sum(cache.addresses(NAME) == ("127.0.2.1",) for cache in caches)
    assert moved == 11  # shares 0, 0.05 .. 0.5
    script.t = 59.0
    assert all(cache.addresses(NAME) == ("127.0.2.1",) for cache in caches)


@pytest.mark.parametrize(("low", "high", "used"), [(300, float("inf"), 300), (0, 5, 5)])
def test_does_a_resolver_stretch_or_cap_ttls(low: float, high: float, used: float) -> None:
    script = Script()
    cache = ResolverCache(script, ttl_min_s=low, ttl_max_s=high, monotonic=script.clock)
    cache.get(NAME)
    script.t = used - 0.1
    cache.get(NAME)
    assert script.asked == 1
    script.t = used
    cache.get(NAME)
    assert script.asked == 2


def test_is_a_failure_neither_remembered_nor_papered_over() -> None:
    script = Script()
    cache = ResolverCache(script, monotonic=script.clock)
    cache.get(NAME)
    script.addresses, script.t = (), 61.0
    with pytest.raises(DnsFailure, match="has no address"):
        cache.addresses(NAME)


def test_do_many_callers_cause_one_query() -> None:
    asked, go = [], threading.Event()

    def slow(name: str) -> Answer:
        asked.append(name)
        go.wait(5)
        return Answer(("127.0.1.1",), 60.0, "NOERROR", 0.0)

    cache = ResolverCache(slow)
    callers = [threading.Thread(target=cache.get, args=(NAME,)) for _ in range(8)]
    for caller in callers:
        caller.start()
    go.set()
    for caller in callers:
        caller.join()
    assert len(asked) == 1


def test_to_which_region_does_an_address_belong() -> None:
    names = {"us-east-1.api.example.test": ["127.0.1.1"]}
    with FakeDns(names) as dns:
        now = [0.0]
        regions = RegionAddresses(
            ("us-east-1", "eu-west-1"), NAME, lambda n: query(dns.address, n), lambda: now[0]
        )
        assert regions.region_of("127.0.1.1") == "us-east-1"
        assert regions.region_of("127.0.2.1") is None
        names["eu-west-1.api.example.test"] = ["127.0.2.1"]
        assert regions.region_of("127.0.2.1") is None  # asked a moment ago
        now[0] = 2.0
        assert regions.region_of("127.0.2.1") == "eu-west-1"
        for addresses in names.values():
            addresses.append("127.0.9.9")  # in front of both, like an accelerator's
        now[0] = 4.0
        assert regions.region_of("127.0.9.9") is None
        assert regions.region_of("127.0.1.1") == "us-east-1"


def test_does_a_target_say_which_region_an_address_is() -> None:
    target = settings.current({"GAMEDAY_REGION_ADDRESSES": "us-east-1=127.0.1.1,eu=127.0.2.1"})
    regions = RegionAddresses((), NAME, lambda n: pytest.fail(n), known=target.region_addresses)
    assert regions.region_of("127.0.2.1") == "eu"
    assert regions.region_of("127.0.3.1") is None
    with pytest.raises(TargetError, match="is not REGION=ADDRESS"):
        settings.current({"GAMEDAY_REGION_ADDRESSES": "127.0.1.1"})


def test_does_a_target_with_a_dns_server_use_it() -> None:
    with FakeDns({NAME: ["127.0.1.1"]}) as dns:
        target = settings.current({"GAMEDAY_DNS": f"127.0.0.1:{dns.address[1]}"})
        assert Lookups(target).near()(NAME).addresses == ("127.0.1.1",)


def test_where_are_the_clients(tmp_path: Path) -> None:
    file = tmp_path / "networks.yaml"
    file.write_text("- {id: near, cidr: 198.51.100.0/24, latency_ms: {us-east-1: 20}}\n")
    (network,) = read_networks(file)
    assert (network.id, network.cidr, network.latency_ms) == (
        "near", "198.51.100.0/24", {"us-east-1": 20.0},
    )  # fmt: skip
    assert network.subnets == ("198.51.100.0/24",)
    assert [n.subnets for n in read_networks(None)] == [(None,)]
    file.write_text("- {id: vpn, cidr: 198.51.100.0/24, resolvers: [192.0.2.0/24, 10.0.0.0/8]}\n")
    (network,) = read_networks(file)
    assert network.subnets == ("192.0.2.0/24", "10.0.0.0/8"), "Route 53 hears of the resolver"


@pytest.mark.parametrize(
    "text",
    ["[]", "near: 1", "- {cidr: 1.2.3.0/24}", "- {id: a, cidr: x}", "- {id: a, resolvers: [x]}"],
)
def test_is_a_bad_networks_file_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "networks.yaml"
    file.write_text(text)
    with pytest.raises(TargetError, match=r"networks\.yaml"):
        read_networks(file)
