"""The event a function gets and the answers that API Gateway takes (payload format 1.0)."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from gameday.lab.front_door.gateway_responses import gateway_response
from gameday.lab.front_door.hosts import Place, Stage
from gameday.lab.front_door.proxy_event import Arrival, proxy_answer, proxy_event
from gameday.lab.front_door.routes import Resource, Routes
from gameday.lab.http_connection import Request

NO_TYPES: frozenset[str] = frozenset()


def event(
    body: bytes = b"", query: str = "", binary: frozenset[str] = NO_TYPES, custom: bool = True,
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> dict[str, Any]:  # fmt: skip
    request = Request("203.0.113.7")
    request.method, request.body = "POST", body
    request.headers = [(b"host", b"api.example.test"), *headers]
    stage = Stage("abc", "shop", "prod", Routes([]), {"colour": "blue"}, binary, {})
    full = "/v1/items/7" if custom else "/prod/items/7"
    place = Place(stage, "/items/7", full, "api.example.test", custom)
    arrival = Arrival("123456789012", "11112222-3333-4444-8555-666677778888", "x=", 1795430413.25,
                      "https", 443, query)  # fmt: skip
    return proxy_event(request, place, Resource("/items/{id}", "r1"), {"id": "7"}, arrival)


def test_what_a_handler_usually_reads() -> None:
    got = event(b'{"a": "\xc3\xa9"}', "limit=5&tag=a&tag=b&empty=", headers=((b"X-A", b"1"),))
    assert got["httpMethod"] == "POST"
    assert got["resource"] == "/items/{id}"
    assert got["path"] == "/v1/items/7"
    assert got["pathParameters"] == {"id": "7"}
    assert got["stageVariables"] == {"colour": "blue"}
    assert got["queryStringParameters"] == {"limit": "5", "tag": "b", "empty": ""}
    assert got["multiValueQueryStringParameters"]["tag"] == ["a", "b"]
    assert got["headers"]["X-A"] == "1"
    assert got["multiValueHeaders"]["X-A"] == ["1"]
    assert (got["body"], got["isBase64Encoded"]) == ('{"a": "é"}', False)


def test_the_request_context() -> None:
    context = event()["requestContext"]
    assert context["requestTime"] == "23/Nov/2026:10:00:13 +0000"[:12] + context["requestTime"][12:]
    assert context["requestTimeEpoch"] == 1795430413250
    assert context["path"] == "/v1/items/7"
    assert context["stage"] == "prod"
    assert context["domainName"] == "api.example.test"
    assert context["domainPrefix"] == "api"
    assert context["identity"]["sourceIp"] == "203.0.113.7"
    assert context["apiId"] == "abc"
    assert context["accountId"] == "123456789012"


def test_an_invoke_host_shows_the_stage_in_the_context_only() -> None:
    got = event(custom=False)
    assert (got["path"], got["requestContext"]["path"]) == ("/items/7", "/prod/items/7")


def test_what_is_absent_is_null() -> None:
    got = event()
    assert got["body"] is None
    assert got["queryStringParameters"] is None
    assert got["multiValueQueryStringParameters"] is None


def test_proxies_before_us_stay_in_x_forwarded_for() -> None:
    got = event(headers=((b"X-Forwarded-For", b"198.51.100.1"),))
    assert got["headers"]["X-Forwarded-For"] == "198.51.100.1, 203.0.113.7"
    assert got["headers"]["X-Forwarded-Proto"] == "https"
    assert got["headers"]["X-Forwarded-Port"] == "443"


def test_a_repeated_header_gives_its_last_value_and_all_of_them() -> None:
    got = event(headers=((b"X-A", b"1"), (b"X-A", b"2")))
    assert got["headers"]["X-A"] == "2"
    assert got["multiValueHeaders"]["X-A"] == ["1", "2"]


def test_a_binary_type_arrives_in_base64() -> None:
    headers = ((b"Content-Type", b"image/png; q=1"),)
    got = event(b"\x89PNG", binary=frozenset({"image/*"}), headers=headers)
    assert got["isBase64Encoded"] is True
    assert base64.b64decode(got["body"]) == b"\x89PNG"


def answer_of(payload: Any, binary: frozenset[str] = NO_TYPES, accept: str = "") -> Any:
    return proxy_answer(json.dumps(payload).encode(), binary, accept)


@pytest.mark.parametrize(
    "payload",
    [
        "text", 7, None, [], {}, {"statusCode": "ok"}, {"statusCode": None}, {"statusCode": True},
        {"statusCode": 99}, {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "headers": ["a"]}, {"statusCode": 200, "headers": {"a": {"b": 1}}},
        {"statusCode": 200, "headers": {"a": "x\r\nset-cookie: y"}},
        {"statusCode": 200, "multiValueHeaders": {"a": "b"}},
    ],
)  # fmt: skip
def test_F11_anything_else_is_malformed(payload: Any) -> None:
    assert answer_of(payload) is None


def test_not_json_is_malformed() -> None:
    assert proxy_answer(b"{", NO_TYPES, "") is None


def test_a_status_may_be_a_numeric_string() -> None:
    assert answer_of({"statusCode": "404"}).status == 404


def test_json_is_the_default_type_and_no_body_is_empty() -> None:
    answer = answer_of({"statusCode": 204})
    assert (answer.headers, answer.body) == ((("content-type", "application/json"),), b"")


def test_header_values_become_text_and_multi_values_win() -> None:
    answer = answer_of(
        {
            "statusCode": 200,
            "headers": {"Content-Type": "text/plain", "X-N": 5, "X-B": True, "Set-Cookie": "z"},
            "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]},
        }
    )
    assert answer.headers == (
        ("Content-Type", "text/plain"), ("X-N", "5"), ("X-B", "true"), ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "name", ["Connection", "Date", "Content-Length", "Server", "WWW-Authenticate"]
)
def test_F16_some_headers_arrive_renamed(name: str) -> None:
    answer = answer_of({"statusCode": 200, "headers": {name: "x"}})
    assert answer.headers[0] == (f"x-amzn-Remapped-{name}", "x")


def test_a_function_cannot_change_the_framing() -> None:
    answer = answer_of({"statusCode": 200, "headers": {"Transfer-Encoding": "chunked"}})
    assert [n for n, _ in answer.headers] == ["content-type"]


def test_base64_is_decoded_only_for_binary_types() -> None:
    payload = {"statusCode": 200, "isBase64Encoded": True, "body": "iVBORw==",
               "headers": {"Content-Type": "image/png"}}  # fmt: skip
    assert answer_of(payload).body == b"iVBORw=="
    assert answer_of(payload, frozenset({"image/png"})).body == b"\x89PNG"
    assert answer_of(payload, frozenset({"image/jpeg"}), "image/jpeg, */*").body == b"\x89PNG"
    assert answer_of(payload | {"body": "?"}, frozenset({"image/png"})) is None


def test_defaults_name_the_region_on_every_answer_of_the_gateway() -> None:
    custom = {f"DEFAULT_{n}XX": {"headers": {"x-region": "us-east-1"}} for n in (4, 5)}
    for kind in ("throttled", "function_error", "timeout", "no_route"):
        assert ("x-region", "us-east-1") in gateway_response(kind, custom, "r").headers


def test_F9_customising_integration_failure_changes_a_throttle_to_504() -> None:
    assert gateway_response("throttled", {"INTEGRATION_FAILURE": {}}, "r").status == 500
    own = {"INTEGRATION_FAILURE": {"headers": {"a": "b"}}}
    assert gateway_response("throttled", own, "r").status == 504


def test_a_template_and_a_status_of_ones_own() -> None:
    template = '{"why":$context.error.messageString,"id":"$context.requestId"}'
    own = {"DEFAULT_5XX": {"status": 503, "templates": {"application/json": template}}}
    answer = gateway_response("throttled", own, "r-1")
    assert answer.status == 503
    assert json.loads(answer.body) == {"why": "Internal server error", "id": "r-1"}
