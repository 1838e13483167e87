"""Real clients against the endpoint: what moto keeps, and what the Regions' processes are told."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cloud_process import ACCOUNT, Cloud

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
HANDLER = "def handler(event, context):\n    return {'statusCode': 200}\n"


def archive(text: str = HANDLER) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr("app.py", text)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def role(cloud: Cloud) -> str:
    iam = cloud.client("iam")
    arn = iam.create_role(RoleName="app", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    policy = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    iam.attach_role_policy(RoleName="app", PolicyArn=policy)
    return str(arn)


def make_function(cloud: Cloud, role: str, name: str, region: str = "us-east-1") -> Any:
    return cloud.client("lambda", region).create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=role,
        Handler="app.handler",
        Code={"ZipFile": archive()},
        Timeout=5,
        MemorySize=256,
        Environment={"Variables": {"TABLE": "items"}},
    )


def functions(cloud: Cloud, region: str = "us-east-1") -> dict[str, Any]:
    found: dict[str, Any] = cloud.bodies[f"region/{region}"]["functions"]
    return found


def test_it_is_ready(cloud: Cloud) -> None:
    assert cloud.http("GET", "/_gameday/ready") == (200, b"ready\n")


def test_who_am_i(cloud: Cloud) -> None:
    assert cloud.client("sts").get_caller_identity()["Account"] == ACCOUNT


def test_s3_keeps_objects_with_odd_keys_and_large_bodies(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="artefacts")
    body = os.urandom(3_000_000)
    s3.put_object(Bucket="artefacts", Key="a b/ü%2F.bin", Body=body, Metadata={"my_key": "v"})
    got = s3.get_object(Bucket="artefacts", Key="a b/ü%2F.bin")
    assert got["Body"].read() == body
    assert got["Metadata"] == {"my_key": "v"}
    assert s3.head_object(Bucket="artefacts", Key="a b/ü%2F.bin")["ContentLength"] == len(body)


def test_s3_answers_presigned_urls(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="presigned")
    s3.put_object(Bucket="presigned", Key="k", Body=b"hello")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "presigned", "Key": "k"})
    assert cloud.http("GET", url.removeprefix(cloud.endpoint)) == (200, b"hello")


def test_sns_reaches_sqs_in_another_region(cloud: Cloud) -> None:
    sns, sqs = cloud.client("sns"), cloud.client("sqs", "eu-west-1")
    topic = sns.create_topic(Name="t")["TopicArn"]
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="over the ocean")
    message = sqs.receive_message(QueueUrl=queue)["Messages"][0]
    assert json.loads(message["Body"])["Message"] == "over the ocean"


def test_ssm_and_logs_are_regional(cloud: Cloud) -> None:
    cloud.client("ssm").put_parameter(Name="/a", Value="1", Type="String")
    assert cloud.client("ssm").get_parameter(Name="/a")["Parameter"]["Value"] == "1"
    with pytest.raises(ClientError, match="ParameterNotFound"):
        cloud.client("ssm", "eu-west-1").get_parameter(Name="/a")
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName="/g")
    assert logs.describe_log_groups()["logGroups"][0]["logGroupName"] == "/g"


def test_a_certificate_is_issued_at_once(cloud: Cloud) -> None:
    acm = cloud.client("acm")
    arn = acm.request_certificate(DomainName="api.example.test", ValidationMethod="DNS")
    described = acm.describe_certificate(CertificateArn=arn["CertificateArn"])["Certificate"]
    assert described["Status"] == "ISSUED"


def test_aws_endpoint_url_is_all_a_program_needs(cloud: Cloud) -> None:
    program = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    env = {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": cloud.endpoint,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "y",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True)
    assert done.stdout.strip() == ACCOUNT, done.stderr


def test_a_function_is_active_and_its_region_knows_it(cloud: Cloud, role: str) -> None:
    assert make_function(cloud, role, "known")["State"] == "Active"
    told = functions(cloud)["known"]
    assert (told["handler"], told["timeout_s"], told["memory_mb"]) == ("app.handler", 5, 256)
    assert told["environment"] == {"TABLE": "items"}
    assert told["arn"] == f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:known"
    assert told["reserved"] is None
    assert (Path(told["code"]) / "app.py").read_text() == HANDLER
    assert "known" not in cloud.bodies.get("region/eu-west-1", {}).get("functions", {})


def test_reserved_concurrency_reaches_the_region_before_the_caller_is_answered(
    cloud: Cloud, role: str
) -> None:
    make_function(cloud, role, "stopped")
    client = cloud.client("lambda")
    client.put_function_concurrency(FunctionName="stopped", ReservedConcurrentExecutions=0)
    assert functions(cloud)["stopped"]["reserved"] == 0
    assert client.get_function_concurrency(FunctionName="stopped") | {"ResponseMetadata": 0} == {
        "ReservedConcurrentExecutions": 0,
        "ResponseMetadata": 0,
    }
    client.delete_function_concurrency(FunctionName="stopped")
    assert functions(cloud)["stopped"]["reserved"] is None


def test_the_revision_changes_with_code_and_configuration_only(cloud: Cloud, role: str) -> None:
    make_function(cloud, role, "revised")
    client = cloud.client("lambda")
    seen = [functions(cloud)["revised"]["revision"]]
    client.put_function_concurrency(FunctionName="revised", ReservedConcurrentExecutions=7)
    assert functions(cloud)["revised"]["revision"] == seen[0]
    client.update_function_configuration(FunctionName="revised", Timeout=9)
    seen.append(functions(cloud)["revised"]["revision"])
    client.update_function_configuration(
        FunctionName="revised", Environment={"Variables": {"TABLE": "other"}}
    )
    seen.append(functions(cloud)["revised"]["revision"])
    client.update_function_code(FunctionName="revised", ZipFile=archive(HANDLER + "# new\n"))
    seen.append(functions(cloud)["revised"]["revision"])
    assert len(set(seen)) == 4


def test_code_that_leaves_its_folder_is_refused(cloud: Cloud, role: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr("../../evil.py", "")
    with pytest.raises(ClientError, match="leaves its folder") as refused:
        cloud.client("lambda").create_function(
            FunctionName="evil",
            Runtime="python3.11",
            Role=role,
            Handler="a.b",
            Code={"ZipFile": buffer.getvalue()},
        )
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValueException"
    assert "evil" not in functions(cloud)


def make_api(cloud: Cloud, function: str) -> tuple[Any, str]:
    gateway = cloud.client("apigateway")
    api = gateway.create_rest_api(name="items", endpointConfiguration={"types": ["REGIONAL"]})
    root = gateway.get_resources(restApiId=api["id"])["items"][0]["id"]
    items = gateway.create_resource(restApiId=api["id"], parentId=root, pathPart="items")["id"]
    one = gateway.create_resource(restApiId=api["id"], parentId=items, pathPart="{id}")["id"]
    uri = (
        "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
        f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{function}/invocations"
    )
    gateway.put_method(
        restApiId=api["id"], resourceId=one, httpMethod="GET", authorizationType="NONE"
    )
    gateway.put_integration(
        restApiId=api["id"],
        resourceId=one,
        httpMethod="GET",
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=uri,
    )
    gateway.put_gateway_response(
        restApiId=api["id"],
        responseType="DEFAULT_5XX",
        responseParameters={"gatewayresponse.header.x-region": "'us-east-1'"},
    )
    gateway.create_deployment(restApiId=api["id"])
    deployment = gateway.create_deployment(restApiId=api["id"])["id"]
    gateway.create_stage(
        restApiId=api["id"], stageName="prod", deploymentId=deployment, variables={"colour": "blue"}
    )
    return gateway, str(api["id"])


def test_an_api_its_domain_and_its_routes_reach_the_region(cloud: Cloud, role: str) -> None:
    make_function(cloud, role, "routed")
    gateway, api = make_api(cloud, "routed")

    def told_of() -> dict[str, Any]:
        return next(a for a in cloud.bodies["region/us-east-1"]["apis"] if a["id"] == api)

    assert told_of()["routes"][0]["integration"]["permitted"] is False
    cloud.client("lambda").add_permission(
        FunctionName="routed", StatementId="api", Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:us-east-1:123456789012:{api}/*/GET/items/*",
    )  # fmt: skip
    told = told_of()
    assert (told["name"], told["kind"], told["stage"]) == ("items", "rest", "prod")
    assert told["stage_variables"] == {"colour": "blue"}
    assert told["routes"] == [
        {
            "method": "GET",
            "path": "/items/{id}",
            "integration": {
                "type": "AWS_PROXY",
                "function": "routed",
                "timeout_ms": 29000,
                "templates": {},
                "passthrough": "WHEN_NO_MATCH",
                "responses": {},
            },
        }
    ]
    assert told["gateway_responses"] == {
        "DEFAULT_5XX": {"headers": {"x-region": "us-east-1"}, "status": None, "templates": {}}
    }
    domain = gateway.create_domain_name(
        domainName="api.example.test",
        endpointConfiguration={"types": ["REGIONAL"]},
        regionalCertificateArn="arn:aws:acm:us-east-1:1:certificate/x",
    )
    assert domain["regionalDomainName"].startswith("d-")
    assert domain["regionalDomainName"].endswith(".execute-api.us-east-1.amazonaws.com")
    assert domain["regionalHostedZoneId"] == "Z1UJRXOUMOOFQ8"
    gateway.create_base_path_mapping(domainName="api.example.test", restApiId=api, stage="prod")
    assert cloud.bodies["region/us-east-1"]["domains"] == {
        "api.example.test": [{"base_path": "", "api": api, "stage": "prod"}]
    }


def test_reading_publishes_nothing(cloud: Cloud, role: str) -> None:
    make_function(cloud, role, "read")
    before = len(cloud.snapshots)
    cloud.client("lambda").get_function(FunctionName="read")
    cloud.client("lambda").list_functions()
    cloud.client("apigateway").get_rest_apis()
    cloud.client("lambda").put_function_concurrency(
        FunctionName="read", ReservedConcurrentExecutions=3
    )
    assert len(cloud.snapshots) == before + 1


def test_a_region_that_does_not_apply_delays_its_control_plane_by_a_second_only(
    cloud: Cloud, role: str
) -> None:
    cloud.silent.add("region/eu-west-1")
    try:
        assert make_function(cloud, role, "alone", "eu-west-1")["State"] == "Active"
    finally:
        cloud.silent.clear()
    assert "alone" in functions(cloud, "eu-west-1")


def test_a_process_that_was_started_again_gets_its_configuration(cloud: Cloud, role: str) -> None:
    make_function(cloud, role, "again")
    del cloud.bodies["region/us-east-1"]
    cloud.send("resend", process="region/us-east-1")
    body = cloud.wait_body("region/us-east-1", lambda b: True)
    assert "again" in body["functions"]


def test_status_shows_invoke_urls_and_no_environment(cloud: Cloud, role: str) -> None:
    make_function(cloud, role, "shown")
    _, api = make_api(cloud, "shown")
    cloud.send("report", ask=5)
    answer = cloud.message("answer")
    status = answer["status"]
    port = cloud.spec["regions"]["us-east-1"]["http"]
    url = f"http://127.0.1.1:{port}/_aws/execute-api/{api}/prod"
    assert answer["ask"] == 5
    assert url in [a["invoke_url"] for a in status["apis"]["us-east-1"]]
    assert status["functions"]["us-east-1"]["shown"]["handler"] == "app.handler"
    assert "TABLE" not in json.dumps(status)


@pytest.mark.parametrize(
    ("service", "operation"), [("apigateway", "get_sdk_types"), ("logs", "list_anomalies")]
)
def test_what_moto_has_not_got_is_named_and_not_retried(
    cloud: Cloud, service: str, operation: str
) -> None:
    with pytest.raises(ClientError, match=f"the lab's {service} lacks") as refused:
        getattr(cloud.client(service), operation)()
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_a_web_page_can_neither_reset_moto_nor_read_answers(cloud: Cloud) -> None:
    assert cloud.http("POST", "/moto-api/reset")[0] == 404
    request = urllib.request.Request(cloud.endpoint + "/", headers={"Origin": "http://evil.test"})
    with urllib.request.urlopen(request, timeout=10) as response:
        assert "Access-Control-Allow-Origin" not in response.headers


def test_a_mock_integration_carries_its_templates_and_responses(cloud: Cloud) -> None:
    gateway = cloud.client("apigateway")
    api = gateway.create_rest_api(name="mock")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    place = {"restApiId": api, "resourceId": root, "httpMethod": "OPTIONS"}
    gateway.put_method(**place, authorizationType="NONE")
    gateway.put_integration(
        **place, type="MOCK", requestTemplates={"application/json": '{"statusCode": 204}'}
    )
    gateway.put_method_response(**place, statusCode="204")
    gateway.put_integration_response(
        **place,
        statusCode="204",
        responseParameters={"method.response.header.Allow": "'GET'"},
    )
    gateway.create_deployment(restApiId=api, stageName="prod")
    told = next(a for a in cloud.bodies["region/us-east-1"]["apis"] if a["id"] == api)
    integration = told["routes"][0]["integration"]
    assert integration["function"] is None
    assert integration["templates"] == {"application/json": '{"statusCode": 204}'}
    response = integration["responses"]["204"]
    assert response["responseParameters"] == {"method.response.header.Allow": "'GET'"}
