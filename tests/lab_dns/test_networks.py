"""Where clients are: the default networks, the file, and which network an address is in."""

from ipaddress import ip_network

import pytest

from gameday.errors import UsageError
from gameday.lab.networks import Networks, default_networks, parse_networks, read_networks


def test_the_default_networks_are_one_near_each_region():
    near_us, near_eu = default_networks(["us-east-1", "eu-west-1"])
    assert (near_us["id"], near_us["cidr"]) == ("near-us-east-1", "198.51.100.0/24")
    assert near_us["latency_ms"] == {"us-east-1": 20.0, "eu-west-1": 90.0}
    assert (near_eu["id"], near_eu["cidr"]) == ("near-eu-west-1", "203.0.113.0/24")
    assert near_eu["latency_ms"] == {"us-east-1": 90.0, "eu-west-1": 20.0}


def test_more_regions_have_networks_that_do_not_overlap():
    networks = default_networks([f"eu-west-{n}" for n in range(1, 9)])
    blocks = [ip_network(n["cidr"]) for n in networks]
    assert len({n["id"] for n in networks}) == 8
    assert not any(a.overlaps(b) for a in blocks for b in blocks if a is not b)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.7", "near-us-east-1"),
        ("203.0.113.255", "near-eu-west-1"),
        ("127.0.0.1", "near-us-east-1"),
        ("192.0.2.1", "unmapped"),
        ("2001:db8::1", "unmapped"),
    ],
)
def test_an_address_is_in_the_network_that_holds_it(address, network):
    networks = Networks(default_networks(["us-east-1", "eu-west-1"]))
    assert networks.of_source(address).network == network


def test_is_each_default_network_on_the_continent_of_its_region():
    regions = ["us-east-1", "ap-southeast-1", "ap-southeast-2", "cn-north-1", "eusc-de-east-1"]
    found = [network["continent"] for network in default_networks(regions)]
    assert found == ["NA", "AS", "OC", "AS", "EU"]


def test_does_a_country_say_on_which_continent_it_is():
    text = """
    - {id: said, cidr: 10.0.0.0/8, latency_ms: {}, country: TR, continent: EU}
    - {id: known, cidr: 11.0.0.0/8, latency_ms: {}, country: DE}
    - {id: neither, cidr: 12.0.0.0/8, latency_ms: {}}
    """
    clients = Networks(parse_networks(text)).clients
    assert [client.continent for client in clients] == ["EU", "EU", None]


def test_the_longest_prefix_wins_and_a_shorter_question_does_not_match():
    text = """
    - {id: wide, cidr: 10.0.0.0/8, latency_ms: {us-east-1: 1}, country: US, continent: NA}
    - {id: narrow, cidr: 10.1.0.0/16, latency_ms: {us-east-1: 2}, coordinates: [1.5, -2]}
    """
    networks = Networks(parse_networks(text))
    assert networks.of_source("10.1.2.3").network == "narrow"
    assert networks.of_source("10.1.2.3").coordinates == (1.5, -2.0)
    assert networks.of_source("10.2.2.3").country == "US"
    assert networks.of_prefix(ip_network("10.0.0.0/7")).network == "unmapped"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- {id: a", "networks.yaml:1: not YAML"),
        ("{}", "must be a list"),
        ("- {cidr: 10.0.0.0/8}", "network 1 has no id"),
        ("- {id: a, cidr: 10.0.0.0/8}", "network a: latency_ms is missing"),
        ("- {id: a, cidr: 10.0.0.1/8, latency_ms: {}}", "network a: 10.0.0.1/8 has host bits set"),
        ("- {id: a, cidr: 10.0.0.0/8, latency_ms: {x: -1}}", "network a: a latency below 0 ms"),
        (
            "- {id: a, cidr: 10.0.0.0/8, latency_ms: {x: far}}",
            "the latency to x is far, not a number",
        ),
        ("- {id: a, cidr: 10.0.0.0/8, latency_ms: {x: .inf}}", "the latency to x is inf, not a"),
        ("- {id: [a], cidr: 10.0.0.0/8, latency_ms: {}}", "id must be a text"),
        ("- {id: a, cidr: 7, latency_ms: {}}", "cidr: 7 is not a block like"),
        ("- {id: a, cidr: 10.0.0.0/8, latency_ms: 3}", "latency_ms must name Regions"),
        ("- {id: a, cidr: 10.0.0.0/8, latency_ms: {}, coordinates: [91, 200]}", "[91, 200] are"),
        ("- {id: a, cidr: 10.0.0.0/8, latency_ms: {}, continent: QQ}", "continent is QQ, not one"),
        ("- {id: a, cidr: 10.0.0.0/8, latency_ms: {}, country: XX}", "country XX is not one of"),
        ("- {id: a, cidr: 10.0.0.0/8, latency_ms: {}, country: US, subdivision: QQ}", "QQ is not"),
        ("- {id: a, cidr: 10.0.0.0/8, latency_ms: {}, subdivision: CA}", "CA without its country"),
        (
            "- {id: a, cidr: 10.0.0.0/8, latency_ms: {}}\n"
            "- {id: b, cidr: 10.0.0.0/8, latency_ms: {}}",
            "networks a and b have the same cidr",
        ),
        ("- {id: a, since: 2026-13-45}", "not YAML: month must be"),
        ("- {id: a, cidr: 10.0.0.0/8, latency_ms: {}, land: x}", "unknown member land"),
        ("- {id: a, cidr: 10.0.0.0/8, latency_ms: {}, resolvers: [10.0.0.1/8]}", "has host bits"),
        ("- {id: a, cidr: 10.0.0.0/8, latency_ms: {}, resolvers: 3}", "network a: "),
        (
            "- {id: a, cidr: 10.0.0.0/8, latency_ms: {}}\n- {id: a, cidr: 11.0.0.0/8}",
            "network a is listed twice",
        ),
    ],
)
def test_a_bad_file_is_one_line_with_the_place(text, words):
    with pytest.raises(UsageError) as caught:
        parse_networks(text, "networks.yaml")
    assert words in str(caught.value)
    assert str(caught.value).startswith("networks.yaml")
    assert "\n" not in str(caught.value)


def test_is_a_file_that_is_no_text_named(tmp_path):
    latin = tmp_path / "networks.yaml"
    latin.write_bytes("- {id: münchen}".encode("latin-1"))
    with pytest.raises(UsageError, match=r"networks\.yaml: not UTF-8 text: byte 8"):
        read_networks(latin)
    with pytest.raises(UsageError, match="cannot read the networks: Is a directory"):
        read_networks(tmp_path)
