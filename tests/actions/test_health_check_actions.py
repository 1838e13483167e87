"""Do the two ways to fail a health check do what they say, and no more?"""

from __future__ import annotations

import shlex
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aws_double import FAILURE, SUCCESS, AwsDouble

from gameday import aws, discover
from gameday.actions.health_check import (
    fail_deep_check,
    fail_health_check,
    restore_deep_check,
    restore_health_check,
)
from gameday.probes import health_check


def config_of(check: str) -> dict[str, Any]:
    api = aws.client("route53", "us-east-1")
    return dict(api.get_health_check(HealthCheckId=check)["HealthCheck"]["HealthCheckConfig"])


def variables_of(function: str) -> dict[str, str]:
    api = aws.client("lambda", "us-east-1")
    configuration = api.get_function_configuration(FunctionName=function)
    return dict(configuration["Environment"]["Variables"])


def test_is_the_check_inverted_and_never_disabled(shop: AwsDouble) -> None:
    (here,) = discover.checks_of("us-east-1", "api.example.test")
    (there,) = discover.checks_of("eu-west-1", "api.example.test")
    assert health_check.status("us-east-1", "shop") == "healthy"
    assert fail_health_check("us-east-1", "shop")["effects"] == ["1 health check inverted"]
    assert config_of(here)["Inverted"] is True
    assert not config_of(here).get("Disabled")
    assert not config_of(there).get("Inverted")
    assert health_check.status("us-east-1", "shop") == "unhealthy"
    assert health_check.becomes("us-east-1", "shop", "unhealthy", within_s=1)
    assert restore_health_check("us-east-1", "shop") == {"settings": 1, "equal": 1}
    assert config_of(here)["Inverted"] is False


def test_does_the_deep_check_answer_503_and_keep_its_other_variables(shop: AwsDouble) -> None:
    before = variables_of("shop-health-deep")
    fail_deep_check("us-east-1", "shop")
    assert variables_of("shop-health-deep") == {**before, "HEALTH_STATUS": "503"}
    assert variables_of("shop-health") == before
    assert restore_deep_check("us-east-1", "shop") == {"settings": 1, "equal": 1}
    assert variables_of("shop-health-deep") == before


def test_is_a_former_health_status_restored(shop: AwsDouble) -> None:
    before = {**variables_of("shop-health-deep"), "HEALTH_STATUS": "200"}
    aws.client("lambda", "us-east-1").update_function_configuration(
        FunctionName="shop-health-deep", Environment={"Variables": before}
    )
    fail_deep_check("us-east-1", "shop", status=500)
    assert variables_of("shop-health-deep")["HEALTH_STATUS"] == "500"
    restore_deep_check("us-east-1", "shop")
    assert variables_of("shop-health-deep") == before


def test_does_the_undo_name_variables_but_never_their_values(
    shop: AwsDouble, tmp_path: Path
) -> None:
    fail_deep_check("us-east-1", "shop")
    text = (tmp_path / "undo.sh").read_text()
    assert "hidden" not in text + (tmp_path / "undo.jsonl").read_text()
    line = next(x for x in text.splitlines() if "update-function-configuration" in x)
    words = shlex.split(line)
    inner = shlex.split(words[words.index("--environment") + 1][2:-1])
    query = inner[inner.index("--query") + 1]
    assert query == (
        "{Variables: {SECRET: Environment.Variables.SECRET, "
        "TABLE_NAME: Environment.Variables.TABLE_NAME}}"
    )


def test_does_that_query_give_the_former_variables(shop: AwsDouble, tmp_path: Path) -> None:
    import jmespath

    before = variables_of("shop-health-deep")
    fail_deep_check("us-east-1", "shop")
    line = next(
        x
        for x in (tmp_path / "undo.sh").read_text().splitlines()
        if "update-function-configuration" in x
    )
    # the shell itself takes the line apart: an `aws` that prints its arguments one a line
    shown = subprocess.run(
        ["sh", "-c", f"aws() {{ printf '%s\\n' \"$@\" >&2; }}; {line}"],
        capture_output=True,
        text=True,
        check=True,
    ).stderr.splitlines()
    query = shown[shown.index("--query") + 1]
    now = {"Environment": {"Variables": variables_of("shop-health-deep")}}
    assert jmespath.search(query, now) == {"Variables": before}


def test_when_is_a_check_healthy() -> None:
    def verdict(config: dict[str, bool], successes: int, of: int = 16) -> tuple[bool, int]:
        return health_check.verdict(config, [True] * successes + [False] * (of - successes))

    assert verdict({}, 16) == (True, 16)
    assert verdict({}, 3) == (True, 3)  # 18.75 %: more than 18 %
    assert verdict({}, 2) == (False, 2)
    assert verdict({"Inverted": True}, 16) == (False, 16)
    assert verdict({"Inverted": True}, 0) == (True, 0)
    assert verdict({"Disabled": True}, 0) == (True, 0)
    assert verdict({"Disabled": True, "Inverted": True}, 0) == (False, 0)
    assert verdict({}, 0, of=0) == (True, 0)


def test_do_failing_checkers_make_a_region_unhealthy(shop: AwsDouble) -> None:
    (check,) = discover.checks_of("us-east-1", "api.example.test")
    shop.observations[check] = [SUCCESS] * 2 + [FAILURE] * 14
    assert health_check.status("us-east-1", "shop") == "unhealthy"
    assert health_check.status("eu-west-1", "shop") == "healthy"
    assert not health_check.becomes("us-east-1", "shop", "healthy", within_s=1)


def test_does_a_checker_s_vote_turn_at_the_threshold_only() -> None:
    tally = health_check.Tally(speed=10)
    config = {"FailureThreshold": 3, "RequestInterval": 10}

    def votes(status: str, at: float) -> list[bool]:
        checked = datetime.fromtimestamp(at, UTC)
        report = {"Status": status, "CheckedTime": checked}
        return tally.reports(config, [{"Region": "r", "IPAddress": "i", "StatusReport": report}])

    assert votes(SUCCESS, 100.0) == [True]
    assert votes(FAILURE, 101.0) == [True]  # probes are a second of wall time apart at 10x
    assert votes(FAILURE, 102.0) == [True]
    assert votes(FAILURE, 103.0) == [False]  # the third
    assert votes(SUCCESS, 104.0) == [False]
    assert votes(FAILURE, 105.0) == [False]
    assert votes(SUCCESS, 106.0) == [False]
    assert votes(SUCCESS, 108.0) == [True]  # one in between was not looked at
