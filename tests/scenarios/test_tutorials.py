"""Applications as AWS's own tutorials write them: do they work by `gameday lab run --template`?"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from conftest import Project

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
