"""Lambda custom integrations and MOCK: what does the function get, and what does the client?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from gameday.lab.front_door.custom_integration import (
    choose,
    lambda_answer,
    left_out,
    mock_answer,
    request_payload,
)
from gameday.lab.front_door.gateway_responses import Answer
from gameday.lab.front_door.hosts import Place, Stage
from gameday.lab.front_door.integration import Call, answer, mock, payload
from gameday.lab.front_door.mapping_template import Scope
from gameday.lab.front_door.proxy_event import Arrival
from gameday.lab.front_door.routes import Resource, Routes
from gameday.lab.functions.environment import Result
from gameday.lab.http_connection import Request

SCOPE = Scope("BODY", {"path": {"id": "7"}}, {"requestId": "r-1"}, {"colour": "blue"})
JSON, XML = {"application/json": "T"}, {"application/xml": "T"}


@pytest.mark.parametrize(
    ("templates", "content_type", "when_no_match", "when_no_templates", "never"),
    [  # the tables of the page on passthrough behaviors; None is a 415
        (JSON, "", "T", "T", "T"),
        (JSON, "application/json; charset=utf-8", "T", "T", "T"),
        (JSON, "application/xml", "BODY", None, None),
        (XML, "", "BODY", None, None),
        (XML, "application/json", "BODY", None, None),
        (XML, "application/xml", "T", "T", "T"),
        ({}, "", "BODY", "BODY", None),
        ({}, "text/plain", "BODY", "BODY", None),
    ],
)
def test_when_does_a_body_pass_through(
    templates: dict[str, str], content_type: str, when_no_match: Any, when_no_templates: Any,
    never: Any,
) -> None:  # fmt: skip
    def given(behavior: str | None) -> str | None:
        integration = {"templates": templates, "passthrough": behavior}
        return request_payload(integration, content_type, SCOPE)

    assert given("WHEN_NO_MATCH") == given("when_no_match") == given(None) == when_no_match
    assert given("WHEN_NO_TEMPLATES") == when_no_templates
    assert given("NEVER") == never


RESPONSES = {
    "200": {"statusCode": "200", "responseTemplates": {}},
    "400": {"statusCode": "400", "selectionPattern": "Malformed.*"},
    "404": {"statusCode": "404", "selectionPattern": ".*not found.*"},
}


@pytest.mark.parametrize(
    ("message", "status"),
    [("", "200"), ("Malformed input", "400"), ("so Malformed", "200"), ("it was not found", "404"),
     ("Malformed\ninput", "200")],
)  # fmt: skip
def test_which_response_takes_an_error_message(message: str, status: str) -> None:
    chosen = choose(RESPONSES, message)
    assert chosen is not None
    assert chosen["statusCode"] == status


def test_without_a_default_nothing_takes_what_no_pattern_matches() -> None:
    assert choose({"400": RESPONSES["400"]}, "else") is None
    assert choose({"(": {"statusCode": "400", "selectionPattern": "("}}, "(") is None


def test_openapi_keeps_patterns_as_keys() -> None:
    responses = {"default": {"statusCode": 200}, "5\\d\\d": {"statusCode": 500}}
    assert choose(responses, "503") == {"statusCode": 500}
    assert choose(responses, "200") == {"statusCode": 200}


def lambda_of(responses: Any, returned: Any, failed: bool = False, accept: str = "") -> Any:
    body = json.dumps(returned).encode()
    return lambda_answer({"responses": responses}, body, failed, accept, SCOPE)


def test_without_templates_the_result_passes_through() -> None:
    made = lambda_of(RESPONSES, {"a": 1})
    assert made == Answer(200, (("content-type", "application/json"),), b'{"a": 1}')


def test_an_error_is_a_200_unless_a_pattern_says_otherwise() -> None:
    error = {"errorMessage": "Malformed input", "errorType": "ValueError"}
    assert lambda_of({"200": RESPONSES["200"]}, error, failed=True).status == 200
    assert lambda_of(RESPONSES, error, failed=True).status == 400
    assert lambda_of(RESPONSES, error, failed=False).status == 200  # returned, not raised


def test_templates_and_parameters_make_the_answer() -> None:
    responses = {"200": {
        "statusCode": "201",
        "responseTemplates": {"application/json": '{"id":$input.json(\'$.item.id\')}',
                              "text/html": "<b>$input.path('$.item.id')</b>"},
        "responseParameters": {
            "method.response.header.X-Fixed": "'fixed'",
            "method.response.header.X-Id": "integration.response.body.item.id",
            "method.response.header.X-Request": "context.requestId",
            "method.response.header.X-Colour": "stageVariables.colour",
            "method.response.header.X-None": "integration.response.header.x-none",
        },
    }}  # fmt: skip
    made = lambda_of(responses, {"item": {"id": "7"}})
    assert (made.status, made.body) == (201, b'{"id":"7"}')
    assert dict(made.headers) == {
        "content-type": "application/json", "X-Fixed": "fixed", "X-Id": "7", "X-Request": "r-1",
        "X-Colour": "blue",
    }  # fmt: skip
    page = lambda_of(responses, {"item": {"id": "7"}}, accept="text/html, */*")
    assert (page.body, page.headers[0]) == (b"<b>7</b>", ("content-type", "text/html"))


def test_a_json_error_message_can_be_mapped_into_headers() -> None:
    inner = json.dumps({"errorType": "Gone", "httpStatus": 410, "trace": {"line": 1}})
    mapped = {f"method.response.header.{name}": f"integration.response.body.errorMessage.{name}"
              for name in ("errorType", "httpStatus", "trace")}  # fmt: skip
    responses = {"default": {"statusCode": 200, "responseParameters": mapped}}
    made = lambda_of(responses, {"errorMessage": inner}, failed=True)
    assert dict(made.headers) | {"content-type": ""} == {
        "content-type": "", "errorType": "Gone", "httpStatus": "410", "trace": '{"line":1}',
    }  # fmt: skip


def test_a_mapped_header_cannot_begin_another_line() -> None:
    mapped = {"method.response.header.X": "integration.response.body.x"}
    responses = {"default": {"statusCode": 200, "responseParameters": mapped}}
    assert ("X", "a  b: c") in lambda_of(responses, {"x": "a\r\nb: c"}).headers


@pytest.mark.parametrize(
    ("given", "responses", "status"),
    [
        ('{"statusCode": 503}', {"5\\d\\d": {"statusCode": 500}, "default": {"statusCode": 200}},
         500),
        ("{'statusCode': 503}", {"200": {"statusCode": "200", "selectionPattern": None},
         "500": {"statusCode": "500", "selectionPattern": "5\\d{2}"}}, 500),
        ("{statusCode: 204}", {"default": {"statusCode": "204"}}, 204),
        ("{}", {"default": {"statusCode": "204"}}, None),
        ('{"statusCode": 200}', {}, None),
    ],
)  # fmt: skip
def test_a_mock_answers_by_the_status_it_is_given(given: str, responses: Any, status: Any) -> None:
    made = mock_answer({"responses": responses}, given, "", SCOPE)
    assert (made and (made.status, made.body)) == (status and (status, b""))


def test_a_mock_answers_with_headers_and_a_template() -> None:
    response = {
        "statusCode": "200",
        "responseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"},
        "responseTemplates": {"application/json": '{"id": "$input.params(\'id\')"}'},
    }
    made = mock_answer({"responses": {"default": response}}, '{"statusCode": 200}', "", SCOPE)
    assert made is not None
    assert made.body == b'{"id": "7"}'
    assert ("Access-Control-Allow-Origin", "*") in made.headers


def test_what_is_left_out_is_named() -> None:
    integration = {
        "requestTemplates": {"application/json": "#set($a = 1)"},
        "requestParameters": {"integration.request.header.X": "'Event'"},
        "integrationResponses": {"200": {
            "responseTemplates": {"application/json": "$util.parseJson($input.body)"},
            "responseParameters": {"method.response.header.a": "method.request.header.b",
                                   "method.response.header.c": "'fine'"},
            "selectionPattern": "(",
        }},
    }  # fmt: skip
    assert list(left_out(integration)) == [
        "#set in the request template for application/json",
        "$util.parseJson($input.body) in the response template for application/json",
        "response parameter method.response.header.a: method.request.header.b",
        "selection pattern (, which Python's expressions do not have",
        "requestParameters of the integration",
    ]
    assert list(left_out({"requestTemplates": {"application/json": '{"statusCode": 200}'}})) == []


def call(body: bytes = b"", content_type: bytes = b"application/json") -> Call:
    request = Request("203.0.113.7")
    request.method, request.body, request.target = "POST", body, b"/items/7?q=1"
    request.headers = [(b"Host", b"h"), (b"Content-Type", content_type), (b"X-A", b"b")]
    stage = Stage("abc", "shop", "prod", Routes([]), {"colour": "blue"}, frozenset(), {})
    place = Place(stage, "/items/7", "/prod/items/7", "h", False)
    arrival = Arrival("123456789012", "r-1", "x=", 1795430413.25, "https", 443, "q=1")
    return Call(request, place, Resource("/items/{id}", "r1"), {"id": "7"}, arrival)


AWS: dict[str, Any] = {"type": "AWS", "function": "f", "responses": RESPONSES}


@pytest.mark.parametrize(
    ("members", "body", "given"),
    [
        ({}, b'{"a": 1}', b'{"a": 1}'),
        ({}, b"", b"{}"),
        ({}, b"no json", "not_json"),
        ({"passthrough": "NEVER"}, b"{}", "unsupported_media"),
        ({"templates": {"application/json": '{"id": "$input.params(\'id\')",'
                                            ' "body": $input.body}'}},
         b'{"a": 1}', b'{"id": "7", "body": {"a": 1}}'),
        ({"templates": {"application/json": '["$input.params(\'q\')", "$context.stage", '
                                            '"$context.identity.sourceIp", "$stageVariables.colour"'
                                            "]"}}, b"", b'["1", "prod", "203.0.113.7", "blue"]'),
        ({"templates": {"application/json": "#set($a = 1)"}}, b"{}", "misconfigured"),
        ({"function": None}, b"{}", "misconfigured"),
        ({"type": "HTTP_PROXY", "function": None}, b"{}", "misconfigured"),
        ({}, b'"' + b"x" * (6 * 1024 * 1024) + b'"', "too_large"),
    ],
)  # fmt: skip
def test_what_does_a_custom_integration_get(members: Any, body: bytes, given: Any) -> None:
    assert payload(AWS | members, call(body)) == given


def test_what_becomes_of_its_result() -> None:
    assert answer(AWS, call(), Result(b"", "Throttled")) == "throttled"
    assert answer(AWS | {"responses": {}}, call(), Result(b"{}")) == "misconfigured"
    beyond = {"200": {"statusCode": "200", "responseTemplates": {"application/json": "#if(1)"}}}
    assert answer(AWS | {"responses": beyond}, call(), Result(b"{}")) == "misconfigured"
    made = answer(AWS, call(), Result(b'{"errorMessage": "Malformed x"}', "Unhandled"))
    assert isinstance(made, Answer)
    assert made.status == 400


def test_a_mock_without_a_status_is_a_configuration_error() -> None:
    integration: dict[str, Any] = {"type": "MOCK", "responses": {}}
    assert payload(integration, call()) == b"{}"
    assert mock(integration, call(), b"{}") == "misconfigured"
