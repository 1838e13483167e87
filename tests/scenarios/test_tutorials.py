"""Applications as AWS's own tutorials write them: do they work by `gameday lab run --template`?"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import Project

pytestmark = pytest.mark.scenario
REGIONS = ("--region", "us-east-1", "--region", "eu-west-1")

CRUD = """
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.11, Timeout: 5, Layers: [!Ref Shared]}}
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Shared: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer}}
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration: {AllowOrigins: ["*"], AllowMethods: [GET, PUT]}
      Auth:
        Authorizers:
          Key: {FunctionArn: !GetAtt Guard.Arn, AuthorizerPayloadFormatVersion: "2.0",
                EnableSimpleResponses: true, Identity: {Headers: [authorization]},
                FunctionInvokeRole: null}
  Items:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: items
      Handler: app.handler
      Environment: {Variables: {TABLE: !Ref Table}}
      FunctionUrlConfig: {AuthType: NONE}
      Policies: [{DynamoDBCrudPolicy: {TableName: !Ref Table}}]
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: "/items/{id}", Method: GET}}
        Put: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: "/items", Method: PUT,
              Auth: {Authorizer: Key}}}
  Guard: {Type: AWS::Serverless::Function, Properties: {CodeUri: guard, Handler: app.handler}}
Outputs:
  Url: {Value: !GetAtt Api.ApiEndpoint}
  FunctionUrl: {Value: !GetAtt ItemsUrl.FunctionUrl}
"""
ITEMS = """
import json, os
import boto3, shared

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])

def handler(event, context):
    key = event.get("routeKey")
    if key == "PUT /items":
        table.put_item(Item=json.loads(event["body"]))
        return shared.say("put")
    if key == "GET /items/{id}":
        return table.get_item(Key={"id": event["pathParameters"]["id"]})["Item"]
    return shared.say(key)
"""
GUARD = """
def handler(event, context):
    return {"isAuthorized": event["identitySource"] == ["open sesame"]}
"""
CLIENT = """
import json, os, sys, urllib.request, boto3

found = {o["OutputKey"]: o["OutputValue"] for o in
         boto3.client("cloudformation").describe_stacks()["Stacks"][0]["Outputs"]}

def ask(url, path, method="GET", body=None, **headers):
    host = url.removeprefix("https://").strip("/")
    address = f"http://127.0.1.1:{os.environ['GAMEDAY_HTTP_PORT']}{path}"
    headers = {"Host": host, "Content-Type": "application/json", **headers}
    request = urllib.request.Request(address, body, headers, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()

item = json.dumps({"id": "1", "name": "chair"}).encode()
print(json.dumps([
    ask(found["Url"], "/items", "PUT", item),
    ask(found["Url"], "/items", "PUT", item, Authorization="open sesame"),
    ask(found["Url"], "/items/1"),
    ask(found["Url"], "/nothing"),
    ask(found["FunctionUrl"], "/any"),
]))
"""


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


def test_does_a_crud_api_with_table_layer_authorizer_and_url_work(tmp_path: Path) -> None:
    layer = "def say(what):\n    return {'said': what}\n"
    write(tmp_path, {"template.yaml": CRUD, "items/app.py": ITEMS, "guard/app.py": GUARD,
                     "layer/python/shared.py": layer, "client.py": CLIENT})  # fmt: skip
    done = Project(tmp_path).gameday(
        "lab", "run", "--template", "template.yaml", "--region", "us-east-1", "--strict", "--",
        sys.executable, "client.py",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        [401, '{"message":"Unauthorized"}'],
        [200, {"said": "put"}],
        [200, {"id": "1", "name": "chair"}],
        [404, '{"message":"Not Found"}'],
        [200, {"said": "$default"}],
    ]


HELLO_WORLD = """
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Description: hello-world
Globals:
  Function:
    Timeout: 3
    LoggingConfig:
      LogFormat: JSON
Resources:
  HelloWorldFunction:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: hello_world/
      Handler: app.lambda_handler
      Runtime: python3.11
      Architectures: [x86_64]
      Events:
        HelloWorld: {Type: Api, Properties: {Path: /hello, Method: get}}
Outputs:
  HelloWorldApi:
    Value: !Sub "https://${ServerlessRestApi}.execute-api.${AWS::Region}.amazonaws.com/Prod/hello/"
  HelloWorldFunctionIamRole: {Value: !GetAtt HelloWorldFunctionRole.Arn}
"""
HELLO_WORLD_APP = """
import json

def lambda_handler(event, context):
    return {"statusCode": 200, "body": json.dumps({"message": "hello world"})}
"""
HELLO_WORLD_TEST = """
import json, os, ssl, http.client
from urllib.parse import urlsplit
import boto3, dns.resolver

def test_api_gateway():
    [stack] = boto3.client("cloudformation").describe_stacks(StackName="app-stack")["Stacks"]
    outputs = {o["OutputKey"]: o["OutputValue"] for o in stack["Outputs"]}
    url = urlsplit(outputs["HelloWorldApi"])
    resolver = dns.resolver.Resolver(configure=False)
    host, port = os.environ["GAMEDAY_DNS"].split(":")
    resolver.nameservers, resolver.port = [host], int(port)
    address = resolver.resolve(url.hostname, "A")[0].address
    context = ssl.create_default_context(cafile=os.environ["GAMEDAY_CA_FILE"])
    connection = http.client.HTTPSConnection(url.hostname, context=context)
    connection._create_connection = lambda where, *rest: __import__("socket").create_connection(
        (address, int(os.environ["GAMEDAY_HTTPS_PORT"])))
    connection.request("GET", url.path)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())) == (200, {"message": "hello world"})
    connection.close()
"""


def test_does_sams_hello_world_pass_its_own_integration_test(tmp_path: Path) -> None:
    files = {"template.yaml": HELLO_WORLD, "tests/test_api.py": HELLO_WORLD_TEST,
             "hello_world/app.py": HELLO_WORLD_APP, "hello_world/requirements.txt": ""}  # fmt: skip
    write(tmp_path, files)
    done = Project(tmp_path).gameday(
        "lab", "run", "--template", "template.yaml", "--region", "us-east-1", "--",
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


LAMBDA_URI = {"Fn::Join": ["", [
    "arn:", {"Ref": "AWS::Partition"}, ":apigateway:", {"Ref": "AWS::Region"},
    ":lambda:path/2015-03-31/functions/", {"Fn::GetAtt": ["Handler886CB40B", "Arn"]},
    "/invocations",
]]}  # fmt: skip
REST = {"Ref": "Shop24B84129"}


def cdk_method(verb: str, place: Any, **integration: Any) -> dict[str, Any]:
    return {"Type": "AWS::ApiGateway::Method", "Properties": {
        "RestApiId": REST, "ResourceId": place, "HttpMethod": verb, "AuthorizationType": "NONE",
        "Integration": integration}}  # fmt: skip


ITEM = {"Ref": "ShopItemsItemE8A5D4F1"}
CDK = {
    "Resources": {
        "ItemsTable5AAC2C46": {"Type": "AWS::DynamoDB::Table", "Properties": {
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST"}, "UpdateReplacePolicy": "Delete",
            "DeletionPolicy": "Delete"},
        "HandlerServiceRoleFCDC14AE": {"Type": "AWS::IAM::Role", "Properties": {
            "AssumeRolePolicyDocument": {"Statement": [{"Action": "sts:AssumeRole",
                "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}],
                "Version": "2012-10-17"}}},
        "Handler886CB40B": {"Type": "AWS::Lambda::Function", "Properties": {
            "Code": {"S3Bucket": {"Fn::Sub": "cdk-hnb659fds-assets-${AWS::AccountId}"},
                     "S3Key": "c386b2.zip"},
            "Environment": {"Variables": {"TABLE": {"Ref": "ItemsTable5AAC2C46"}}},
            "Handler": "app.handler", "Runtime": "python3.11",
            "Role": {"Fn::GetAtt": ["HandlerServiceRoleFCDC14AE", "Arn"]}}},
        "Shop24B84129": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "Shop"}},
        "ShopItems8BF1A0B3": {"Type": "AWS::ApiGateway::Resource", "Properties": {
            "ParentId": {"Fn::GetAtt": ["Shop24B84129", "RootResourceId"]}, "PathPart": "items",
            "RestApiId": REST}},
        "ShopItemsItemE8A5D4F1": {"Type": "AWS::ApiGateway::Resource", "Properties": {
            "ParentId": {"Ref": "ShopItems8BF1A0B3"}, "PathPart": "{id}", "RestApiId": REST}},
        "ShopItemsItemANY": cdk_method("ANY", ITEM, Type="AWS_PROXY", Uri=LAMBDA_URI,
                                       IntegrationHttpMethod="POST"),
        "ShopItemsItemOPTIONS": cdk_method(
            "OPTIONS", ITEM, Type="MOCK",
            RequestTemplates={"application/json": "{ statusCode: 204 }"},
            IntegrationResponses=[{"StatusCode": "204", "ResponseParameters": {
                "method.response.header.Access-Control-Allow-Origin": "'*'"}}],
        ),
        "ShopDeployment1A2B3C": {"Type": "AWS::ApiGateway::Deployment",
                                 "Properties": {"RestApiId": REST},
                                 "DependsOn": ["ShopItemsItemANY", "ShopItemsItemOPTIONS"]},
        "ShopDeploymentStageprod9A8B": {"Type": "AWS::ApiGateway::Stage", "Properties": {
            "DeploymentId": {"Ref": "ShopDeployment1A2B3C"}, "RestApiId": REST,
            "StageName": "prod"}},
    },
    "Outputs": {"Url": {"Value": {"Fn::Join": ["", [
        "https://", REST, ".execute-api.", {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"},
        "/", {"Ref": "ShopDeploymentStageprod9A8B"}]]}}},
    "Parameters": {"BootstrapVersion": {"Type": "AWS::SSM::Parameter::Value<String>",
                                        "Default": "/cdk-bootstrap/hnb659fds/version"}},
}  # fmt: skip
CDK_ASSETS = {"version": "55.0.0", "files": {"c386b2": {
    "source": {"path": "asset.c386b2", "packaging": "zip"},
    "destinations": {"here": {"bucketName": "cdk", "objectKey": "c386b2.zip"}}}}}  # fmt: skip
CDK_APP = """
import json, os
import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])

def handler(event, context):
    key = event["pathParameters"]
    if event["httpMethod"] == "PUT":
        table.put_item(Item=key)
    found = table.get_item(Key=key).get("Item")
    return {"statusCode": 200 if found else 404, "body": json.dumps(found)}
"""
CDK_CLIENT = """
import json, os, urllib.request, urllib.error, boto3

[stack] = boto3.client("cloudformation").describe_stacks()["Stacks"]
url = stack["Outputs"][0]["OutputValue"].removeprefix("https://")
host, _, stage = url.partition("/")

def ask(method):
    address = f"http://127.0.1.1:{os.environ['GAMEDAY_HTTP_PORT']}/{stage}/items/7"
    request = urllib.request.Request(address, headers={"Host": host}, method=method)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers["Access-Control-Allow-Origin"]
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()

print(json.dumps([ask("GET"), ask("PUT"), ask("GET"), ask("OPTIONS")]))
"""


def test_does_what_a_cdk_app_synthesizes_work(tmp_path: Path) -> None:
    write(tmp_path, {"cdk.out/Shop.template.json": json.dumps(CDK), "client.py": CDK_CLIENT,
                     "cdk.out/Shop.assets.json": json.dumps(CDK_ASSETS),
                     "cdk.out/asset.c386b2/app.py": CDK_APP})  # fmt: skip
    done = Project(tmp_path).gameday(
        "lab", "run", "--template", "cdk.out/Shop.template.json", "--region", "us-east-1",
        "--strict", "--", sys.executable, "client.py",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[404, "null"], [200, None], [200, None], [204, "*"]]


FAILOVER = """
Transform: AWS::Serverless-2016-10-31
Conditions: {Primary: !Equals [!Ref "AWS::Region", us-east-1]}
Resources:
  Api: {Type: AWS::Serverless::Api, Properties: {StageName: prod, EndpointConfiguration: REGIONAL}}
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.11
      Handler: index.handler
      InlineCode: |
        import os
        def handler(event, context):
            return {"statusCode": 200, "body": os.environ["AWS_REGION"]}
      Events: {Get: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /, Method: GET}}}
  Domain:
    Type: AWS::ApiGateway::DomainName
    Properties: {DomainName: api.example.test, RegionalCertificateArn: !Ref Certificate,
                 EndpointConfiguration: {Types: [REGIONAL]}}
  Certificate: {Type: AWS::CertificateManager::Certificate,
                Properties: {DomainName: api.example.test, ValidationMethod: DNS}}
  Mapping: {Type: AWS::ApiGateway::BasePathMapping, DependsOn: ApiprodStage,
            Properties: {DomainName: !Ref Domain, RestApiId: !Ref Api, Stage: prod}}
  Check:
    Type: AWS::Route53::HealthCheck
    Properties:
      HealthCheckConfig:
        Type: HTTPS
        FullyQualifiedDomainName: !Sub "${Api}.execute-api.${AWS::Region}.amazonaws.com"
        ResourcePath: /prod
        RequestInterval: 10
        FailureThreshold: 1
  Record:
    Type: AWS::Route53::RecordSet
    Properties:
      HostedZoneName: example.test.
      Name: api.example.test
      Type: A
      SetIdentifier: !Ref AWS::Region
      Failover: !If [Primary, PRIMARY, SECONDARY]
      HealthCheckId: !Ref Check
      AliasTarget: {DNSName: !GetAtt Domain.RegionalDomainName, EvaluateTargetHealth: false,
                    HostedZoneId: !GetAtt Domain.RegionalHostedZoneId}
"""
WATCH = """
import os, socket, sys, time, urllib.request
import boto3, dns.resolver

host, port = os.environ["GAMEDAY_DNS"].split(":")
resolver = dns.resolver.Resolver(configure=False)
resolver.nameservers, resolver.port = [host], int(port)
NAME = sys.argv[1]

def region():
    address = resolver.resolve(NAME, "A")[0].address
    url = f"http://{address}:{os.environ['GAMEDAY_HTTP_PORT']}/"
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Host": NAME})) as answer:
        return answer.read().decode()

def until(wanted):
    deadline = time.monotonic() + 60
    while True:
        try:
            seen = region()
        except OSError as error:
            seen = str(error)
        if seen == wanted:
            return print(seen)
        assert time.monotonic() < deadline, seen
        time.sleep(0.2)

until("us-east-1")
exec(sys.argv[2])
until("eu-west-1")
"""
STOP = """
api = boto3.client("lambda", "us-east-1")
for f in api.list_functions()["Functions"]:
    api.put_function_concurrency(FunctionName=f["FunctionName"], ReservedConcurrentExecutions=0)
"""


def holds(body: dict[str, Any]) -> None:
    """Recovery need hold for one AWS minute only: five are for real rehearsals."""
    for step in body["method"]:
        step["provider"]["arguments"].update(
            {"then_holds_s": 60} if step["name"] == "clients-recover-and-stay" else {}
        )


VISITOR = """
from locust import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(1)

    @task
    def home(self):
        self.client.get("/")
"""


def survives(project: Project, experiment: str, *application: str) -> dict[str, Any]:
    """The findings of a shipped experiment on an application that knows nothing of us."""
    write(project.root, {"loadtests/visitor.py": VISITOR})
    done = project.gameday(
        "run", project.experiment(experiment, holds), *application, "--regions",
        "us-east-1,eu-west-1", "--locustfile", "loadtests/visitor.py",
    )  # fmt: skip
    findings = project.findings()
    assert findings["verdict"] == "PASSED", done.stdout + done.stderr
    assert done.returncode == 0
    return findings


def test_can_a_template_be_put_through_region_outage(project: Project) -> None:
    write(project.root, {"t.yaml": FAILOVER})
    findings = survives(
        project, "region-outage", "--template", "t.yaml", "--endpoint", "api.example.test"
    )
    assert findings["recovery"]["recovery_s"] > 0
    assert findings["data_behind"]["at_fault"] is None  # nothing of it is replicated
    assert project.events("fault.applied")[0]["left_alone"] == [
        "no table of app replicates: nothing to pause"
    ]


def fails_over(root: Path, name: str, fault: str, *application: str) -> Any:
    """Whether clients of `name` move to eu-west-1 when `fault` happens to us-east-1."""
    write(root, {"watch.py": WATCH})
    done = Project(root).gameday(
        "lab", "run", *application, *REGIONS, "--", sys.executable, "watch.py", name, fault
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_does_a_template_in_two_regions_fail_over(tmp_path: Path) -> None:
    write(tmp_path, {"t.yaml": FAILOVER})
    seen = fails_over(tmp_path, "api.example.test", STOP, "--template", "t.yaml")
    assert seen == ["us-east-1", "eu-west-1"]


SERVER = """
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/crash":
            os._exit(1)
        body = os.environ["AWS_REGION"].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""
CRASH = """
url = f"http://127.0.1.1:{os.environ['GAMEDAY_HTTP_PORT']}/crash"
try:
    urllib.request.urlopen(url)
except urllib.error.HTTPError as error:
    assert error.code == 502, error
"""


def test_does_a_program_in_two_regions_fail_over(tmp_path: Path) -> None:
    write(tmp_path, {"server.py": SERVER})
    program = ("--command", f"{sys.executable} server.py")
    seen = fails_over(tmp_path, "app.example.test", CRASH, *program)
    assert seen == ["us-east-1", "eu-west-1"]


NODE = """
const http = require("http");
http.createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({region: process.env.AWS_REGION}));
}).listen(process.env.PORT, process.env.HOST);
"""


def test_can_a_node_server_be_put_through_region_cut_as_on_macos(project: Project) -> None:
    """Without addresses of their own Regions share 127.0.0.1, and our clients map the answers."""
    node = shutil.which("node")
    write(project.root, {"server.js": NODE, "server.py": SERVER})
    command = "node server.js" if node else f"{sys.executable} server.py"
    findings = survives(project, "region-cut", "--command", command, "--no-aliases")
    assert findings["run"]["endpoint"] == "app.example.test"
    assert {e["region"] for e in project.events("fault.applied")} == {"us-east-1"}
    assert findings["recovery"]["recovery_s"] > 20  # it was noticed from outside, by timeouts


HELLO = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.11, Handler: app.handler, CodeUri: src,
                 FunctionUrlConfig: {AuthType: NONE}, FunctionName: hello}
"""
EDIT = """
import os, pathlib, time, urllib.request, boto3

url = boto3.client("lambda").get_function_url_config(FunctionName="hello")["FunctionUrl"]
address = f"http://127.0.1.1:{os.environ['GAMEDAY_HTTP_PORT']}/"
request = urllib.request.Request(address, headers={"Host": url.removeprefix("https://")})

def until(wanted):
    deadline = time.monotonic() + 30
    while (seen := urllib.request.urlopen(request).read().decode()) != wanted:
        assert time.monotonic() < deadline, seen
        time.sleep(0.1)
    print(seen)

until("before")
code = pathlib.Path("src/app.py")
code.write_text(code.read_text().replace("before", "afterwards"))
until("afterwards")
"""


def test_is_changed_code_taken_over_while_the_lab_is_up(tmp_path: Path) -> None:
    code = 'def handler(event, context):\n    return "before"\n'
    write(tmp_path, {"t.yaml": HELLO, "src/app.py": code, "edit.py": EDIT})
    done = Project(tmp_path).gameday(
        "lab", "run", "--template", "t.yaml", "--region", "us-east-1", "--watch", "--",
        sys.executable, "edit.py",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["before", "afterwards"]
