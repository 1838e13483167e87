"""Events compared field by field with the examples that AWS documents for each payload format.

Sources: "Create AWS Lambda proxy integrations for HTTP APIs" (1.0 and 2.0), "Input format of a
Lambda function for proxy integration" (REST) and the inputs of Lambda authorizers. Left out: client
certificates (mutual TLS), JWT claims, API keys, and CloudFront's headers (edge-optimized).
"""

from __future__ import annotations

from typing import Any

import pytest
from quiet_door import ACCOUNT, REGION, Functions, QuietDoor

from gameday.lab.functions.environment import Result

GOOD = Result(b'{"statusCode": 200}')
HOST = f"id.execute-api.{REGION}.amazonaws.com"
VARIES = "whatever it is"
"""Ids, times and ports of this request."""


def event(
    kind: str, path: str, method: str, target: str, body: bytes = b"", stage: str = "$default",
    payload: str | None = None, authorizer: Any = None, **headers: str,
) -> dict[str, Any]:  # fmt: skip
    """What the function, or the authorizer before it, gets."""
    integration = {"type": "AWS_PROXY", "function": "good", "payload": payload}
    if authorizer:
        integration["authorizer"] = {"id": "a", "function": "guard", "ttl_s": 0, **authorizer}
    about = {"id": "id", "kind": kind, "stage": stage,
             "stage_variables": {"stageVariable1": "value1", "stageVariable2": "value2"},
             "routes": [{"method": method, "path": path, "integration": integration}]}  # fmt: skip
    functions = Functions({"good": GOOD, "guard": Result(b"{}")})
    QuietDoor(functions, about).ask(method, target, body, host=HOST, **headers)
    return functions.events[0][1]


def same(got: Any, documented: Any, place: str = "event") -> None:
    """Assert that `got` has exactly the fields and values of `documented`."""
    if documented == VARIES:
        assert isinstance(got, str | int), place
    elif isinstance(documented, dict):
        assert sorted(got) == sorted(documented), place
        for key, value in documented.items():
            same(got[key], value, f"{place}.{key}")
    else:
        assert got == documented, place


IDENTITY = {
    "accessKey": None, "accountId": None, "caller": None, "cognitoAuthenticationProvider": None,
    "cognitoAuthenticationType": None, "cognitoIdentityId": None, "cognitoIdentityPoolId": None,
    "principalOrgId": None, "sourceIp": "203.0.113.7", "user": None, "userAgent": "agent",
    "userArn": None,
}  # fmt: skip
FORWARDED = {"X-Amzn-Trace-Id": VARIES, "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Port": "443",
             "X-Forwarded-Proto": "https"}  # fmt: skip
QUERY = "parameter1=value1&parameter1=value2&parameter2=value"
STAGE_VARIABLES = {"stageVariable1": "value1", "stageVariable2": "value2"}
HTTP_2 = {
    "accountId": ACCOUNT, "apiId": "id", "domainName": HOST, "domainPrefix": "id",
    "http": {"method": "POST", "path": "/my/path/value1", "protocol": "HTTP/1.1",
             "sourceIp": "203.0.113.7", "userAgent": "agent"},
    "requestId": VARIES, "routeKey": "POST /my/path/{parameter1}", "stage": "$default",
    "time": VARIES, "timeEpoch": VARIES,
}  # fmt: skip
HEADERS_2 = {
    "host": HOST, "header1": "value1", "user-agent": "agent", "x-amzn-trace-id": VARIES,
    "x-forwarded-for": "203.0.113.7", "x-forwarded-port": "443", "x-forwarded-proto": "https",
}  # fmt: skip


def test_format_2_0() -> None:
    got = event("http", "/my/path/{parameter1}", "POST", f"/my/path/value1?{QUERY}",
                b"Hello from Lambda", payload="2.0", Header1="value1", User_Agent="agent",
                Cookie="cookie1; cookie2")  # fmt: skip
    same(got, {
        "version": "2.0",
        "routeKey": "POST /my/path/{parameter1}",
        "rawPath": "/my/path/value1",
        "rawQueryString": QUERY,
        "cookies": ["cookie1", "cookie2"],
        "headers": HEADERS_2,
        "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
        "requestContext": HTTP_2,
        "body": "Hello from Lambda",
        "pathParameters": {"parameter1": "value1"},
        "isBase64Encoded": False,
        "stageVariables": STAGE_VARIABLES,
    })  # fmt: skip


def test_format_1_0_of_an_http_api() -> None:
    got = event("http", "/my/path", "GET", f"/my/path?{QUERY}", b"Hello from Lambda!",
                payload="1.0", Header1="value1", User_Agent="agent")  # fmt: skip
    headers = {"Host": HOST, "Header1": "value1", "User-Agent": "agent", **FORWARDED}
    for name, values in got["multiValueHeaders"].items():
        assert values == [got["headers"][name]]
    assert sorted(got.pop("multiValueHeaders")) == sorted(headers)
    same(got, {
        "version": "1.0",
        "resource": "/my/path",
        "path": "/my/path",
        "httpMethod": "GET",
        "headers": headers,
        "queryStringParameters": {"parameter1": "value2", "parameter2": "value"},
        "multiValueQueryStringParameters": {"parameter1": ["value1", "value2"],
                                            "parameter2": ["value"]},
        "requestContext": {
            "accountId": ACCOUNT, "apiId": "id", "authorizer": {"claims": None, "scopes": None},
            "domainName": HOST, "domainPrefix": "id", "extendedRequestId": VARIES,
            "httpMethod": "GET", "identity": IDENTITY, "path": "/my/path", "protocol": "HTTP/1.1",
            "requestId": VARIES, "requestTime": VARIES, "requestTimeEpoch": VARIES,
            "resourceId": None, "resourcePath": "/my/path", "stage": "$default",
        },
        "pathParameters": None,
        "stageVariables": STAGE_VARIABLES,
        "body": "Hello from Lambda!",
        "isBase64Encoded": False,
    })  # fmt: skip


@pytest.mark.parametrize("payload", ["1.0", "2.0"])
def test_a_binary_body_of_an_http_api_is_base64(payload: str) -> None:
    binary = event("http", "/b", "POST", "/b", b"\x89PNG\xff", payload=payload,
                   Content_Type="image/png")  # fmt: skip
    assert (binary["body"], binary["isBase64Encoded"]) == ("iVBOR/8=", True)
    text = event("http", "/b", "POST", "/b", b"{}", payload=payload,
                 Content_Type="application/problem+json")  # fmt: skip
    assert (text["body"], text["isBase64Encoded"]) == ("{}", False)


def test_the_event_of_a_rest_api() -> None:
    got = event("rest", "/{proxy+}", "POST", "/testStage/hello/world?name=me&multi=you&multi=me",
                b'{\r\n\t"a": 1\r\n}', stage="testStage", headerName="headerValue",
                Content_Type="application/json", User_Agent="agent")  # fmt: skip
    headers = {"Host": HOST, "headerName": "headerValue", "Content-Type": "application/json",
               "User-Agent": "agent", **FORWARDED}  # fmt: skip
    assert sorted(got.pop("multiValueHeaders")) == sorted(headers)
    same(got, {
        "resource": "/{proxy+}",
        "path": "/hello/world",
        "httpMethod": "POST",
        "headers": headers,
        "queryStringParameters": {"name": "me", "multi": "me"},
        "multiValueQueryStringParameters": {"name": ["me"], "multi": ["you", "me"]},
        "pathParameters": {"proxy": "hello/world"},
        "stageVariables": STAGE_VARIABLES,
        "requestContext": {
            "accountId": ACCOUNT, "resourceId": VARIES, "stage": "testStage", "requestId": VARIES,
            "identity": IDENTITY, "resourcePath": "/{proxy+}", "httpMethod": "POST", "apiId": "id",
            # not in the first example of the page, but in its second one and in the reference
            "requestTime": VARIES, "requestTimeEpoch": VARIES, "protocol": "HTTP/1.1",
            "path": "/testStage/hello/world", "domainName": HOST, "domainPrefix": "id",
            "extendedRequestId": VARIES, "deploymentId": "lab",
        },
        "body": '{\r\n\t"a": 1\r\n}',
        "isBase64Encoded": False,
    })  # fmt: skip


IDENTITIES = ["header.header1", "querystring.parameter2"]
ARN = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:id"


def test_the_input_of_a_token_authorizer() -> None:
    got = event("rest", "/request", "GET", "/test/request", stage="test", header1="allow",
                authorizer={"type": "TOKEN", "identity": ["header.header1"]})  # fmt: skip
    same(got, {"type": "TOKEN", "authorizationToken": "allow",
               "methodArn": f"{ARN}/test/GET/request"})  # fmt: skip


def test_the_input_of_a_request_authorizer() -> None:
    got = event("rest", "/request", "GET", f"/test/request?{QUERY}", stage="test", header1="user1",
                authorizer={"type": "REQUEST", "identity": IDENTITIES})  # fmt: skip
    assert (got["type"], got["methodArn"]) == ("REQUEST", f"{ARN}/test/GET/request")
    assert {"resource", "path", "httpMethod", "headers", "queryStringParameters", "pathParameters",
            "stageVariables", "requestContext"} <= got.keys()  # fmt: skip
    assert not {"body", "isBase64Encoded", "identitySource", "version"} & got.keys()


def test_the_input_of_an_http_apis_authorizer_in_format_2_0() -> None:
    authorizer = {"type": "REQUEST", "payload": "2.0", "identity": IDENTITIES}
    got = event("http", "/my/path/{parameter1}", "POST", f"/my/path/value1?{QUERY}", b"no body",
                payload="2.0", header1="value1", User_Agent="agent", Cookie="cookie1; cookie2",
                authorizer=authorizer)  # fmt: skip
    same(got, {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": f"{ARN}/$default/POST/my/path/value1",
        "identitySource": ["value1", "value"],
        "routeKey": "POST /my/path/{parameter1}",
        "rawPath": "/my/path/value1",
        "rawQueryString": QUERY,
        "cookies": ["cookie1", "cookie2"],
        "headers": HEADERS_2,
        "queryStringParameters": {"parameter1": "value1,value2", "parameter2": "value"},
        "requestContext": HTTP_2,
        "pathParameters": {"parameter1": "value1"},
        "stageVariables": STAGE_VARIABLES,
    })  # fmt: skip


def test_the_input_of_an_http_apis_authorizer_in_format_1_0() -> None:
    authorizer = {"type": "REQUEST", "payload": "1.0", "identity": IDENTITIES}
    got = event("http", "/request", "GET", f"/request?{QUERY}", payload="1.0", header1="user1",
                authorizer=authorizer)  # fmt: skip
    assert got["identitySource"] == got["authorizationToken"] == "user1,value"
    assert (got["version"], got["methodArn"]) == ("1.0", f"{ARN}/$default/GET/request")
