"""HTTP APIs, authorizers and function URLs of templates: what do the Regions get to know?"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from gameday import stacks
from gameday.lab import template
from gameday.lab.cloud import snapshots

ACCOUNT, TOKEN = "123456789012", "secret-of-the-lab"
TEMPLATE = """
Resources:
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      CorsConfiguration: {AllowOrigins: ["https://x.test"], AllowMethods: [GET], MaxAge: 60}
      DefaultRouteSettings: {ThrottlingBurstLimit: 3, ThrottlingRateLimit: 2}
      Auth:
        DefaultAuthorizer: Simple
        Authorizers:
          Jwt: {JwtConfiguration: {issuer: "https://issuer.test", audience: [me]},
                IdentitySource: $request.header.Authorization, AuthorizationScopes: [read, write]}
          Simple: {FunctionArn: !GetAtt F.Arn, AuthorizerPayloadFormatVersion: "2.0",
                   EnableSimpleResponses: true, Identity: {Headers: [authorization]}}
  Rest:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      Auth:
        DefaultAuthorizer: Token
        Authorizers: {Token: {FunctionArn: !GetAtt F.Arn, Identity: {ReauthorizeEvery: 30}}}
      MethodSettings: [{ResourcePath: "/*", HttpMethod: "*", ThrottlingBurstLimit: 5,
                        ThrottlingRateLimit: 2}]
  F:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: "x = 1"
      Handler: index.handler
      Runtime: python3.11
      AutoPublishAlias: live
      FunctionUrlConfig: {AuthType: NONE}
      Events:
        A: {Type: HttpApi, Properties: {ApiId: !Ref Http, Path: "/a/{id}", Method: GET}}
        D: {Type: HttpApi, Properties: {ApiId: !Ref Http}}
        J: {Type: HttpApi, Properties: {ApiId: !Ref Http, Path: /j, Method: GET,
            Auth: {Authorizer: Jwt}}}
        B: {Type: Api, Properties: {RestApiId: !Ref Rest, Path: /b, Method: GET}}
Outputs: {Url: {Value: !GetAtt FUrl.FunctionUrl}, Host: {Value: !GetAtt Http.ApiEndpoint}}
"""


class Moto:
    """moto's state in this process, as the endpoint's process sees its own."""

    def used(self, service: str) -> bool:
        return True

    def backend(self, service: str, region: str) -> Any:
        name, prefix = ("awslambda", "lambda") if service == "lambda" else (service, service)
        models = importlib.import_module(f"moto.{name}.models")
        return getattr(models, f"{prefix}_backends")[ACCOUNT][region]


def deploy(endpoint: Any, folder: Path, text: str) -> Any:
    (folder / "t.yaml").write_text(text)
    application = stacks.single(folder / "t.yaml", ["us-east-1"], {})
    return template.deploy(application, endpoint=endpoint.url, account=ACCOUNT, speed=1.0,
                           token=TOKEN, cache_dir=folder)  # fmt: skip


def apis(kind: str) -> list[Any]:
    return [a for a in snapshots.apis(Moto(), "us-east-1") if a["kind"] == kind]  # type: ignore[arg-type]


def test_what_becomes_of_sams_apis(endpoint: Any, tmp_path: Path) -> None:
    done = deploy(endpoint, tmp_path, TEMPLATE)
    assert [left.reason for left in done.left_out] == [
        "the lab does nothing with authorizer Jwt: the signatures of its tokens (their claims are "
        "checked)"
    ]
    [http] = apis("http")
    [default, one, jwt] = http["routes"]
    assert jwt["integration"]["authorizer"]["type"] == "JWT"
    assert jwt["integration"]["scopes"] == ["read", "write"]
    function = done.stacks[0].resources["F"]
    assert (http["stage"], http["cors"]["max_age_s"]) == ("$default", 60)
    assert (default["path"], one["method"], one["path"]) == ("$default", "GET", "/a/{id}")
    assert one["integration"]["function"] == f"{function}:live"
    assert one["integration"]["authorizer"]["simple"] is True
    assert one["integration"]["authorizer"]["identity"] == ["header.authorization"]
    assert one["integration"]["throttle"] == [2.0, 3.0]
    rest = next(a for a in apis("rest") if a["stage"] == "prod")
    [route] = rest["routes"]
    assert route["integration"]["throttle"] == [2.0, 5]
    assert route["integration"]["authorizer"]["ttl_s"] == 30
    assert route["integration"]["authorizer"]["identity"] == ["header.Authorization"]
    for integration in (default["integration"], one["integration"], route["integration"]):
        assert "permitted" not in integration  # SAM writes the permissions
    [url] = apis("url")
    assert done.stacks[0].outputs["Url"] == f"https://{url['id']}.lambda-url.us-east-1.on.aws"


def test_what_becomes_of_explicit_routes_and_a_domain(endpoint: Any, tmp_path: Path) -> None:
    text = """
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: {Version: 2012-10-17}}}
  F: {Type: AWS::Lambda::Function, Properties: {Code: {ZipFile: x = 1}, Handler: index.h,
      Runtime: python3.11, Role: !GetAtt Role.Arn}}
  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {Name: a, ProtocolType: HTTP}}
  To: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api,
       IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt F.Arn, PayloadFormatVersion: "2.0"}}
  Route: {Type: AWS::ApiGatewayV2::Route, Properties: {ApiId: !Ref Api, RouteKey: "GET /x",
          AuthorizationType: JWT, AuthorizerId: !Ref Tokens, AuthorizationScopes: [read],
          Target: !Sub "integrations/${To}"}}
  Tokens: {Type: AWS::ApiGatewayV2::Authorizer, Properties: {ApiId: !Ref Api, Name: tokens,
           AuthorizerType: JWT, IdentitySource: [$request.header.Authorization],
           JwtConfiguration: {Issuer: "https://issuer.test", Audience: [me]}}}
  Stage: {Type: AWS::ApiGatewayV2::Stage, Properties: {ApiId: !Ref Api, StageName: $default}}
  Name: {Type: AWS::ApiGatewayV2::DomainName, Properties: {DomainName: api.example.test,
         DomainNameConfigurations: [{EndpointType: REGIONAL}]}}
  Map: {Type: AWS::ApiGatewayV2::ApiMapping, DependsOn: Stage, Properties: {ApiId: !Ref Api,
        DomainName: !Ref Name, Stage: $default}}
Outputs: {Target: {Value: !GetAtt Name.RegionalDomainName}}"""
    done = deploy(endpoint, tmp_path, text)
    assert [left.reason for left in done.left_out] == [
        "the lab does nothing with the signatures of its tokens (their claims are checked)"
    ]
    [http] = apis("http")
    integration = http["routes"][0]["integration"]
    assert (integration["payload"], integration["timeout_ms"]) == ("2.0", 30_000)
    assert integration["scopes"] == ["read"]
    assert {k: v for k, v in integration["authorizer"].items() if k != "id"} == {
        "type": "JWT", "identity": ["header.Authorization"], "issuer": "https://issuer.test",
        "audience": ["me"],
    }  # fmt: skip
    assert snapshots.domains(Moto(), "us-east-1") == {  # type: ignore[arg-type]
        "api.example.test": [{"base_path": "", "api": http["id"], "stage": "$default"}]
    }
    assert done.stacks[0].outputs["Target"].endswith(".execute-api.us-east-1.amazonaws.com")
