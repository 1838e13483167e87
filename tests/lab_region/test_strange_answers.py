"""Functions, authorizers and clients may say anything: does each of it end in an answer?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gameday.lab.front_door.authorizer import decision
from gameday.lab.front_door.custom_integration import lambda_answer
from gameday.lab.front_door.gateway_responses import Answer
from gameday.lab.front_door.http_event import http_answer
from gameday.lab.front_door.jwt import judge
from gameday.lab.front_door.mapping_template import Scope, beyond, render
from gameday.lab.front_door.proxy_event import proxy_answer

SCOPE = Scope("{}", {}, {}, {})
TEXTS = st.sampled_from(["", "200", "\ud800", "é", "a\r\nb", "iVBORw==", "text/plain", "Allow"])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-1, 700), st.floats(), TEXTS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
NAMES = ("statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded", "cookies",
         "errorMessage", "principalId", "context", "isAuthorized")  # fmt: skip
STATEMENTS = st.fixed_dictionaries({"Statement": st.one_of(VALUES, st.fixed_dictionaries(
    {"Effect": TEXTS, "Resource": VALUES}))})  # fmt: skip
ANSWERS = st.one_of(VALUES, st.fixed_dictionaries(
    {}, optional=dict.fromkeys(NAMES, VALUES) | {"policyDocument": STATEMENTS}))  # fmt: skip
MAPPED = {"default": {"statusCode": 200,
                      "responseTemplates": {"application/json": "$input.path('$.body')"},
                      "responseParameters": {"method.response.header.x":
                                             "integration.response.body.headers"}}}  # fmt: skip
PIECES = ("$", "input", ".json", ".path", ".params", "(", ")", "'$'", "'$.a", "{", "}", "#", "set",
          " ", "$context", ".a", "[0]", "!", "util", ".urlEncode", "stageVariables",
          "body")  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(ANSWERS)
def test_whatever_a_function_returns(answer: Any) -> None:
    payload = json.dumps(answer).encode()
    made = [proxy_answer(payload, frozenset({"*/*"}), ""), http_answer(payload, "text/plain")]
    made += [lambda_answer({"responses": MAPPED}, payload, failed, "", SCOPE)
             for failed in (True, False)]  # fmt: skip
    for one in made:
        assert one is None or (isinstance(one, Answer) and 100 <= one.status <= 599)
        for name, value in one.headers if one else ():
            assert not set("\r\n") & set(name + value)


@settings(max_examples=40, deadline=None)
@given(ANSWERS)
def test_whatever_an_authorizer_returns(answer: Any) -> None:
    payload = json.dumps(answer).encode()
    for authorizer in ({}, {"payload": "1.0"}, {"payload": "2.0", "simple": True}):
        made = decision(authorizer, payload)
        assert made is None or made.verdict("arn") in (None, "denied", "explicit_deny")


@settings(max_examples=40, deadline=None)
@given(st.text("ab.=/\u00e9", max_size=12))
def test_whatever_a_client_calls_a_token(token: str) -> None:
    assert judge({"issuer": "i", "audience": ["a"]}, token, (), 5.0) == "unauthorized"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_whatever_stands_in_a_mapping_template(pieces: list[str]) -> None:
    template = "".join(pieces)
    if beyond(template) is None:
        assert isinstance(render(template, SCOPE), str)


@pytest.mark.parametrize(
    ("answer", "status"),
    [({"statusCode": float("inf")}, None), ({"statusCode": 200, "body": "\ud800"}, 200),
     ({"statusCode": 200, "body": "é", "isBase64Encoded": True}, None)],
)  # fmt: skip
def test_what_once_broke_an_environment(answer: Any, status: int | None) -> None:
    payload = json.dumps(answer).encode()
    for made in (proxy_answer(payload, frozenset({"*/*"}), ""), http_answer(payload, "x/y")):
        assert (made and made.status) == status
