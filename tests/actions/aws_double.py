"""An AWS endpoint on loopback for tests: moto's server, and what moto lacks laid over it.

Laid over: CloudFormation's view of the stacks, FIS with tags and states, and the observations of
health checkers.
"""

from __future__ import annotations

import io
import itertools
import json
import logging
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import boto3
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

REGIONS = ("us-east-1", "eu-west-1")
BEHIND = ("items-read", "items-write", "health", "health-deep")
SUCCESS, FAILURE = "Success: HTTP Status Code 200, OK", "Failure: HTTP Status Code 503"


class AwsDouble:
    """The WSGI application; `stacks`, `observations` and `experiments` may be set by tests."""

    def __init__(self) -> None:
        self.moto = DomainDispatcherApplication(create_backend_app)
        self.stacks: dict[tuple[str, str], dict[str, Any]] = {}  # (region, name) -> stack
        self.observations: dict[str, list[str]] = {}
        self.templates: dict[str, dict[str, Any]] = {}
        self.experiments: dict[str, dict[str, Any]] = {}
        self.levers: dict[str, str] = {}  # Region: the FIS safety lever's state
        self.concurrency: dict[str, int] = {}  # Region: Lambda's limit
        self.refuse: str | None = None  # a path that answers 500
        self.mend: list[Callable[[], object]] = []  # what a test that broke something puts back
        self._number = itertools.count(1)

    def __call__(self, environ: dict[str, Any], start: Any) -> Any:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        credential = re.search(r"/(\S+?)/(\w+)/aws4_request", environ.get("HTTP_AUTHORIZATION", ""))
        region, service = ("", "")
        if credential:
            region, service = credential[1].split("/")[-1], credential[2]
        if self.refuse and self.refuse in path:
            return _answer(start, "application/json", "{}", "500 Refused by the test")
        if service == "cloudformation":
            return self._cloudformation(region, parse_qs(body.decode()), start)
        if path == "/safetyLevers/default":
            state = {"status": self.levers.get(region, "disengaged"), "reason": ""}
            lever = {"safetyLever": {"id": "default", "state": state}}
            return _answer(start, "application/json", json.dumps(lever))
        if path.startswith("/2016-08-19/account-settings"):
            limit = {"AccountLimit": {"ConcurrentExecutions": self.concurrency.get(region, 1000)}}
            return _answer(start, "application/json", json.dumps(limit))
        if service == "fis":
            return self._fis(method, path, json.loads(body or "{}"), start)
        if path.startswith("/2013-04-01/healthcheck/") and path.endswith("/status"):
            return self._status(path.split("/")[3], start)
        return self.moto(environ, start)

    def _cloudformation(self, region: str, form: dict[str, list[str]], start: Any) -> Any:
        action = form["Action"][0]
        mine = {n: s for (r, n), s in self.stacks.items() if r == region}
        if action == "DescribeStacks":
            members = "".join(
                f"<member><StackName>{n}</StackName><StackId>{n}</StackId>"
                "<CreationTime>2026-01-01T00:00:00Z</CreationTime>"
                "<StackStatus>CREATE_COMPLETE</StackStatus><Outputs>"
                + "".join(
                    f"<member><OutputKey>{k}</OutputKey><OutputValue>{v}</OutputValue></member>"
                    for k, v in s["outputs"].items()
                )
                + "</Outputs></member>"
                for n, s in mine.items()
            )
            inner = f"<Stacks>{members}</Stacks>"
        else:
            members = "".join(
                f"<member><LogicalResourceId>{p}</LogicalResourceId>"
                f"<PhysicalResourceId>{p}</PhysicalResourceId><ResourceType>{t}</ResourceType>"
                "<LastUpdatedTimestamp>2026-01-01T00:00:00Z</LastUpdatedTimestamp>"
                "<ResourceStatus>CREATE_COMPLETE</ResourceStatus></member>"
                for t, p in mine[form["StackName"][0]]["resources"]
            )
            inner = f"<StackResourceSummaries>{members}</StackResourceSummaries>"
        xml = f"<{action}Response><{action}Result>{inner}</{action}Result></{action}Response>"
        return _answer(start, "text/xml", xml)

    def _fis(self, method: str, path: str, body: dict[str, Any], start: Any) -> Any:
        kind, _, one = path.strip("/").partition("/")
        held = self.templates if kind == "experimentTemplates" else self.experiments
        member = "experimentTemplate" if held is self.templates else "experiment"
        if method == "POST":
            new = f"{'EXT' if held is self.templates else 'EXP'}{next(self._number)}"
            held[new] = {"id": new, "tags": {}, **body}
            if held is self.experiments:
                held[new]["state"] = {"status": "running"}
            return _answer(start, "application/json", json.dumps({member: held[new]}))
        if method == "DELETE" and one:
            if held is self.templates:
                gone = held.pop(one)
                return _answer(start, "application/json", json.dumps({member: gone}))
            held[one]["state"] = {"status": "stopped"}
        if one:
            return _answer(start, "application/json", json.dumps({member: held[one]}))
        return _answer(start, "application/json", json.dumps({kind: list(held.values())}))

    def _status(self, check: str, start: Any) -> Any:
        seen = "".join(
            f"<HealthCheckObservation><Region>us-east-1</Region><IPAddress>15.177.0.{i}</IPAddress>"
            f"<StatusReport><Status>{text}</Status></StatusReport></HealthCheckObservation>"
            for i, text in enumerate(self.observations.get(check, [SUCCESS] * 16))
        )
        name = "GetHealthCheckStatusResponse"
        inner = f"<HealthCheckObservations>{seen}</HealthCheckObservations>"
        return _answer(start, "text/xml", f"<{name}>{inner}</{name}>")


def _answer(start: Any, kind: str, text: str, status: str = "200 OK") -> list[bytes]:
    start(status, [("Content-Type", kind)])
    return [text.encode()]


@contextmanager
def serving(double: AwsDouble) -> Iterator[str]:
    """The endpoint's URL while the block runs."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", 0, double, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def environment(endpoint: str) -> dict[str, str]:
    """What a target file for the double says."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "GAMEDAY_REGIONS": ",".join(REGIONS),
        "GAMEDAY_REGION": "us-east-1",
        "GAMEDAY_STACK": "shop",
        "GAMEDAY_ENDPOINT": "api.example.test",
        "GAMEDAY_SPEED": "10",
        "GAMEDAY_RTO_S": "150",
        "GAMEDAY_RPO_S": "5",
    }


def deploy(double: AwsDouble, endpoint: str) -> None:
    """The application `shop` in both Regions: four functions behind an API, one on a queue."""
    for region in REGIONS:
        _deploy_region(double, endpoint, region)
    home = double.stacks[REGIONS[0], "shop"]
    home["resources"].append(("AWS::DynamoDB::GlobalTable", "items"))
    home["outputs"]["FisRoleArn"] = "arn:aws:iam::123456789012:role/fis"
    _deploy_routing(endpoint)


def _deploy_region(double: AwsDouble, endpoint: str, region: str) -> None:
    def api(service: str) -> Any:
        return boto3.client(service, region_name=region, endpoint_url=endpoint)

    names = [f"shop-{name}" for name in (*BEHIND, "mailer")]
    for name in names:
        _create_function(api("lambda"), api("iam"), name)
    rest = api("apigateway").create_rest_api(name="shop")["id"]
    root = api("apigateway").get_resources(restApiId=rest)["items"][0]["id"]
    health = _route(api("apigateway"), rest, root, "health", "shop-health", region)
    _route(api("apigateway"), rest, health, "deep", "shop-health-deep", region)
    items = _route(api("apigateway"), rest, root, "items", "shop-items-write", region)
    _route(api("apigateway"), rest, items, "{id}", "shop-items-read", region)
    api("dynamodb").create_table(
        TableName="items",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    functions = [("AWS::Lambda::Function", name) for name in names]
    double.stacks[region, "shop"] = {
        "outputs": {},
        "resources": [*functions, ("AWS::ApiGateway::RestApi", rest)],
    }
    double.stacks[region, "shopping"] = {"outputs": {"FisRoleArn": "a stranger's"}, "resources": []}


def _create_function(api: Any, iam: Any, name: str) -> None:
    policy = {"Version": "2012-10-17", "Statement": []}
    try:
        role = iam.create_role(RoleName="fn", AssumeRolePolicyDocument=json.dumps(policy))["Role"]
    except iam.exceptions.EntityAlreadyExistsException:
        role = iam.get_role(RoleName="fn")["Role"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): ...")
    api.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role["Arn"],
        Handler="app.handler",
        Code={"ZipFile": code.getvalue()},
        Environment={"Variables": {"TABLE_NAME": "items", "SECRET": "it's `hidden`"}},
    )


def _route(api: Any, rest: str, parent: str, part: str, function: str, region: str) -> str:
    made = api.create_resource(restApiId=rest, parentId=parent, pathPart=part)["id"]
    route = {"restApiId": rest, "resourceId": made, "httpMethod": "ANY"}
    api.put_method(**route, authorizationType="NONE")
    arn = f"arn:aws:lambda:{region}:123456789012:function:{function}"
    api.put_integration(
        **route,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations",
    )
    return str(made)


def _deploy_routing(endpoint: str) -> None:
    api = boto3.client("route53", region_name="us-east-1", endpoint_url=endpoint)
    zone = api.create_hosted_zone(Name="example.test.", CallerReference="z")["HostedZone"]["Id"]
    changes = []
    for region in REGIONS:
        check = api.create_health_check(
            CallerReference=region,
            HealthCheckConfig={
                "Type": "HTTPS",
                "FullyQualifiedDomainName": f"{region}.api.example.test",
                "ResourcePath": "/health/deep",
                "RequestInterval": 10,
                "FailureThreshold": 3,
            },
        )["HealthCheck"]["Id"]
        record = {
            "Name": "api.example.test",
            "Type": "A",
            "TTL": 60,
            "SetIdentifier": region,
            "Region": region,
            "HealthCheckId": check,
            "ResourceRecords": [{"Value": "127.0.0.1"}],
        }
        changes.append({"Action": "CREATE", "ResourceRecordSet": record})
    api.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
