"""What do the exports of the `aws` CLI say, and which of them are refused?"""

from __future__ import annotations

import json
import time

import pytest
from click.testing import CliRunner
from route53_exports import REGIONS, check, checks, plain, record, without, zone

from gameday.cli import main
from gameday.errors import UsageError
from gameday.predict.zone import settings_for
from gameday.route53.exports import read, read_json


def test_what_is_the_ttl_of_an_alias() -> None:
    assert settings_for(zone(), checks(), "api.example.test", "us-east-1").ttl_s == 60


def test_are_interval_threshold_and_ttl_the_records_own() -> None:
    both, slow = zone(*(plain(r, 30) for r in REGIONS)), checks(*(check(r, 30, 2) for r in REGIONS))
    found = settings_for(both, slow, "API.example.test.", "eu-west-1")
    assert (found.interval_s, found.threshold, found.ttl_s) == (30, 2, 30)


def test_is_there_a_prediction_without_health_checks() -> None:
    bare = zone(*(without(record(r), "HealthCheckId") for r in REGIONS))
    assert settings_for(bare, checks(), "api.example.test", "us-east-1") is None


@pytest.mark.parametrize(
    ("bad_zone", "bad_checks", "says"),
    [
        ({}, checks(), "no ResourceRecordSets in the export .it holds nothing."),
        ({"Reservations": []}, checks(), "it holds Reservations"),
        (zone() | {"IsTruncated": True}, checks(), "cut short"),
        (zone() | {"NextToken": "eyJ"}, checks(), "cut short"),
        (zone(), {}, "no HealthChecks"),
        (zone(), checks() | {"IsTruncated": True}, "HealthChecks is cut short"),
        (zone(record(Moon="full")), checks(), "unknown member or policy Moon"),
        (zone(without(record(), "Region")), checks(), "SetIdentifier without a routing policy"),
        (zone(without(record(), "AliasTarget")), checks(), "AliasTarget or ResourceRecords"),
        (zone(), checks(check("us-east-1", Type="CARRIER_PIGEON")), "unknown Type"),
    ],
)
def test_is_a_wrong_export_refused_with_its_place(bad_zone, bad_checks, says) -> None:
    with pytest.raises(UsageError, match=says):
        read(bad_zone, bad_checks)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b'{"ResourceRecordSets": [', ":1:25: not JSON, or cut short"),
        (b"\xff\x00\x9c", "neither UTF-8 nor UTF-16"),
        (b"[1]", "the JSON is no object"),
        (b'{"a":' * 100_000, "nested too deep"),
    ],
)
def test_is_a_damaged_file_one_clear_line(tmp_path, raw, says) -> None:
    (tmp_path / "zone.json").write_bytes(raw)
    with pytest.raises(UsageError, match=says):
        read_json(tmp_path / "zone.json")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_are_line_ends_and_byte_order_marks_of_windows_read(tmp_path, encoding) -> None:
    path = tmp_path / "zone.json"
    path.write_bytes(json.dumps(zone(), indent=1).replace("\n", "\r\n").encode(encoding))
    assert len(list(read(read_json(path)).record_sets())) == 2


def ask(tmp_path, *options: str, given: dict | None = None, health: dict | None = None):
    (tmp_path / "zone.json").write_text(json.dumps(given or zone()))
    (tmp_path / "checks.json").write_text(json.dumps(health or checks()))
    files = ["--zone", f"{tmp_path}/zone.json", "--health-checks", f"{tmp_path}/checks.json"]
    return CliRunner().invoke(main, ["predict", *files, *options])


def test_what_would_my_zone_do(tmp_path) -> None:
    """The figures of Route 53's rules at 10 s x 3 with a TTL of 60 s, within Monte Carlo error."""
    asked = ask(tmp_path, "--json")
    assert asked.exit_code == 0, asked.output
    loss = json.loads(asked.output)["names"][0]["losses"][0]
    assert loss["ways"][0]["detection"] == {"least_s": 20.0, "mean_s": 28.2, "worst_s": 30.0}
    assert loss["clients"]["per-request"]["mean_s"] == pytest.approx(58.2, abs=0.3)
    assert loss["clients"]["per-request"]["p95_s"] == pytest.approx(85, abs=0.5)
    assert loss["clients"]["pooled"]["mean_s"] is None
    assert loss["takeover"]["moves"][0]["after"] == {"eu-west-1": 1.0}


def test_is_a_red_check_shown_that_no_loss_turns_red(tmp_path) -> None:
    """It probes the other Region: red, it sends clients away from a Region that works."""
    wrong = checks(
        check("us-east-1", FullyQualifiedDomainName="x.eu-west-1.test"), check("eu-west-1")
    )
    asked = ask(tmp_path, health=wrong).output
    assert "check hc-us-east-1 red by itself: clients nearest us-east-1: us-east-1 -> eu-w" in asked


@pytest.mark.parametrize(("rto", "exit_code", "word"), [(60, 1, "MISSES"), (150, 0, "MEETS")])
def test_does_a_missed_objective_fail_a_build(tmp_path, rto, exit_code, word) -> None:
    asked = ask(tmp_path, "--rto", str(rto))
    assert (asked.exit_code, word in asked.output) == (exit_code, True)


def test_can_any_client_of_a_load_be_asked_about(tmp_path) -> None:
    more = ("--client", "jvm-aws", "--client", "pooled+drop-on-5xx-3", "--client", "ttl-clamp-300")
    found = json.loads(ask(tmp_path, "--json", *more).output)
    clients = found["names"][0]["losses"][0]["clients"]
    assert clients["jvm-aws"]["mean_s"] is None
    assert clients["pooled+drop-on-5xx-3"]["mean_s"] == pytest.approx(28.2 + 30 + 15, abs=1)
    assert clients["ttl-clamp-300"]["mean_s"] == pytest.approx(28.2 + 150, abs=2)
    assert "its resolver keeps answers for at least 300 s" in found["kinds"]["ttl-clamp-300"]


@pytest.mark.parametrize(
    ("client", "says"),
    [
        ("telepathic", "there is no profile 'telepathic'"),
        ("pooled+hedge-0.1", "--client pooled+hedge-0.1: not predicted: hedged copies"),
    ],
)
def test_is_a_client_that_nobody_can_predict_refused(tmp_path, client, says) -> None:
    asked = ask(tmp_path, "--client", client)
    assert (asked.exit_code, says in asked.output) == (2, True), asked.output


def test_what_does_a_client_without_time_outs_do_in_a_black_hole(tmp_path) -> None:
    """It does not look up before the kernel gives its request up: 924.6 s (ip-sysctl)."""
    asked = ask(tmp_path, "--mode", "black-hole", "--client", "requests", "--rto", "120")
    assert "clients' time-outs 924.6 -> 10 s" in asked.output
    row = next(line for line in asked.output.splitlines() if line.startswith("    requests "))
    assert row.split()[1:8:2] == ["930", "930", "934", "935"]


def test_is_a_zone_of_a_thousand_records_answered_in_seconds(tmp_path) -> None:
    names = [f"n{n}.example.test." for n in range(500)]
    big = zone(*(record(r, name) for name in names for r in REGIONS))
    start = time.process_time()
    asked = ask(tmp_path, "--rto", "60", given=big)
    assert asked.output.count("lose us-east-1") == 500
    assert time.process_time() - start < 4.0  # alone on a machine it takes half of that


def test_is_the_page_self_contained_and_escaped(tmp_path) -> None:
    evil = "<script>alert(1)</script>"
    odd = zone(*(record(r) | {"HealthCheckId": evil} for r in REGIONS))
    health = checks(check("us-east-1") | {"Id": evil})
    assert ask(tmp_path, "--html", f"{tmp_path}/p.html", given=odd, health=health).exit_code == 0
    page = (tmp_path / "p.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "://" not in page


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "name one source"),
        (["--health-checks", "checks.json"], "health checks alone say nothing"),
        (["--zone", "missing.json"], "cannot read the export"),
        (["--zone", "z", "--account"], "name one source"),
    ],
)
def test_is_a_missing_source_said_in_one_line(arguments, says) -> None:
    asked = CliRunner().invoke(main, ["predict", *arguments])
    assert (asked.exit_code, says in asked.output) == (2, True), asked.output


def test_what_if_the_records_checks_are_not_exported(tmp_path) -> None:
    asked = ask(tmp_path, health=checks(check("us-east-1")))
    assert asked.exit_code == 2
    assert "health check hc-eu-west-1, which the export of health checks (1 in it)" in asked.output


def test_do_templates_say_what_exports_of_them_would() -> None:
    asked = CliRunner().invoke(main, ["predict", "deploy/routing.yaml", "--json"])
    found = json.loads(asked.output)["names"][0]
    assert (found["name"], found["policy"]) == ("api.example.test", "latency")
    assert [loss["ways"][0]["check"] for loss in found["losses"]] == [
        "HomeHealthCheck",
        "PeerHealthCheck",
    ]
    assert found["losses"][0]["ways"][0]["detection"]["mean_s"] == 28.2


def test_does_a_wrong_export_of_checks_name_its_file(tmp_path) -> None:
    asked = ask(tmp_path, health={"Reservations": []})
    assert asked.exit_code == 2
    assert "checks.json: no HealthChecks in the export (it holds Reservations)" in asked.output
