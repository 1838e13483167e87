"""Integrations and guards of REST APIs in templates: what is served, and what is listed by name?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_http_api_templates import Moto, apis, deploy

from gameday.lab.cloud import snapshots
from gameday.lab.template.resources.rest_integrations import beyond

TEMPLATE = """
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Version: 2012-10-17}}}
  F: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: x = 1}, Handler: index.h,
      Runtime: python3.11, Role: !GetAtt Role.Arn}}
  Url: {Type: AWS::Lambda::Url, Properties: {TargetFunctionArn: !GetAtt F.Arn, AuthType: AWS_IAM}}
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: custom}}
  Custom:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: POST
      AuthorizationType: NONE
      MethodResponses: [{StatusCode: "200"}, {StatusCode: "400"}]
      Integration:
        Type: AWS
        IntegrationHttpMethod: POST
        PassthroughBehavior: WHEN_NO_TEMPLATES
        Uri: !Sub "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/invocations"
        RequestTemplates: {application/json: '{"id": "$input.params(''id'')"}'}
        IntegrationResponses:
          - {StatusCode: "200", ResponseTemplates: {application/json: "$input.json('$.a')"}}
          - {StatusCode: "400", SelectionPattern: "Malformed.*"}
  Guarded:
    Type: AWS::ApiGateway::Method
    Properties:
      {RestApiId: !Ref Api, ResourceId: !GetAtt Api.RootResourceId, HttpMethod: PUT,
       AuthorizationType: AWS_IAM, ApiKeyRequired: true,
       Integration: {Type: HTTP_PROXY, IntegrationHttpMethod: GET, Uri: "https://example.test/"}}
  Failure:
    Type: AWS::ApiGateway::GatewayResponse
    Properties: {RestApiId: !Ref Api, ResponseType: DEFAULT_4XX, ResponseParameters: {
      gatewayresponse.header.a: "'fixed'", gatewayresponse.header.b: method.request.header.Origin}}
  Deployed: {Type: AWS::ApiGateway::Deployment, DependsOn: [Custom, Guarded],
             Properties: {RestApiId: !Ref Api, StageName: prod}}
"""  # noqa: E501


def test_what_becomes_of_integrations_that_are_no_proxies(endpoint: Any, tmp_path: Path) -> None:
    done = deploy(endpoint, tmp_path, TEMPLATE)
    assert sorted((left.logical_id, left.reason) for left in done.left_out) == [
        ("Failure", "the lab does nothing with DEFAULT_4XX: gatewayresponse.header.b: "
                    "method.request.header.Origin"),
        ("Guarded", "the lab does nothing with ApiKeyRequired (lets everybody in)"),
        ("Guarded", "the lab does nothing with AuthorizationType AWS_IAM (lets everybody in)"),
        ("Guarded", "the lab does nothing with PUT: integration of type HTTP_PROXY (answers 500)"),
        ("Url", "the lab does nothing with AuthType AWS_IAM (lets everybody in)"),
    ]  # fmt: skip
    [api] = apis("rest")
    custom = next(r["integration"] for r in api["routes"] if r["method"] == "POST")
    assert (custom["type"], custom["function"]) == ("AWS", done.stacks[0].resources["F"])
    assert custom["permitted"] is False  # nothing lets the API invoke it
    assert (custom["passthrough"], custom["timeout_ms"]) == ("WHEN_NO_TEMPLATES", 29_000)
    assert custom["templates"] == {"application/json": '{"id": "$input.params(\'id\')"}'}
    assert custom["responses"]["400"]["selectionPattern"] == "Malformed.*"
    assert custom["responses"]["200"]["responseTemplates"] == {
        "application/json": "$input.json('$.a')"
    }
    default = snapshots.apis(Moto(), "us-east-1")[0]["gateway_responses"]["DEFAULT_4XX"]  # type: ignore[arg-type]
    assert default["headers"] == {"a": "fixed"}


SQS = "arn:aws:apigateway:us-east-1:sqs:path/123456789012/queue"


@pytest.mark.parametrize(
    ("kind", "integration", "named"),
    [
        ("AWS_PROXY", {}, []),
        ("AWS_PROXY", {"contentHandling": "x"}, ["contentHandling of the integration"]),
        ("AWS", {"uri": SQS}, [f"integration with {SQS} (answers 500)"]),
        ("HTTP", {"uri": "https://x"}, ["integration of type HTTP (answers 500)"]),
        ("MOCK", {"requestTemplates": {"application/json": "#if(1)"}},
         ["#if in the request template for application/json"]),
    ],
)  # fmt: skip
def test_what_of_an_integration_is_listed(
    kind: str, integration: dict[str, Any], named: list[str]
) -> None:
    assert list(beyond(kind, integration)) == named
