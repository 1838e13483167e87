"""Which side is an answer of, which check decides, and what takes over in trees of records?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from route53_exports import (
    IP,
    NAME,
    REGIONS,
    a,
    alias,
    calculated,
    check,
    checks,
    plain,
    probe,
    record,
    view,
    zone,
)

from gameday.cli import main
from gameday.predict.crowd import Crowd, Spread, slowest
from gameday.predict.forecast import Forecast, forecast
from gameday.predict.kind import kinds
from gameday.predict.model import Settings
from gameday.predict.side import SHARED, paths, watched
from gameday.predict.takeover import all_red, lose, turn_red
from gameday.predict.view import View
from gameday.predict.way import ways
from gameday.predict.zone import settings_for
from gameday.review.catalogue import catalogue, routing_subject
from gameday.route53.exports import read

US, EU = REGIONS


def foretold(given: dict, health: dict | None = None) -> dict[str, Forecast]:
    found = forecast(read(given, health or checks()), Settings(), kinds(), Crowd(1000, 10))
    return {one.name: one for one in found}


def decided(seen: View, side: str) -> list[tuple[str, float]]:
    """The check and the TTL of each way out, the slowest first."""
    return [(w.check.id, w.settings.ttl_s) for w in ways(seen, side, Settings()) if w.settings]


def two_of_a_side(threshold: int = 10) -> tuple[dict, dict]:
    """The Region us-east-1 in two weighted records, a fast and a slow one, beside eu-west-1."""
    return (
        zone(
            *(
                plain(region, ttl, Weight=1) | {"SetIdentifier": f"{region}-{n}",
                                                "HealthCheckId": f"{region}-{n}"}
                for region, n, ttl in ((US, 1, 5), (US, 2, 300), (EU, 1, 60))
            )
        ),
        checks(probe(f"{US}-1", 10, 1), probe(f"{US}-2", 30, threshold), probe(f"{EU}-1")),
    )  # fmt: skip


def test_does_a_side_with_several_records_take_as_long_as_its_slowest() -> None:
    loss = foretold(*two_of_a_side())["api.example.test"].losses[0]
    assert [(w.check.id, w.worst_s) for w in loss.ways] == [(f"{US}-2", 600), (f"{US}-1", 15)]
    assert loss.clients["per-request"].worst_s == pytest.approx(600, abs=1)


def test_is_the_slowest_said_and_the_objective_missed(tmp_path) -> None:
    asked = predict_command(tmp_path, *two_of_a_side())
    assert asked.exit_code == 1
    assert (
        "check us-east-1-2 (30 s x 10) is red after 294.7 s (270..300); TTL 300 s" in asked.output
    )
    assert "clients that are answered what is slowest of these" in asked.output


def predict_command(tmp_path: Path, given: dict, health: dict, rto_s: int = 60) -> Result:
    (tmp_path / "z.json").write_text(json.dumps(given))
    (tmp_path / "c.json").write_text(json.dumps(health))
    files = ["--zone", f"{tmp_path}/z.json", "--health-checks", f"{tmp_path}/c.json"]
    return CliRunner().invoke(main, ["predict", *files, "--rto", f"{rto_s}"])


def test_does_advice_hold_for_every_record_of_a_side(tmp_path) -> None:
    """Shortening the slow record's TTL alone would leave its check; the plan names both."""
    asked = predict_command(tmp_path, *two_of_a_side())
    assert "meets 60 s: request interval 30 -> 10 s and failure threshold 10 -> 3" in asked.output


def test_is_the_slowest_of_spreads_never_earlier_than_any() -> None:
    quick = Spread(10, 10, 20, 30, ((0, 1.0), (10, 0.5), (30, 0.0)))
    late = Spread(15, 12, 18, 25, ((0, 1.0), (20, 0.6), (25, 0.0)))
    found = slowest([quick, late])
    assert (found.mean_s, found.p50_s, found.p95_s, found.worst_s) == (15, 12, 20, 30)
    assert found.curve == ((0, 1.0), (10, 0.8), (20, 0.6), (25, 0.125), (30, 0.0))


def test_is_a_runs_prediction_of_the_slowest_record_of_the_region() -> None:
    found = settings_for(*two_of_a_side(), "api.example.test", US)
    assert (found.interval_s, found.threshold, found.ttl_s) == (30, 10, 300)


def tree(labels: tuple[str, str], eth: bool = True) -> tuple[dict, dict]:
    """A latency record per Region above a weighted group of two addresses each."""
    records, probes = [], []
    for region, place, interval in ((US, "us.example.test.", 10), (EU, "eu.example.test.", 30)):
        records.append(alias(region, place, Region=region, eth=eth))
        for n, label in enumerate(labels):
            hc, ip = f"{place[:2]}-{n}", IP[region][:-1] + str(n)
            records.append(a(place, label.format(place[:2]), ip, hc=hc, Weight=10))
            probes.append(probe(hc, interval, IPAddress=ip))
    return zone(*records), checks(*probes)


@pytest.mark.parametrize("labels", [("blue", "green"), ("i-{}-a", "i-{}-b")])
def test_are_the_leaves_of_a_tree_of_the_region_above_them(labels) -> None:
    seen = view(*tree(labels))
    assert seen.sides == REGIONS
    assert [dict(m.after) for m in lose(seen, US).moves] == [{EU: 1.0}]
    assert [(w.check.id, w.worst_s) for w in ways(seen, EU, Settings())] == [("eu-0", 150)]


def test_is_a_branch_lost_as_a_whole_where_nothing_names_a_region() -> None:
    pair = zone(
        alias("p", "g.example.test.", Failover="PRIMARY"),
        a(NAME, "s", "203.0.113.9", Failover="SECONDARY"),
        a("g.example.test.", "x", "192.0.2.1", hc="x", Weight=1),
        a("g.example.test.", "y", "192.0.2.2", hc="y", ttl=20, Weight=1),
    )
    health = checks(probe("x", 10), probe("y", 30))
    seen = view(pair, health)
    assert seen.sides == ("p", "s")
    assert [dict(m.after) for m in lose(seen, "p").moves] == [{"s": 1.0}]
    assert decided(seen, "p") == [("y", 20), ("x", 60)]
    assert view(pair, health, "g.example.test.").sides == ("x", "y")


def test_why_does_a_branch_stay_whose_alias_is_blind() -> None:
    found = lose(view(*tree(("blue", "green"), eth=False)), US)
    assert found.still_dead == 1.0
    assert f"{NAME} A ({US}) does not evaluate the health of its target" in found.why_dead


def test_are_records_with_one_address_lost_together() -> None:
    """The default leads where Europe leads: it takes nothing over."""
    placed = zone(
        a(NAME, "europe", "192.0.2.1", hc="e", GeoLocation={"ContinentCode": "EU"}),
        a(NAME, "default", "192.0.2.1", GeoLocation={"CountryCode": "*"}),
        a(NAME, "asia", "198.51.100.1", GeoLocation={"ContinentCode": "AS"}),
    )
    seen = view(placed, checks(probe("e")))
    assert seen.sides == ("europe", "asia")
    assert lose(seen, "europe").still_dead == 1.0


@pytest.mark.parametrize(("own", "targets", "first"), [((10, 1), (30, 10), "own"),
                                                       ((30, 10), (10, 1), "target")])  # fmt: skip
def test_does_the_faster_of_an_aliases_check_and_its_targets_decide(own, targets, first) -> None:
    """Either makes the record unhealthy (dns-failover-complex-configs)."""
    given = zone(
        alias(US, "us.example.test.", hc="own", Region=US),
        a("us.example.test.", "x", "192.0.2.1", ttl=5, hc="target", Weight=1), record(EU),
    )  # fmt: skip
    seen = view(given, checks(probe("own", *own), probe("target", *targets), check(EU)))
    assert decided(seen, US) == [(first, 5)]


def test_is_there_a_time_where_a_probe_moves_clients_before_an_alarm_would() -> None:
    alarm = {"Type": "CLOUDWATCH_METRIC", "AlarmIdentifier": {"Region": US, "Name": "a"}}
    given = zone(
        alias(US, "us.example.test.", hc="alarm", Region=US),
        a("us.example.test.", "x", "192.0.2.1", hc="probe", Weight=1), record(EU),
    )  # fmt: skip
    health = checks({"Id": "alarm", "HealthCheckConfig": alarm}, probe("probe"), check(EU))
    loss = foretold(given, health)["api.example.test"].losses[0]
    assert ([way.check.id for way in loss.ways], loss.untimed) == (["probe"], ())


def test_is_the_ttl_that_of_the_record_that_is_passed_over() -> None:
    """A weighted CNAME is kept for its own TTL, whatever the address behind it has."""
    given = zone(
        plain(US, 300, Weight=1) | {"ResourceRecords": [{"Value": "us.example.test"}]},
        plain(EU, 60, Weight=1),
        a("us.example.test.", None, "192.0.2.1", ttl=5),
    )
    assert decided(view(given), US) == [("hc-us-east-1", 300)]


def test_does_a_calculated_check_turn_with_the_child_that_decides() -> None:
    given = zone(record(US) | {"HealthCheckId": "sum"}, record(EU))
    health = checks(calculated("sum", 2, "a", "b", "c"), probe("a", 10, 1), probe("b", 10, 3),
                    probe("c", 30, 3), check(EU))  # fmt: skip
    assert decided(view(given, health), US) == [("b", 60)]


@pytest.mark.parametrize(
    ("health", "why"),
    [
        (checks(check(US, Inverted=True), check(EU)), "is inverted, which means healthy while"),
        (checks(calculated("hc-us-east-1", 0, "x"), probe("x"), check(EU)),
         "stays healthy: 0 of 1 children healthy, HealthThreshold 0"),
        (checks(calculated("hc-us-east-1", 1, "x", Inverted=True), probe("x"), check(EU)),
         "stays healthy: inverted, 0 of 1"),
        (checks(check(US, FullyQualifiedDomainName="x.us-west-2.example.com"), check(EU)),
         "watches us-west-2, not us-east-1"),
    ],
)  # fmt: skip
def test_why_does_a_check_not_turn(health, why) -> None:
    found = lose(view(zone(), health), US)
    assert found.still_dead == 1.0
    assert any(why in reason for reason in found.why_dead), found.why_dead


def test_is_a_loss_that_draws_clients_to_the_dead_side_shown() -> None:
    """An inverted check keeps clients away while its target works, and brings them when not."""
    found = lose(view(zone(), checks(check(US, Inverted=True), check(EU))), US)
    assert [(dict(m.before), dict(m.after)) for m in found.moves] == [({EU: 1.0}, {US: 1.0})]


def test_is_there_no_time_where_an_inverted_check_decides(tmp_path) -> None:
    health = checks(*(check(r, Inverted=True) for r in REGIONS))
    loss = foretold(zone(), health)["api.example.test"].losses[0]
    assert (loss.ways, loss.clients) == ((), {})
    assert predict_command(tmp_path, zone(), health).exit_code == 1


ADDRESSES = (a("us.example.test.", None, IP[US]), a("eu.example.test.", None, IP[EU]))


def probing(us: str, eu: str) -> tuple[dict, dict]:
    """One address a Region; checks that probe those names of the same zone."""
    own = [a(NAME, r, IP[r], hc=f"hc-{r}", Region=r) for r in REGIONS]
    names = {US: us, EU: eu}
    probes = [check(r, FullyQualifiedDomainName=f"{names[r]}.example.test") for r in REGIONS]
    return zone(*own, *ADDRESSES), checks(*probes)


@pytest.mark.parametrize(
    ("us", "eu", "lost", "dead"),
    [
        ("us", "eu", US, None),
        ("eu", "us", US, "watches eu-west-1, not us-east-1"),
        ("eu", "us", EU, "watches us-east-1, not eu-west-1"),
        ("us", "us", US, "fail-open"),
        ("us", "us", EU, "watches us-east-1, not eu-west-1"),
        ("api", "eu", US, "a name that follows failover itself"),
    ],
)
def test_does_a_check_watch_what_its_name_resolves_to(us, eu, lost, dead) -> None:
    found = lose(view(*probing(us, eu)), lost)
    assert (dead in " ".join(found.why_dead)) if dead else not found.why_dead, found


def test_is_a_check_of_a_regions_own_group_no_check_of_a_shared_name() -> None:
    """The group moves between addresses of its Region; red, it says that the Region is lost."""
    given, probes = tree(("blue", "green"))
    guarded = [r | {"HealthCheckId": f"hc-{r['Region']}"} if "Region" in r else r
               for r in given["ResourceRecordSets"]]  # fmt: skip
    own = (check(r, FullyQualifiedDomainName=f"{r[:2]}.example.test") for r in REGIONS)
    seen = view(zone(*guarded), checks(*probes["HealthChecks"], *own))
    assert [seen.watch[f"hc-{r}"] for r in REGIONS] == list(REGIONS)
    assert not lose(seen, US).why_dead
    shared = {rule.id: rule for rule in catalogue()}["check-on-shared-name"]
    assert list(shared.check(routing_subject(seen.routing, None))) == []


def test_does_a_review_find_checks_that_are_swapped() -> None:
    rules = {rule.id: rule for rule in catalogue()}

    def hits(rule: str, us: str, eu: str) -> int:
        return len(list(rules[rule].check(routing_subject(read(*probing(us, eu)), None))))

    assert hits("lost-side-still-answered", "us", "eu") == 0
    assert hits("lost-side-still-answered", "eu", "us") == 2
    assert hits("checks-on-one-region", "us", "us") == 1


@pytest.mark.parametrize(
    ("target", "side"),
    [
        ({"FullyQualifiedDomainName": "us.example.test"}, US),
        ({"FullyQualifiedDomainName": "both.example.test"}, SHARED),
        ({"IPAddress": "198.51.100.1"}, EU),
        ({"IPAddress": "2001:DB8:0::1"}, EU),
        ({"FullyQualifiedDomainName": "nowhere.example.test"}, None),
        ({"FullyQualifiedDomainName": "a.ap-south-1.example.com"}, "ap-south-1"),
    ],
)
def test_what_does_a_check_watch(target, side) -> None:
    given = zone(
        a(NAME, US, IP[US], Region=US), a(NAME, EU, IP[EU], "2001:db8::1", Region=EU), *ADDRESSES,
        a("both.example.test.", None, IP[US], IP[EU]),
    )  # fmt: skip
    routing = read(given, checks(probe("x", **target)))
    found, group = next((z, g) for z, g in routing.groups() if g[0].name == NAME)
    assert watched(routing, routing.checks["x"], paths(found, group)) == side


def test_what_does_a_calculated_check_do_by_itself() -> None:
    given = zone(record(US) | {"HealthCheckId": "sum"}, record(EU))
    seen = view(given, checks(calculated("sum", 1, "hc-us-east-1"), *map(check, REGIONS)))
    red = turn_red(seen, seen.routing.checks["sum"])
    assert [dict(m.after) for m in red.moves] == [{EU: 1.0}]


def test_does_dns_answer_name_the_taker_that_is_predicted(tmp_path) -> None:
    given = zone(a(NAME, "p", IP[US], hc="sum", Failover="PRIMARY"),
                 a(NAME, "s", IP[EU], Failover="SECONDARY"))  # fmt: skip
    health = checks(calculated("sum", 1, "child"), probe("child"))
    seen = view(given, health)
    assert [dict(m.after) for m in turn_red(seen, seen.routing.checks["sum"]).moves] == [{"s": 1.0}]
    predict_command(tmp_path, given, health)
    files = ["--zone", f"{tmp_path}/z.json", "--health-checks", f"{tmp_path}/c.json"]
    for red in ("sum", "child"):
        asked = CliRunner().invoke(main, ["dns", "answer", NAME, *files, "--unhealthy", red])
        assert f"{NAME}  60  A  {IP[EU]}" in asked.output


def test_what_is_said_when_a_check_is_red_that_moves_nobody(tmp_path) -> None:
    asked = predict_command(tmp_path, *tree(("blue", "green")))
    assert "check us-0 red by itself: moves nobody to another side" in asked.output


def test_does_dns_fail_open_to_what_no_check_guards(tmp_path) -> None:
    pair = zone(plain(US, Failover="PRIMARY"),
                plain(EU, Failover="SECONDARY") | {"HealthCheckId": None})  # fmt: skip
    assert not all_red(view(pair)).is_fail_open
    said = predict_command(tmp_path, pair, checks()).output
    assert "every check red at once: answered eu-west-1, which no check guards" in said
    said = predict_command(tmp_path, zone(), checks()).output
    assert "us-east-1 50 %, eu-west-1 50 %, dead or not (fail-open)" in said


def test_what_becomes_of_one_of_several_addresses_of_a_simple_record(tmp_path) -> None:
    given = zone(a(NAME, None, *IP.values()))
    one = foretold(given, checks())["api.example.test"]
    assert one.sides == tuple(IP.values())
    assert [loss.takeover.still_dead for loss in one.losses] == [0.5, 0.5]
    asked = predict_command(tmp_path, given, checks())
    assert asked.exit_code == 1
    assert "only a client that tries the next address is served" in asked.output
    assert asked.output.splitlines()[-1].startswith("Not judged: api.example.test A")
    assert "MISSES the objective" not in asked.output


def test_does_a_simple_record_decide_nothing_beside_names_that_can_recover(tmp_path) -> None:
    given = zone(
        a("example.test.", None, *IP.values()),
        *(a(NAME, r, IP[r], hc=f"hc-{r}", Region=r) for r in REGIONS),
    )
    asked = predict_command(tmp_path, given, checks(), rto_s=600)
    assert (asked.exit_code, "MEETS the objective" in asked.output) == (0, True)
    assert "Not judged: example.test A" in asked.output


def test_is_a_name_with_one_address_left_out() -> None:
    assert foretold(zone(a(NAME, None, IP[US])), checks()) == {}


def test_is_a_cname_to_a_wildcard_followed() -> None:
    given = zone(
        {
            "Name": NAME,
            "Type": "CNAME",
            "TTL": 5,
            "ResourceRecords": [{"Value": "x.w.example.test"}],
        },
        *(a("*.w.example.test.", r, IP[r], hc=f"hc-{r}", Region=r) for r in REGIONS),
    )
    assert view(given).sides == REGIONS
