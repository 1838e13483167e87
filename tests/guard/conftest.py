"""The application `shop` on an AWS endpoint that plays an account: every guard applies."""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "actions"))

import aws_double

import gameday.plan  # noqa: F401 - whose DNS nobody serves here
from gameday import clock

ACCOUNT = "123456789012"
TAG = {"ChaosAllowed": "true"}


@pytest.fixture(scope="module")
def deployed() -> Iterator[tuple[aws_double.AwsDouble, str]]:
    """The double with everything in order, and its endpoint."""
    double = aws_double.AwsDouble()
    with aws_double.serving(double) as endpoint, pytest.MonkeyPatch.context() as patch:
        for name, value in aws_double.environment(endpoint).items():
            patch.setenv(name, value)
        reset = urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")
        urllib.request.urlopen(reset).close()
        aws_double.deploy(double, endpoint)
        opt_in(endpoint)
        for region in aws_double.REGIONS:
            count_requests(endpoint, region)
        yield double, endpoint


@pytest.fixture
def account(
    deployed: tuple[aws_double.AwsDouble, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[aws_double.AwsDouble]:
    """One run of `region-outage` may begin in this account; what a test breaks is mended."""
    double, endpoint = deployed
    mine = aws_double.environment(endpoint) | {
        "GAMEDAY_TARGET": "staging",
        "GAMEDAY_ALLOW": f"{ACCOUNT}:us-east-1",
        "GAMEDAY_CONFIRM": f"{ACCOUNT}:us-east-1",
        "GAMEDAY_RUNNER_REGION": "outside",
        "GAMEDAY_WITHOUT_PREREQUISITES": "a test",
    }
    for name, value in mine.items():
        monkeypatch.setenv(name, value)
    for name in ("GAMEDAY_ADMIN", "GAMEDAY_RUN_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys.modules["gameday.plan.stake"], "_by_dns", lambda *_: None)
    yield double
    double.refuse = None
    for held in (double.observations, double.levers, double.concurrency):
        held.clear()
    while double.mend:
        double.mend.pop()()


def _api(endpoint: str, service: str, region: str) -> Any:
    return boto3.client(service, region_name=region, endpoint_url=endpoint)


def opt_in(endpoint: str) -> None:
    """Tag what would be changed in us-east-1."""
    api = _api(endpoint, "lambda", "us-east-1")
    for name in aws_double.BEHIND:
        arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:shop-{name}"
        api.tag_resource(Resource=arn, Tags=TAG)
    table = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/items"
    pairs = [{"Key": k, "Value": v} for k, v in TAG.items()]
    _api(endpoint, "dynamodb", "us-east-1").tag_resource(ResourceArn=table, Tags=pairs)


def count_requests(endpoint: str, region: str) -> None:
    """Let API Gateway have counted a thousand requests lately."""
    counted = {
        "MetricName": "Count",
        "Value": 1000.0,
        "Unit": "Count",
        "Timestamp": clock.now() - 600,
        "Dimensions": [{"Name": "ApiName", "Value": "shop"}],
    }
    _api(endpoint, "cloudwatch", region).put_metric_data(
        Namespace="AWS/ApiGateway", MetricData=[counted]
    )
