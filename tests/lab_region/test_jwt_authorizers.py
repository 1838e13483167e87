"""JWT authorizers of HTTP APIs: which tokens pass, and what does the function learn of them?"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from quiet_door import REGION, Functions, QuietDoor

from gameday.lab.front_door.jwt import judge
from gameday.lab.functions.environment import Result

NOW = 1_795_430_413.0
AUTHORIZER = {"id": "a", "type": "JWT", "identity": ["header.authorization"],
              "issuer": "https://issuer.test", "audience": ["me", "you"]}  # fmt: skip
CLAIMS = {"iss": "https://issuer.test", "aud": "me", "exp": NOW + 60, "scope": "read profile"}


def token(claims: Any, alg: str = "RS256", prefix: str = "") -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{prefix}{part({'alg': alg, 'kid': 'k'})}.{part(claims)}.c2lnbmF0dXJl"


def said(given: str, *scopes: str) -> Any:
    found = judge(AUTHORIZER, given, scopes, NOW)
    return found if isinstance(found, str) else "passed"


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "passed"),
        ({"aud": ["other", "you"]}, "passed"),
        ({"aud": None, "client_id": "me"}, "unauthorized"),  # client_id counts without aud only
        ({"aud": "other"}, "unauthorized"),
        ({"iss": "https://else.test"}, "unauthorized"),
        ({"exp": NOW}, "unauthorized"),
        ({"exp": "soon"}, "unauthorized"),
        ({"nbf": NOW + 1}, "unauthorized"),
        ({"nbf": NOW - 1, "iat": NOW - 1}, "passed"),
        ({"iat": NOW + 1}, "unauthorized"),
    ],
)
def test_which_claims_pass(changed: dict[str, Any], verdict: str) -> None:
    assert said(token(CLAIMS | changed)) == verdict


def test_a_client_id_stands_for_an_audience_that_is_not_there() -> None:
    without = {name: value for name, value in CLAIMS.items() if name != "aud"}
    assert said(token(without)) == "unauthorized"
    assert said(token(without | {"client_id": "you"})) == "passed"
    assert said(token({n: v for n, v in CLAIMS.items() if n != "exp"})) == "unauthorized"


@pytest.mark.parametrize(
    "given", ["", "x", "a.b", "a.b.c", "..", token([]), token(CLAIMS, alg="HS256"),
              token(CLAIMS, alg="none"), token(CLAIMS, prefix="Basic ")],
)  # fmt: skip
def test_what_is_no_token_by_an_rsa_algorithm_is_unauthorized(given: str) -> None:
    assert said(given) == "unauthorized"


def test_a_prefix_is_allowed_and_one_scope_of_the_route_is_needed() -> None:
    assert said(token(CLAIMS, prefix="Bearer ")) == "passed"
    assert said(token(CLAIMS), "write", "read") == "passed"
    assert said(token(CLAIMS), "write") == "denied"
    assert said(token(CLAIMS | {"scope": None, "scp": "write"}), "write") == "passed"


def test_what_does_the_function_learn() -> None:
    routes = [{"method": "GET", "path": "/", "integration": {
        "type": "AWS_PROXY", "function": "good", "payload": "2.0", "scopes": ["read"],
        "authorizer": AUTHORIZER}}]  # fmt: skip
    api = {"id": "http", "kind": "http", "stage": "$default", "routes": routes}
    functions = Functions({"good": Result(b'{"statusCode": 200}')})
    door, host = QuietDoor(functions, api), f"http.execute-api.{REGION}.amazonaws.com"
    claims = {"iss": "https://issuer.test", "aud": "me", "exp": 4_000_000_000, "scope": "read x",
              "groups": ["a", "b"], "verified": True}  # fmt: skip
    good = door.ask("GET", "/", host=host, Authorization=token(claims, prefix="Bearer "))
    assert good.status == 200
    assert functions.events[0][1]["requestContext"]["authorizer"] == {"jwt": {
        "claims": {"iss": "https://issuer.test", "aud": "me", "exp": "4000000000",
                   "scope": "read x", "groups": "[a b]", "verified": "true"},
        "scopes": ["read"],
    }}  # fmt: skip
    assert door.ask("GET", "/", host=host).said == (401, '{"message":"Unauthorized"}')
    unscoped = token(claims | {"scope": "x"})
    refused = door.ask("GET", "/", host=host, Authorization=unscoped)
    assert refused.said == (403, '{"message":"Forbidden"}')
