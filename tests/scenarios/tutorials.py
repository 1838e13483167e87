"""Applications in the manner of AWS's own tutorials, and the clients that try them."""

from __future__ import annotations

from typing import Any

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
                EnableSimpleResponses: true, EnableFunctionDefaultPermissions: true,
                Identity: {Headers: [authorization]}}
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
        "ShopItemsItemANYApiPermission": {"Type": "AWS::Lambda::Permission", "Properties": {
            "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com",
            "FunctionName": {"Fn::GetAtt": ["Handler886CB40B", "Arn"]},
            "SourceArn": {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":execute-api:",
                {"Ref": "AWS::Region"}, ":", {"Ref": "AWS::AccountId"}, ":", REST,
                "/*/*/items/*"]]}}},
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
import os, time, urllib.request
import dns.resolver

host, port = os.environ["GAMEDAY_DNS"].split(":")
resolver = dns.resolver.Resolver(configure=False)
resolver.nameservers, resolver.port = [host], int(port)
NAME = "app.example.test"

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
url = f"http://127.0.1.1:{os.environ['GAMEDAY_HTTP_PORT']}/crash"
try:
    urllib.request.urlopen(url)
except urllib.error.HTTPError as error:
    assert error.code == 502, error
until("eu-west-1")
"""
VISITOR = """
from locust import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(1)

    @task
    def home(self):
        self.client.get("/")
"""
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
NODE = """
const http = require("http");
http.createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({region: process.env.AWS_REGION}));
}).listen(process.env.PORT, process.env.HOST);
"""
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
