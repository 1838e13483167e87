"""Which API and stage a request is for, by its Host header and the first segment of its path.

Host                                      path                             serves
api.example.test (a custom domain)        longest base path that matches   its mapping
<api>.execute-api.<region>.amazonaws.com  /<stage>/...                     that stage
anything                                  /_aws/execute-api/<api>/<stage>/ that stage
<url>.lambda-url.<region>.on.aws          any                              that function URL

An HTTP API's stage `$default` stands without a segment of the path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gameday.lab.front_door.routes import Routes

LOCAL_PREFIX = "/_aws/execute-api/"
DEFAULT_STAGE = "$default"


@dataclass(frozen=True, slots=True)
class Stage:
    """One deployed stage of an API."""

    api: str
    name: str
    stage: str
    routes: Routes
    variables: Mapping[str, str] | None
    binary_types: frozenset[str]
    gateway_responses: Mapping[str, Mapping[str, Any]]
    kind: str = "rest"  # or "http", or "url" for a function URL
    cors: Mapping[str, Any] | None = None
    invoke_host_closed: bool = False  # disableExecuteApiEndpoint


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request arrived: `path` is what the routes see, `full_path` what the client asked."""

    stage: Stage
    path: str
    full_path: str
    domain: str
    custom: bool
    closed: bool = False  # an invoke host that the API has disabled


@dataclass(frozen=True, slots=True)
class Hosts:
    """Every way into the Region's APIs."""

    region: str
    stages: Mapping[tuple[str, str], Stage]
    domains: Mapping[str, Sequence[Mapping[str, str]]]

    def find(self, host: str, path: str) -> Place | None:
        """Where `path` at `host` (without port, lower case) leads; None is 403 Forbidden."""
        if path.startswith(LOCAL_PREFIX):
            api, _, rest = path.removeprefix(LOCAL_PREFIX).partition("/")
            return self._invoke_host(api, "/" + rest, f"{api}.execute-api.{self.region}")
        mappings = self.domains.get(host)
        if mappings is not None:
            return self._custom(host, mappings, path)
        api, _, rest = host.partition(".")
        if rest in (f"execute-api.{self.region}.amazonaws.com", f"lambda-url.{self.region}.on.aws"):
            return self._invoke_host(api, path, host)
        return None

    def _invoke_host(self, api: str, path: str, domain: str) -> Place | None:
        name, slash, rest = path[1:].partition("/")
        stage, inner = self.stages.get((api, name)), slash + rest or "/"
        if name == DEFAULT_STAGE:
            path = inner
        if stage is None:
            stage, inner = self.stages.get((api, DEFAULT_STAGE)), path
        if stage is None:
            return None
        return Place(stage, inner, path, domain, False, stage.invoke_host_closed)

    def _custom(self, host: str, mappings: Sequence[Mapping[str, str]], path: str) -> Place | None:
        for mapping in sorted(mappings, key=lambda m: -len(m["base_path"])):
            base = mapping["base_path"].strip("/")
            prefix = f"/{base}" if base and base != "(none)" else ""
            if path == prefix or path.startswith(prefix + "/"):
                stage = self.stages.get((mapping["api"], mapping["stage"]))
                rest = path[len(prefix) :] or "/"
                return Place(stage, rest, path, host, True) if stage else None
        return None


def hosts_of(region: str, snapshot: Mapping[str, Any]) -> Hosts:
    """The hosts that a Region's snapshot describes."""
    stages = {(api["id"], api["stage"]): _stage(api) for api in snapshot.get("apis") or ()}
    domains = {host.lower().rstrip("."): mappings
               for host, mappings in (snapshot.get("domains") or {}).items()}  # fmt: skip
    return Hosts(region, stages, domains)


def _stage(api: Mapping[str, Any]) -> Stage:
    return Stage(
        api=api["id"],
        name=api.get("name") or api["id"],
        stage=api["stage"],
        routes=Routes(api["routes"]),
        variables=api.get("stage_variables") or None,
        binary_types=frozenset(t.replace("~1", "/") for t in api.get("binary_types") or ()),
        gateway_responses=api.get("gateway_responses") or {},
        kind=api.get("kind") or "rest",
        cors=api.get("cors"),
        invoke_host_closed=bool(api.get("invoke_host_closed")),
    )
