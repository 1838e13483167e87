"""Does any input, however wrong, end in a traceback, or in a number that is not said to be odd?"""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from route53_exports import REGIONS, check, checks, plain, record, zone

from gameday.cli import main
from gameday.commands.dns_source import from_export
from gameday.commands.review_files import subjects
from gameday.commands.routing_source import Source
from gameday.errors import UsageError
from gameday.predict.forecast import views
from gameday.review import engine
from gameday.route53.client import Client
from gameday.route53.exports import read, read_checks
from gameday.route53.geography import REGIONS as KNOWN_REGIONS
from gameday.route53.routing import answer

TALK = Path(__file__).parent.parent / "data" / "talk"
HOSTMASTER = "ns-1.awsdns-1.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"
SOA = {"Name": "example.test.", "Type": "SOA", "TTL": 900,
       "ResourceRecords": [{"Value": HOSTMASTER}]}  # fmt: skip
NS = {"Name": "example.test.", "Type": "NS", "TTL": 172800,
      "ResourceRecords": [{"Value": "ns-1.awsdns-1.com."}]}  # fmt: skip
WILD = plain("us-east-1", Weight=1) | {"Name": "\\052.example.test.", "SetIdentifier": "é\\100"}
POLICY = {"Name": "tp.example.test.", "Type": "A", "TrafficPolicyInstanceId": "i-1"}


def alias(name: str, target: str) -> dict[str, Any]:
    where = {"HostedZoneId": "Z1", "DNSName": target, "EvaluateTargetHealth": False}
    return {"Name": name, "Type": "A", "AliasTarget": where}


LOOP = (alias("a.example.test.", "b.example.test."), alias("b.example.test.", "A.example.test"))


@pytest.mark.parametrize(
    ("records", "says"),
    [
        ((), "no record sets of one zone"),
        ((SOA | {"Name": "."},), "no record sets of one zone"),
        ((record(), record()), r"api.example.test. A \(us-east-1\) is there twice"),
        ((plain("a", Weight=1), plain("b", Failover="PRIMARY")), "other RRSets exist"),
        ((record(), record("eu-west-1", Region="us-east-1")), "type and Region already exists"),
        ((record(Region="mars-1"),), "mars-1 is not a Region"),
        ((record(), plain("eu-west-1")), "a CNAME stands beside A"),
        (LOOP, "alias targets form a loop.*a.example.test. -> "),
    ],
)  # fmt: skip
def test_is_a_zone_that_route_53_would_not_hold_refused(records: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read({"ResourceRecordSets": list(records)}, place="zone.json")


@pytest.mark.parametrize(
    ("item", "note"),
    [
        (SOA, None),
        (NS, None),
        (WILD, None),
        (record(TrafficPolicyInstanceId="i-1"), None),
        (POLICY, "tp.example.test. is answered by a traffic policy"),
        (record(Region="xx-yyyy-1"), "Region xx-yyyy-1 is not known: new, or mistyped?"),
        (plain("x", Type="A6", Weight=1) | {"Type": "A6"}, "type A6 is not known"),
        (plain("x", GeoLocation={"CountryCode": "XK"}), "country XK is not known"),
    ],
)
def test_is_what_aws_may_hold_taken_and_what_is_new_said(item: Any, note: str | None) -> None:
    found = read({"ResourceRecordSets": [SOA, item] if item is not SOA else [SOA]})
    assert len(found.notes) == (note is not None)
    assert note is None or note in found.notes[0]


def test_are_all_regions_known_that_botocore_knows() -> None:
    import botocore.session

    model = botocore.session.get_session().get_service_model("route53")
    assert set(model.shape_for("ResourceRecordSetRegion").enum) == KNOWN_REGIONS


def test_are_two_checks_of_one_id_taken_only_when_they_are_the_same() -> None:
    same, other = check("us-east-1"), check("us-east-1", interval=30)
    assert len(read_checks({"HealthChecks": [same, same]})[0]) == 1
    with pytest.raises(UsageError, match="hc-us-east-1 is there twice, and they differ"):
        read_checks({"HealthChecks": [same, other]})


def written(folder: Path, body: Any, name: str = "zone.json") -> Path:
    (folder / name).write_text(json.dumps(body))
    return folder / name


def test_are_two_exports_of_one_zone_refused(tmp_path: Path) -> None:
    paths = (written(tmp_path, zone()), written(tmp_path, zone(), "private.json"))
    with pytest.raises(UsageError, match=r"private\.json are both of zone api\.example\.test\."):
        Source(zones=paths, health_checks=written(tmp_path, checks(), "checks.json")).routing()


def asked(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


@pytest.mark.parametrize(
    ("option", "given"),
    [("--propagation", "nan"), ("--propagation", "inf"), ("--connection-age", "inf"),
     ("--rto", "nan"), ("--p", "nan"), ("--seed", "-1")],
)  # fmt: skip
def test_is_a_number_that_is_none_refused_by_its_option(option: str, given: str) -> None:
    result = asked("predict", "--zone", "zone.json", option, given)
    assert result.exit_code == 2
    assert f"Invalid value for '{option}'" in result.output


WRONG = [
    None, 0, -1, "", [], {}, "abc", True, 1e400, 256, 10**11, "é\0x", "\ud800", [None], {"a": 1},
    3.7, "-5", "*", "a" * 300, [[1]], "..", ".",
]  # fmt: skip


def places(body: Any) -> list[tuple[Any, Any]]:
    pairs = body.items() if isinstance(body, dict) else enumerate(body)
    found: list[tuple[Any, Any]] = []
    for key, value in pairs:
        found.append((body, key))
        if isinstance(value, dict | list):
            found += places(value)
    return found


def mutated(rng: random.Random) -> tuple[Any, Any]:
    """A good zone and its checks with one or two members made wrong, or taken away."""
    policies = [{"Weight": 1}, {"Failover": "PRIMARY"}, {"GeoLocation": {"CountryCode": "*"}},
                {"GeoProximityLocation": {"AWSRegion": "us-east-1", "Bias": 3}},
                {"CidrRoutingConfig": {"CollectionId": "c", "LocationName": "*"}}]  # fmt: skip
    others = [plain("us-east-1", **p) | {"Name": f"n{n}.example.test."}
              for n, p in enumerate(policies)]  # fmt: skip
    bodies = copy.deepcopy((zone(SOA, NS, *map(record, REGIONS), *others), checks()))
    for _ in range(rng.choice((1, 1, 2))):
        parent, key = rng.choice(places(rng.choice(bodies)))
        if rng.random() < 0.1:
            del parent[key]
        else:
            parent[key] = copy.deepcopy(rng.choice(WRONG))
    return bodies


def refusal(folder: Path, rng: random.Random) -> str | None:
    """What is said of a mutated zone; None when everything can be done with it."""
    bad_zone, bad_checks = mutated(rng)
    zone_file = written(folder, bad_zone)
    checks_file = written(folder, bad_checks, "checks.json")
    try:
        routing, _ = Source(zones=(zone_file,), health_checks=checks_file).routing()
        list(views(routing))
        found = from_export(zone_file, checks_file, None)
        for name in ("api.example.test", "n0.example.test", "no.example.test"):
            answer(found.zones, name, "A", Client(), found.health, rng, found.outside)
        engine.review(subjects((zone_file, checks_file), 60.0)[0])
    except UsageError as e:
        return str(e)
    return None


def test_never_anything_but_an_error_for_people(tmp_path: Path) -> None:
    rng = random.Random(4711)
    said = list(filter(None, (refusal(tmp_path, rng) for _ in range(200))))
    assert 50 < len(said) < 200
    for sentence in said:
        assert "\n" not in sentence
        assert "NoneType" not in sentence


@pytest.mark.parametrize("seed", range(6))
def test_never_a_traceback_of_a_command(tmp_path: Path, seed: int) -> None:
    bodies = mutated(random.Random(seed))
    zone_file, checks_file = str(written(tmp_path, bodies[0])), tmp_path / "checks.json"
    written(tmp_path, bodies[1], "checks.json")
    both = ("--zone", zone_file, "--health-checks", str(checks_file))
    for arguments in (("predict", *both, "--clients", "100"), ("dns", "answer", "api.example.test",
                      *both), ("review", zone_file, str(checks_file))):  # fmt: skip
        result = asked(*arguments)
        assert (
            result.exception is None
            or type(result.exception) is SystemExit
            or isinstance(result.exception, UsageError)
        )


def test_is_an_unknown_type_of_record_refused() -> None:
    result = asked("dns", "answer", "api.example.test", "QQ", "--zone", str(TALK / "zone.json"))
    assert result.exit_code == 2
    assert "QQ: not a type of DNS records" in result.output
