"""The reference application, deployed: does everything exist that the templates ask for?"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from test_http_api_templates import Moto

from gameday import stacks
from gameday.lab import template
from gameday.lab.cloud import snapshots

ROOT = Path(__file__).parent.parent.parent
ACCOUNT, TOKEN = "123456789012", "secret-of-the-lab"
REGIONS = ("us-east-1", "eu-west-1")


def deploy(endpoint: Any, cache_dir: Path, **more: Any) -> template.Deployment:
    settings = {"account": ACCOUNT, "speed": 10.0, "token": TOKEN, "cache_dir": cache_dir} | more
    application = stacks.load(ROOT / "deploy" / "stacks.yaml")
    return template.deploy(application, endpoint=endpoint.url, **settings)


@pytest.fixture(scope="module")
def endpoint(shared_endpoint: Any) -> Any:
    return shared_endpoint


@pytest.fixture(scope="module")
def deployed(endpoint: Any, tmp_path_factory: pytest.TempPathFactory) -> template.Deployment:
    return deploy(endpoint, tmp_path_factory.mktemp("cache"), strict=True)


def test_is_nothing_left_out(deployed: template.Deployment) -> None:
    assert deployed.left_out == ()
    assert [(s.name, s.region) for s in deployed.stacks] == [
        ("gameday-data", "us-east-1"),
        ("gameday-regional", "us-east-1"),
        ("gameday-regional", "eu-west-1"),
        ("gameday-routing", "us-east-1"),
    ]


@pytest.mark.parametrize("region", REGIONS)
def test_may_the_api_invoke_what_it_calls(deployed: template.Deployment, region: str) -> None:
    routes = [r for api in snapshots.apis(Moto(), region) for r in api["routes"]]  # type: ignore[arg-type]
    assert routes
    assert not [r for r in routes if "permitted" in r["integration"]]


@pytest.mark.parametrize("region", REGIONS)
def test_which_functions_stand_behind_which_routes(
    endpoint: Any, deployed: template.Deployment, region: str
) -> None:
    api = endpoint.client("apigateway", region)
    api_id = endpoint.stack("gameday-regional", region)["outputs"]["ApiId"]
    behind = {
        (method, r["path"]): about["methodIntegration"]["uri"].split(":function:")[1].split("/")[0]
        for r in api.get_resources(restApiId=api_id, embed=["methods"])["items"]
        for method, about in r.get("resourceMethods", {}).items()
    }
    assert behind == {
        ("POST", "/items"): "gameday-regional-items-write",
        ("GET", "/items"): "gameday-regional-items-read",
        ("GET", "/items/{id}"): "gameday-regional-items-read",
        ("GET", "/health"): "gameday-regional-health",
        ("GET", "/health/deep"): "gameday-regional-health-deep",
    }
    assert [s["stageName"] for s in api.get_stages(restApiId=api_id)["item"]] == ["prod"]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("kind", ["DEFAULT_4XX", "DEFAULT_5XX"])
def test_do_the_gateways_own_errors_name_the_region(
    endpoint: Any, deployed: template.Deployment, region: str, kind: str
) -> None:
    api_id = endpoint.stack("gameday-regional", region)["outputs"]["ApiId"]
    response = endpoint.client("apigateway", region).get_gateway_response(
        restApiId=api_id, responseType=kind
    )
    assert response["responseParameters"] == {"gatewayresponse.header.X-Region": f"'{region}'"}


@pytest.mark.parametrize("region", REGIONS)
def test_which_names_does_a_region_serve(
    endpoint: Any, deployed: template.Deployment, region: str
) -> None:
    api = endpoint.client("apigateway", region)
    api_id = endpoint.stack("gameday-regional", region)["outputs"]["ApiId"]
    for name in ("api.example.test", f"{region}.api.example.test"):
        assert api.get_domain_name(domainName=name)["regionalDomainName"].endswith(
            f".execute-api.{region}.amazonaws.com"
        )
        [mapping] = api.get_base_path_mappings(domainName=name)["items"]
        assert (mapping["restApiId"], mapping["stage"]) == (api_id, "prod")


def test_what_do_functions_get(endpoint: Any, deployed: template.Deployment) -> None:
    functions = endpoint.client("lambda", "eu-west-1").list_functions()["Functions"]
    by_name = {f["FunctionName"]: f for f in functions}
    deep = by_name["gameday-regional-health-deep"]
    assert deep["Handler"] == "health.deep"
    assert deep["Timeout"] == 10
    assert deep["Environment"]["Variables"] == {
        "TABLE_NAME": "dynamo_serverless",
        "HEALTH_STATUS": "200",
        "HEALTH_CACHE_S": "0.5",  # 5 s in stacks.yaml, at speed 10
    }


def test_what_is_in_the_code_that_was_sent(endpoint: Any, deployed: template.Deployment) -> None:
    from moto.awslambda.models import lambda_backends

    function = lambda_backends[ACCOUNT]["us-east-1"].get_function("gameday-regional-items-read")
    names = zipfile.ZipFile(io.BytesIO(function.code_bytes)).namelist()
    assert {"items.py", "health.py"} <= set(names)


@pytest.mark.parametrize("region", REGIONS)
def test_is_the_table_in_both_regions(
    endpoint: Any, deployed: template.Deployment, region: str
) -> None:
    client = endpoint.client("dynamodb", region)
    table = client.describe_table(TableName="dynamo_serverless")["Table"]
    assert table["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert table["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    tags = client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert tags == [{"Key": "ChaosAllowed", "Value": "true"}]
    backups = client.describe_continuous_backups(TableName="dynamo_serverless")
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"


def test_how_is_the_shared_name_routed(endpoint: Any, deployed: template.Deployment) -> None:
    route53 = endpoint.client("route53")
    zone_id = endpoint.stack("gameday-data")["outputs"]["HostedZoneId"]
    records = route53.list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
    shared = {r["Region"]: r for r in records if r["Name"] == "api.example.test."}
    assert set(shared) == set(REGIONS)
    for region, record in shared.items():
        regional = endpoint.stack("gameday-regional", region)["outputs"]
        assert record["SetIdentifier"] == region
        assert record["AliasTarget"]["DNSName"] == regional["RegionalDomainName"]
        check = route53.get_health_check(HealthCheckId=record["HealthCheckId"])["HealthCheck"]
        config = check["HealthCheckConfig"]
        assert config["FullyQualifiedDomainName"] == f"{region}.api.example.test"
        assert config["Type"] == "HTTPS"
        assert config["ResourcePath"] == "/health/deep"
        assert (config["RequestInterval"], config["FailureThreshold"]) == (10, 3)
        assert config["EnableSNI"] is True
        own = [r for r in records if r["Name"] == f"{region}.api.example.test."]
        assert [r["AliasTarget"]["DNSName"] for r in own] == [regional["HealthTarget"]]


def test_do_record_sets_go_out_as_one_batch_a_stack(
    endpoint: Any, deployed: template.Deployment
) -> None:
    changes = [
        c for c in endpoint.calls if c.startswith("POST") and c.rstrip("/").endswith("rrset")
    ]
    assert len(changes) == 3  # validation records of each Region, then the routing


@pytest.mark.parametrize("region", REGIONS)
def test_which_alarms_are_there(endpoint: Any, deployed: template.Deployment, region: str) -> None:
    alarms = endpoint.client("cloudwatch", region).describe_alarms()["MetricAlarms"]
    found = {a["AlarmName"]: (a["MetricName"], a["Dimensions"], a["Period"]) for a in alarms}
    api = [{"Name": "ApiName", "Value": "gameday-regional"}]
    function = [{"Name": "FunctionName", "Value": "gameday-regional-items-read"}]
    assert found == {
        f"api-5xx-{region}": ("5XXError", api, 60),
        f"throttles-{region}": ("Throttles", function, 60),
    }


def test_what_can_describe_stacks_answer(endpoint: Any, deployed: template.Deployment) -> None:
    data = endpoint.stack("gameday-data")
    assert data["status"] == "CREATE_COMPLETE"
    assert data["parameters"]["PeerRegion"] == "eu-west-1"
    assert data["outputs"]["FisRoleArn"].startswith(f"arn:aws:iam::{ACCOUNT}:role/")
    kinds = {r["LogicalResourceId"]: r["ResourceType"] for r in data["resources"]}
    assert kinds == {
        "Table": "AWS::DynamoDB::GlobalTable",
        "Zone": "AWS::Route53::HostedZone",
        "FisRole": "AWS::IAM::Role",
    }
