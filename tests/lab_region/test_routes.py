"""Which resource a path means."""

from __future__ import annotations

import pytest

from gameday.lab.front_door.hosts import hosts_of
from gameday.lab.front_door.routes import Routes

PATHS = ["/", "/items", "/items/{id}", "/items/new", "/items/{id}/notes/{note}", "/files/{path+}",
         "/{proxy+}"]  # fmt: skip


def routes(*paths: str, method: str = "GET") -> Routes:
    return Routes([{"method": method, "path": p, "integration": {"type": p}} for p in paths])


@pytest.mark.parametrize(
    ("path", "resource", "parameters"),
    [
        ("/", "/", {}),
        ("/items", "/items", {}),
        ("/items/", "/items", {}),
        ("/items/new", "/items/new", {}),
        ("/items/7", "/items/{id}", {"id": "7"}),
        ("/items/a%20b%2Fc", "/items/{id}", {"id": "a b/c"}),
        ("/items/7/notes/x", "/items/{id}/notes/{note}", {"id": "7", "note": "x"}),
        ("/items/7/notes", "/{proxy+}", {"proxy": "items/7/notes"}),
        ("/files/a/b/c", "/files/{path+}", {"path": "a/b/c"}),
        ("/files", "/{proxy+}", {"proxy": "files"}),
        ("/else", "/{proxy+}", {"proxy": "else"}),
    ],
)
def test_the_most_specific_resource_is_chosen(path: str, resource: str, parameters: dict) -> None:
    found = routes(*PATHS).find(path)
    assert found is not None
    assert (found[0].path, found[1]) == (resource, parameters)


def test_a_greedy_parameter_needs_at_least_one_segment() -> None:
    assert routes("/files/{path+}").find("/files") is None
    assert routes("/{proxy+}").find("/") is None


def test_the_resource_is_chosen_before_the_method() -> None:
    both = Routes(
        [
            {"method": "GET", "path": "/items/{id}", "integration": {"type": "one"}},
            {"method": "ANY", "path": "/{proxy+}", "integration": {"type": "all"}},
        ]
    )
    found = both.find("/items/7")
    assert found is not None
    assert found[0].integration("GET") == {"type": "one"}
    assert found[0].integration("DELETE") is None


def test_any_stands_for_every_method_not_named() -> None:
    found = routes("/a", method="ANY").find("/a")
    assert found is not None
    assert found[0].integration("PATCH") == {"type": "/a"}


def hosts():
    def api(id_: str) -> dict:
        return {"id": id_, "name": id_, "stage": "prod", "routes": []}

    return hosts_of(
        "us-east-1",
        {
            "apis": [api("a1"), api("a2")],
            "domains": {
                "api.example.test": [
                    {"base_path": "", "api": "a1", "stage": "prod"},
                    {"base_path": "v2", "api": "a2", "stage": "prod"},
                ],
                "only.example.test": [{"base_path": "v2", "api": "a2", "stage": "prod"}],
            },
        },
    )


@pytest.mark.parametrize(
    ("host", "path", "api", "rest"),
    [
        ("api.example.test", "/items", "a1", "/items"),
        ("api.example.test", "/v2/items", "a2", "/items"),
        ("api.example.test", "/v2", "a2", "/"),
        ("api.example.test", "/v20/items", "a1", "/v20/items"),
        ("a1.execute-api.us-east-1.amazonaws.com", "/prod/items", "a1", "/items"),
        ("a1.execute-api.us-east-1.amazonaws.com", "/prod", "a1", "/"),
        ("127.0.0.1", "/_aws/execute-api/a2/prod/items/1", "a2", "/items/1"),
    ],
)
def test_a_host_and_a_path_lead_to_a_stage(host: str, path: str, api: str, rest: str) -> None:
    place = hosts().find(host, path)
    assert place is not None
    assert (place.stage.api, place.path) == (api, rest)


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("other.example.test", "/items"),
        ("only.example.test", "/items"),
        ("a1.execute-api.eu-west-1.amazonaws.com", "/prod/items"),
        ("a1.execute-api.us-east-1.amazonaws.com", "/test/items"),
        ("a9.execute-api.us-east-1.amazonaws.com", "/prod/items"),
        ("d-x.execute-api.us-east-1.amazonaws.com", "/items"),
        ("127.0.0.1", "/_aws/execute-api/a2/nope/items"),
    ],
)
def test_a_foreign_host_or_stage_leads_nowhere(host: str, path: str) -> None:
    assert hosts().find(host, path) is None
