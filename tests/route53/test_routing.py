"""Record selection and plain DNS behaviour, statement by statement: question, health, answer."""

import random
from collections import Counter
from ipaddress import ip_network
from typing import Any

import pytest

from gameday.errors import UsageError
from gameday.route53.answer import Answer, External
from gameday.route53.client import REGION_COORDINATES, Client
from gameday.route53.geography import REGIONS
from gameday.route53.routing import answer, outcomes
from gameday.route53.zone import Zones, canonical
from gameday.route53.zone_json import parse_record_set, parse_zone, parse_zones

NEAR_US = Client("near-us-east-1", {"us-east-1": 20, "eu-west-1": 90})
NEAR_EU = Client("near-eu-west-1", {"us-east-1": 90, "eu-west-1": 20})
API = {"d-1.execute-api.us-east-1.amazonaws.com.": External({"A": ("127.0.1.1",)})}


def record(name: str, value: str | None = None, rtype: str = "A", **more: Any) -> dict[str, Any]:
    """A record set; `value` is its only value, `check` its health check, `ident` its identifier."""
    item: dict[str, Any] = {"Name": f"{name}.example.test" if name else "example.test"}
    item |= {"Type": rtype}
    if value is not None:
        item |= {"TTL": 60, "ResourceRecords": [{"Value": value}]}
    if check := more.pop("check", None):
        item["HealthCheckId"] = check
    if target := more.pop("to", None):
        health = more.pop("eth", True)
        item["AliasTarget"] = {
            "HostedZoneId": "Z1", "DNSName": target, "EvaluateTargetHealth": health,
        }  # fmt: skip
    return item | more


def zones(*records: dict[str, Any], **more: Any) -> Zones:
    return parse_zones({"zones": [{"id": "Z1", "name": "example.test", "record_sets": records}]}
                       | more)  # fmt: skip


def ask(
    where: Zones, name: str = "www", rtype: str = "A", client: Client = NEAR_US, *,
    down: str = "", seed: int = 0,
) -> Answer:  # fmt: skip
    """The answer while the checks named in `down` (blank between them) are unhealthy."""
    health = dict.fromkeys(down.split(), False)
    full = f"{name}.example.test" if name else "example.test"
    return answer(where, full, rtype, client, health, random.Random(seed), API.get)


def possible(where: Zones, name: str = "www", down: str = "", client: Client = NEAR_US) -> Any:
    """Which addresses may be answered, and how likely each set is."""
    health = dict.fromkeys(down.split(), False)
    found: Counter[str] = Counter()
    for o in outcomes(where, f"{name}.example.test", "A", client, health, API.get) or ():
        found[" ".join(o.answer.addresses)] += o.probability  # type: ignore[assignment]
    return {values: round(p, 9) for values, p in found.items()}


# --- weighted -------------------------------------------------------------------------------------


def weighted(*weights: int, unchecked: str = "") -> Zones:
    return zones(
        *(
            record("www", f"192.0.2.{n}", SetIdentifier=str(n), Weight=w,
                   **({} if str(n) in unchecked else {"check": f"hc{n}"}))
            for n, w in enumerate(weights, 1)
        )
    )  # fmt: skip


def shares(where: Zones, down: str = "") -> dict[int, float]:
    return {int(a.rpartition(".")[2]): p for a, p in possible(where, down=down).items()}


@pytest.mark.parametrize(
    ("weights", "down", "expected"),
    [
        pytest.param((10, 20, 20), "", {1: 0.2, 2: 0.4, 3: 0.4}, id="B12"),
        pytest.param((10, 20, 20), "hc3", {1: 1 / 3, 2: 2 / 3}, id="B13"),
        pytest.param((1, 1, 0), "", {1: 0.5, 2: 0.5}, id="B15-HHH"),
        pytest.param((1, 1, 0), "hc3", {1: 0.5, 2: 0.5}, id="B15-HHU"),
        pytest.param((1, 1, 0), "hc1 hc3", {2: 1}, id="B15-UHU"),
        pytest.param((1, 1, 0), "hc1", {2: 1}, id="B15-UHH"),
        pytest.param((1, 1, 0), "hc1 hc2", {3: 1}, id="B15-UUH"),
        pytest.param((1, 1, 0), "hc1 hc2 hc3", {1: 0.5, 2: 0.5}, id="B15-UUU"),
        pytest.param((0, 0, 0), "", {1: 1 / 3, 2: 1 / 3, 3: 1 / 3}, id="B16"),
        pytest.param((0, 0, 0), "hc2", {1: 0.5, 3: 0.5}, id="B17"),
    ],
)
def test_weighted(weights, down, expected):
    assert shares(weighted(*weights), down) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("down", "expected"),
    [
        pytest.param("", {1: 0.5, 2: 0.5}, id="B15-HH"),
        pytest.param("hc1", {2: 1}, id="B15-UH"),
        pytest.param("hc1 hc2", {3: 1}, id="B15-UU"),
    ],
)
def test_weighted_with_an_unchecked_zero(down, expected):
    assert shares(weighted(1, 1, 0, unchecked="3"), down) == pytest.approx(expected)


def test_b18_an_unchecked_zero_is_never_answered_beside_another_weight():
    assert shares(weighted(1, 0, unchecked="12")) == {1: 1}


def test_b12_draws_converge_to_the_weights_within_5_sigma():
    where, rng = weighted(10, 20, 20), random.Random(4711)
    drawn = Counter(
        answer(where, "www.example.test", "A", NEAR_US, {}, rng).addresses[0] for _ in range(4000)
    )
    for address, p in (("192.0.2.1", 0.2), ("192.0.2.2", 0.4), ("192.0.2.3", 0.4)):
        assert abs(drawn[address] - 4000 * p) < 5 * (4000 * p * (1 - p)) ** 0.5


# --- failover -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("down", "secondary_checked", "expected"),
    [
        pytest.param("", True, "192.0.2.1", id="FAIL-01"),
        pytest.param("p", False, "192.0.2.2", id="FAIL-02"),
        pytest.param("s", True, "192.0.2.1", id="FAIL-03"),
        pytest.param("p s", True, "192.0.2.1", id="FAIL-04"),
        pytest.param("p", True, "192.0.2.2", id="FAIL-05"),
    ],
)
def test_failover(down, secondary_checked, expected):
    where = zones(
        record("www", "192.0.2.1", SetIdentifier="p", Failover="PRIMARY", check="p"),
        record("www", "192.0.2.2", SetIdentifier="s", Failover="SECONDARY",
               **({"check": "s"} if secondary_checked else {})),
    )  # fmt: skip
    assert possible(where, down=down) == {expected: 1}


def test_b19_a_primary_group_stays_while_one_member_is_healthy():
    where = zones(
        record("www", SetIdentifier="p", Failover="PRIMARY", to="group.example.test"),
        record("www", "192.0.2.9", SetIdentifier="s", Failover="SECONDARY"),
        record("group", "192.0.2.1", SetIdentifier="1", Weight=1, check="hc1"),
        record("group", "192.0.2.2", SetIdentifier="2", Weight=1, check="hc2"),
    )
    assert possible(where, down="hc1") == {"192.0.2.2": 1}
    assert possible(where, down="hc1 hc2") == {"192.0.2.9": 1}


# --- latency --------------------------------------------------------------------------------------

LATENCY = zones(
    record("www", "127.0.1.1", SetIdentifier="us", Region="us-east-1", check="us"),
    record("www", "127.0.2.1", SetIdentifier="eu", Region="eu-west-1", check="eu"),
)


@pytest.mark.parametrize(
    ("client", "down", "expected"),
    [
        pytest.param(NEAR_US, "", "127.0.1.1", id="B21-us"),
        pytest.param(NEAR_EU, "", "127.0.2.1", id="B21-eu"),
        pytest.param(NEAR_US, "us", "127.0.2.1", id="B22-next-best"),
        pytest.param(NEAR_US, "us eu", "127.0.1.1", id="B22-all-down"),
        pytest.param(NEAR_EU, "us eu", "127.0.2.1", id="B22-all-down-eu"),
    ],
)
def test_latency(client, down, expected):
    assert possible(LATENCY, down=down, client=client) == {expected: 1}


def test_the_answer_says_whether_the_client_mattered():
    assert ask(LATENCY).by_client
    assert not ask(weighted(1, 2)).by_client


def test_the_path_says_why_each_record_was_chosen_or_passed_over():
    us, eu = ask(LATENCY, down="us").path
    assert (us.set_identifier, us.chosen, us.healthy) == ("us", False, False)
    assert us.why == "health check us is unhealthy"
    assert (eu.set_identifier, eu.chosen, eu.healthy) == ("eu", True, True)
    assert eu.why == "90 ms to eu-west-1 from near-us-east-1"
    failed_open = ask(LATENCY, down="us eu").path[0]
    assert failed_open.chosen
    assert "so all count as healthy" in failed_open.why


# --- geolocation ----------------------------------------------------------------------------------


def place(value: str, check: str, **location: str) -> dict[str, Any]:
    return record("www", value, SetIdentifier=check, GeoLocation=location, check=check)


GEO = (
    place("192.0.2.1", "wa", CountryCode="US", SubdivisionCode="WA"),
    place("192.0.2.2", "us", CountryCode="US"),
    place("192.0.2.3", "na", ContinentCode="NA"),
)
DEFAULT = place("192.0.2.4", "any", CountryCode="*")
SEATTLE = Client("seattle", continent="NA", country="US", subdivision="WA")
BOSTON = Client("boston", continent="NA", country="US", subdivision="MA")
UNKNOWN_STATE = Client("us", continent="NA", country="US")
TORONTO = Client("toronto", continent="NA", country="CA")
PARIS = Client("paris", continent="EU", country="FR")


@pytest.mark.parametrize(
    ("client", "down", "expected"),
    [
        pytest.param(SEATTLE, "", "192.0.2.1", id="B26-state"),
        pytest.param(BOSTON, "", "192.0.2.2", id="B26-country"),
        pytest.param(TORONTO, "", "192.0.2.3", id="B26-continent"),
        pytest.param(PARIS, "", "192.0.2.4", id="B26-default"),
        pytest.param(SEATTLE, "wa", "192.0.2.2", id="B27-next-larger"),
        pytest.param(SEATTLE, "wa us", "192.0.2.3", id="B27-continent"),
        pytest.param(SEATTLE, "wa us na", "192.0.2.4", id="B27-default"),
        pytest.param(SEATTLE, "wa us na any", "192.0.2.1", id="B27-smallest-again"),
        pytest.param(TORONTO, "na any", "192.0.2.3", id="B29-only-what-applies"),
        pytest.param(Client(), "", "192.0.2.4", id="B28-no-location"),
        pytest.param(UNKNOWN_STATE, "", "192.0.2.2", id="B30-no-state"),
    ],
)
def test_geolocation(client, down, expected):
    assert possible(zones(*GEO, DEFAULT), down=down, client=client) == {expected: 1}


@pytest.mark.parametrize("client", [PARIS, Client()], ids=["B28-elsewhere", "B28-nowhere"])
def test_b28_without_a_default_there_is_no_answer(client):
    given = ask(zones(*GEO), client=client)
    assert (given.rcode, given.records) == ("NOERROR", ())
    assert given.authority[0].type == "SOA"


def test_b29_an_alias_is_as_healthy_as_what_applies_to_the_client():
    where = zones(
        *GEO, DEFAULT,
        record("top", SetIdentifier="p", Failover="PRIMARY", to="www.example.test"),
        record("top", "192.0.2.9", SetIdentifier="s", Failover="SECONDARY"),
    )  # fmt: skip
    assert possible(where, "top", down="na any", client=TORONTO) == {"192.0.2.9": 1}
    assert possible(where, "top", down="na any", client=SEATTLE) == {"192.0.2.1": 1}


# --- geoproximity, multivalue, IP-based -----------------------------------------------------------


def near(value: str, ident: str, bias: int = 0, **where: Any) -> dict[str, Any]:
    location = where | {"Bias": bias}
    return record("www", value, SetIdentifier=ident, GeoProximityLocation=location, check=ident)


def test_b33_the_nearest_wins_and_a_bias_halves_the_distance():
    equator = Client("equator", coordinates=(0.0, 0.0))
    west = {"Coordinates": {"Latitude": "0", "Longitude": "-1.5"}}
    east = {"Coordinates": {"Latitude": "0", "Longitude": "1"}}
    plain = zones(near("192.0.2.1", "w", **west), near("192.0.2.2", "e", **east))
    assert possible(plain, client=equator) == {"192.0.2.2": 1}
    assert possible(plain, down="e", client=equator) == {"192.0.2.1": 1}
    biased = zones(near("192.0.2.1", "w", 50, **west), near("192.0.2.2", "e", **east))
    assert possible(biased, client=equator) == {"192.0.2.1": 1}


def test_b34_every_region_that_is_known_has_a_place():
    assert REGION_COORDINATES.keys() >= REGIONS


def test_b34_a_region_or_its_local_zone_is_a_place():
    where = zones(
        near("192.0.2.1", "us", AWSRegion="us-east-1"),
        near("192.0.2.2", "or", LocalZoneGroup="us-west-2-pdx-1"),
    )
    assert possible(where, client=Client("x", coordinates=(45.0, -120.0))) == {"192.0.2.2": 1}
    assert possible(where, client=NEAR_US) == {"192.0.2.1": 1}


def multivalue(count: int) -> Zones:
    return zones(
        *(
            record(
                "www", f"192.0.2.{n}", SetIdentifier=str(n), MultiValueAnswer=True, check=f"h{n}"
            )
            for n in range(1, count + 1)
        )
    )


@pytest.mark.parametrize(
    ("count", "down", "answered"),
    [
        pytest.param(3, "", {1, 2, 3}, id="B36-all"),
        pytest.param(3, "h2", {1, 3}, id="B36-the-healthy"),
        pytest.param(3, "h1 h2 h3", {1, 2, 3}, id="B36-none-healthy"),
        pytest.param(9, "h9", set(range(1, 9)), id="B36-eight"),
    ],
)
def test_multivalue(count, down, answered):
    given = ask(multivalue(count), down=down).addresses
    assert {int(a.rpartition(".")[2]) for a in given} == answered


def test_b36_of_more_than_eight_each_is_answered_to_somebody():
    where = multivalue(12)
    answers = [set(ask(where, seed=s).addresses) for s in range(60)]
    assert {len(a) for a in answers} == {8}
    assert len(set.union(*answers)) == 12


def test_b36_a_value_of_two_records_is_answered_once():
    same = [
        record("www", "192.0.2.1", SetIdentifier=str(n), MultiValueAnswer=True) for n in range(2)
    ]
    assert ask(zones(*same)).addresses == ("192.0.2.1",)


CIDR = {
    "cidr_collections": [
        {"id": "c1", "locations": {"office": ["10.1.0.0/16"], "lab": ["10.1.2.0/24"]}}
    ]
}


def by_cidr(value: str, name: str) -> dict[str, Any]:
    config = {"CollectionId": "c1", "LocationName": name}
    return record("www", value, SetIdentifier=name, CidrRoutingConfig=config, check=name)


@pytest.mark.parametrize(
    ("prefix", "down", "expected"),
    [
        pytest.param("10.1.9.0/24", "", "192.0.2.1", id="B38-longer-matches"),
        pytest.param("10.1.2.0/24", "", "192.0.2.2", id="B41-longest-nested"),
        pytest.param("10.1.2.0/23", "", "192.0.2.1", id="B38-shorter-than-the-block"),
        pytest.param("10.0.0.0/8", "", "192.0.2.3", id="B38-else-default"),
        pytest.param("10.1.2.0/24", "lab", "192.0.2.1", id="B1-again-among-the-rest"),
        pytest.param("2001:db8::/48", "", "192.0.2.3", id="other-family"),
    ],
)
def test_ip_based(prefix, down, expected):
    where = zones(
        by_cidr("192.0.2.1", "office"),
        by_cidr("192.0.2.2", "lab"),
        by_cidr("192.0.2.3", "*"),
        **CIDR,
    )
    client = Client("x", prefix=ip_network(prefix))
    assert possible(where, down=down, client=client) == {expected: 1}


# --- alias trees ----------------------------------------------------------------------------------


def tree(eth: bool = True, top_check: str = "") -> Zones:
    """Latency over weighted, as in dns-failover-complex-configs."""
    more = {"check": top_check} if top_check else {}
    return zones(
        record(
            "www", SetIdentifier="us", Region="us-east-1", to="us.example.test", eth=eth, **more
        ),
        record("www", SetIdentifier="eu", Region="eu-west-1", to="eu.example.test", eth=eth),
        record("us", "192.0.2.1", SetIdentifier="1", Weight=1, check="us1"),
        record("us", "192.0.2.2", SetIdentifier="2", Weight=1, check="us2"),
        record("eu", "192.0.2.3", SetIdentifier="1", Weight=1, check="eu1"),
    )


@pytest.mark.parametrize(
    ("where", "down", "expected"),
    [
        pytest.param(tree(), "us1", {"192.0.2.2": 1}, id="B4-one-is-enough"),
        pytest.param(tree(), "us1 us2", {"192.0.2.3": 1}, id="B4-branch-skipped"),
        pytest.param(tree(), "us1 us2 eu1", {"192.0.2.1": 0.5, "192.0.2.2": 0.5}, id="B8-all"),
        pytest.param(tree(False), "us1 us2", {"192.0.2.1": 0.5, "192.0.2.2": 0.5}, id="B6"),
        pytest.param(tree(top_check="top"), "top", {"192.0.2.3": 1}, id="B5-own-check"),
        pytest.param(tree(top_check="top"), "us1 us2", {"192.0.2.3": 1}, id="B5-target"),
    ],
)
def test_alias_trees(where, down, expected):
    assert possible(where, down=down) == expected


def test_b7_a_leaf_without_a_check_keeps_its_branch():
    where = zones(
        record("www", SetIdentifier="us", Region="us-east-1", to="us.example.test"),
        record("www", "192.0.2.9", SetIdentifier="eu", Region="eu-west-1"),
        record("us", "192.0.2.1", SetIdentifier="1", Weight=1, check="us1"),
        record("us", "192.0.2.2", SetIdentifier="2", Weight=1),
    )
    assert possible(where, down="us1") == {"192.0.2.2": 1}


def chain(levels: int, end: dict[str, Any]) -> Zones:
    """Aliases n0, n1, ... to one another; the last is to n<levels>, which is `end`."""
    return zones(*(record(f"n{i}", to=f"n{i + 1}.example.test") for i in range(levels)), end)


def test_b11_three_levels_of_aliases_and_no_more():
    assert ask(chain(3, record("n3", "192.0.2.1")), "n0").addresses == ("192.0.2.1",)
    assert ask(chain(4, record("n4", "192.0.2.1")), "n0").rcode == "SERVFAIL"


def test_b11_the_aws_resource_behind_three_levels_is_no_level():
    where = chain(3, record("n3", to="d-1.execute-api.us-east-1.amazonaws.com"))
    assert ask(where, "n0").addresses == ("127.0.1.1",)


def test_b45_an_alias_answers_under_its_own_name_at_the_apex_too():
    where = zones(record("", to="www.example.test"), record("www", "192.0.2.1", TTL=30))
    (rrset,) = ask(where, "").records
    assert (rrset.name, rrset.type, rrset.ttl_s) == ("example.test.", "A", 30)


def test_b46_an_alias_outside_the_zone_has_the_resources_ttl():
    where = zones(record("www", to="d-1.execute-api.us-east-1.amazonaws.com"))
    (rrset,) = ask(where).records
    assert (rrset.ttl_s, rrset.values) == (60, ("127.0.1.1",))
    assert ask(where, rtype="AAAA").records == ()


def test_b10_types_are_chosen_independently():
    where = zones(
        record("www", "192.0.2.1", SetIdentifier="p", Failover="PRIMARY", check="four"),
        record("www", "192.0.2.2", SetIdentifier="s", Failover="SECONDARY"),
        record("www", "2001:db8::1", "AAAA", SetIdentifier="p", Failover="PRIMARY", check="six"),
        record("www", "2001:db8::2", "AAAA", SetIdentifier="s", Failover="SECONDARY"),
    )
    assert ask(where, rtype="A", down="four").addresses == ("192.0.2.2",)
    assert ask(where, rtype="AAAA", down="four").addresses == ("2001:db8::1",)


def test_b2_a_check_that_nobody_knows_is_healthy():
    assert possible(LATENCY, down="another") == {"127.0.1.1": 1}


# --- plain DNS ------------------------------------------------------------------------------------

PLAIN = zones(
    record("", "ns-1.example.net. host.example.net. 1 7200 900 1209600 86400", "SOA", TTL=900),
    record("", "ns-1.example.net.", "NS", TTL=172800),
    record("www", "192.0.2.1"),
    record("a.b", "192.0.2.2"),
    record(r"\052.wild", "192.0.2.3"),
    record("there.wild", "text", "TXT"),
    record("short", "www.example.test", "CNAME"),
    record("far", "www.example.org", "CNAME"),
    record("loop", "loop.example.test", "CNAME"),
    record("gateway", "d-1.execute-api.us-east-1.amazonaws.com", "CNAME"),
    record("child", "ns.child.example.test", "NS"),
    record("ns.child", "192.0.2.53"),
)


@pytest.mark.parametrize(
    ("name", "rtype", "rcode", "values"),
    [
        pytest.param("WWW", "A", "NOERROR", ("192.0.2.1",), id="B58-case"),
        pytest.param("www", "AAAA", "NOERROR", (), id="B55-nodata"),
        pytest.param("no", "A", "NXDOMAIN", (), id="B55-nxdomain"),
        pytest.param("b", "A", "NOERROR", (), id="B55-something-below"),
        pytest.param("x.wild", "A", "NOERROR", ("192.0.2.3",), id="B56-wildcard"),
        pytest.param("x.y.wild", "A", "NOERROR", ("192.0.2.3",), id="B56-several-labels"),
        pytest.param("there.wild", "A", "NOERROR", (), id="B56-specific-beats-it"),
        pytest.param("x.wild", "AAAA", "NOERROR", (), id="B56-nodata"),
        pytest.param("*.wild", "A", "NOERROR", ("192.0.2.3",), id="B56-itself"),
    ],
)
def test_plain_names(name, rtype, rcode, values):
    given = ask(PLAIN, name, rtype)
    assert (given.rcode, given.addresses) == (rcode, values)


@pytest.mark.parametrize("written", ["a!b@c", r"a\041b\100c", r"\101!B\100C"])
def test_b58_a_name_is_the_same_however_it_was_written(written):
    where = zones(record(written, "192.0.2.1"))
    for asked in ("a!b@c", r"A\041b\100c"):
        assert ask(where, asked).addresses == ("192.0.2.1",)


@pytest.mark.parametrize("kept", [r"\311", r"\000", r"\056", r"\134", "é", "a b"])
def test_b58_what_is_no_letter_has_no_case_and_is_written_in_one_way(kept):
    assert canonical(kept) == f"{kept}."


def test_b52_the_zones_name_servers_stand_in_authority():
    assert [(r.type, r.ttl_s) for r in ask(PLAIN).authority] == [("NS", 172800)]
    assert ask(PLAIN, "", "NS").authority == ()


def test_b54_nothing_is_remembered_for_900_s():
    assert [(r.type, r.ttl_s) for r in ask(PLAIN, "no").authority] == [("SOA", 900)]


def test_b53_a_cname_is_followed_within_what_the_lab_knows():
    assert [(r.type, r.values) for r in ask(PLAIN, "short").records] == [
        ("CNAME", ("www.example.test",)), ("A", ("192.0.2.1",)),
    ]  # fmt: skip
    assert [r.type for r in ask(PLAIN, "far").records] == ["CNAME"]
    assert ask(PLAIN, "gateway").addresses == ("127.0.1.1",)


def test_b53_a_circle_of_cnames_is_answered_once_around():
    where = zones(
        record("one", "two.example.test", "CNAME"), record("two", "ONE.example.test", "CNAME"),
        record("self", "self.example.test", "CNAME"),
    )  # fmt: skip
    for name, around in (("one", ["one", "two"]), ("two", ["two", "one"]), ("self", ["self"])):
        given = ask(where, name)
        assert given.rcode == "NOERROR"
        assert [r.name for r in given.records] == [f"{n}.example.test." for n in around]


def test_b53_a_long_chain_of_cnames_is_left_to_the_resolver_in_the_middle():
    links = [record(f"n{i}", f"n{i + 1}.example.test", "CNAME") for i in range(30)]
    given = ask(zones(*links), "n0")
    assert given.rcode == "NOERROR"
    assert [r.values[0] for r in given.records] == [f"n{i + 1}.example.test" for i in range(9)]


def test_b59_a_zone_beside_its_parent_leaves_the_parent_its_ds():
    digest = f"12345 13 2 {'ab' * 32}"
    parent = [record("child", "ns.other.net", "NS"), record("child", digest, "DS")]
    apex = record("child", "ns.other.net", "NS")
    both = parse_zones(
        {
            "zones": [
                {"id": "Z1", "name": "example.test", "record_sets": parent},
                {"id": "Z2", "name": "child.example.test", "record_sets": [apex]},
            ]
        }
    )
    assert [r.values for r in ask(both, "child", "DS").records] == [(digest,)]
    assert [r.type for r in ask(both, "child", "NS").records] == ["NS"]


def test_b60_any_gets_one_small_record_where_the_name_exists():
    for name in ("", "www", "short", "b", "x.wild", "loop"):
        assert [r.type for r in ask(PLAIN, name, "ANY").records] == ["HINFO"], name
    assert ask(PLAIN, "no", "ANY").rcode == "NXDOMAIN"
    assert not ask(PLAIN, "www.child", "ANY").authoritative


def test_b59_a_cname_into_a_delegated_child_is_answered_with_authority():
    where = zones(
        record("short", "www.child.example.test", "CNAME"), record("child", "ns.other.net", "NS"),
    )  # fmt: skip
    given = ask(where, "short")
    assert given.authoritative  # it is of the first name: RFC 1035 section 4.1.1
    assert [(r.name, r.type) for r in given.authority] == [("child.example.test.", "NS")]


def test_b59_a_delegated_child_is_a_referral_with_glue():
    given = ask(PLAIN, "www.child")
    assert not given.authoritative
    assert given.records == ()
    assert [(r.name, r.type) for r in given.authority] == [("child.example.test.", "NS")]
    assert given.additional[0].values == ("192.0.2.53",)


def test_a_name_in_no_zone_is_refused():
    assert answer(PLAIN, "example.org", "A", NEAR_US, {}, random.Random(0)).rcode == "REFUSED"


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"Type": "A"}, "needs Name and Type"),
        (record("www"), "www.example.test. A: give either AliasTarget or ResourceRecords"),
        (record("www", "192.0.2.1", Weight=1), "Weight needs a SetIdentifier"),
        (
            record("www", "192.0.2.1", SetIdentifier="x", Weight=1, Region="eu-west-1"),
            "www.example.test. A (x): Weight and Region exclude one another",
        ),
        (record("www", "192.0.2.1", TTL="soon"), "A: TTL is soon, not a whole number"),
        ({"Name": "x.", "Type": 5}, "Type is 5, but must be text"),
        (record("www", "192.0.2.1", TTL=-1), "TTL is -1, not within 0 to 2147483647"),
        (record("www", "192.0.2.1", TTL=1e400), "TTL is inf, not a whole number"),
        (record("www", "192.0.2.1", TTL=True), "TTL is True, not a whole number"),
        (record("www", "192.0.2.1", TTL=None), "TTL is missing"),
        (record("www", ""), "Value is missing"),
        (record("www", ResourceRecords="192.0.2.1"), "but must be a list of objects"),
        (record("www", "192.0.2.1", SetIdentifier=[1]), "SetIdentifier is [1], but must be text"),
        (record("www", "192.0.2.1", HealthCheckId=["a"]), "HealthCheckId is ['a'], but must be"),
        (record("www", "192.0.2.1", SetIdentifier="x", Weight=256), "Weight is 256, not within 0"),
        (record("www", "192.0.2.1", SetIdentifier="x", Weight=-5), "Weight is -5, not within 0 to"),
        (
            record("www", "192.0.2.1", SetIdentifier="x", Failover="TERTIARY"),
            "(x): Failover is TERTIARY, not one of PRIMARY, SECONDARY",
        ),
        (
            record("www", "192.0.2.1", SetIdentifier="x", GeoLocation="x"),
            "GeoLocation is x, but must be an object",
        ),
        (
            record("www", "192.0.2.1", SetIdentifier="x", GeoLocation={"ContinentCode": "QQ"}),
            "ContinentCode is QQ, not one of AF, ",
        ),
        (
            record(
                "www",
                AliasTarget={"DNSName": True, "HostedZoneId": "Z1", "EvaluateTargetHealth": False},
            ),
            "DNSName is True, but must be text",
        ),
        (
            record("www", AliasTarget={"DNSName": "x.", "HostedZoneId": "Z1"}),
            "EvaluateTargetHealth is missing",
        ),
    ],
)
def test_a_malformed_record_set_is_one_line_that_names_it(item, words):
    with pytest.raises(UsageError) as caught:
        parse_record_set(item)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_record_outside_its_zone_is_named():
    with pytest.raises(UsageError, match=r"www\.example\.test\. A: not in zone example\.org\."):
        parse_zone("Z1", "example.org", [record("www", "192.0.2.1")])
