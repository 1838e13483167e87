"""The functions of the control plane as Regions are told of them, and what moto's lack.

A published version keeps its own code and configuration; an alias leads to versions by weight.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gameday.lab.cloud.code import BadArchive, unpack
from gameday.lab.cloud.moto_app import Moto
from gameday.lab.log import log

Body = dict[str, Any]
Invoked = Callable[[str, str, str], None]
"""Hears of an event for a function: Region, ARN and the event as JSON."""

_KEPT = ("DeadLetterConfig", "LoggingConfig")
"""Members of a configuration that moto forgets."""


_RANGES = {"Timeout": (1, 900), "MemorySize": (128, 10_240)}
"""Seconds and MB (page "Lambda quotas"), which moto does not look at."""


def repair(invoked: Invoked) -> None:
    """Let moto's functions keep what they are told, and run in their Region.

    moto would run them in Docker. It invokes functions for EventBridge, S3 notifications and
    subscriptions of CloudWatch Logs: asynchronously on AWS, and here.
    """
    models: Any = importlib.import_module("moto.awslambda.models")

    class LabFunction(models.LambdaFunction):  # type: ignore[misc]   # moto is not typed
        """A function whose events go to its Region."""

        def __init__(self, account_id: str, spec: Body, region: str, version: str | int = 1):
            self._check(spec)
            super().__init__(account_id, spec, region, version)
            self.kept = {name: spec[name] for name in _KEPT if spec.get(name)}

        def _check(self, spec: Body) -> None:
            for name, (low, high) in _RANGES.items():
                value = spec.get(name)
                if value is not None and not low <= int(value) <= high:
                    raise models.ValidationException(
                        str(value), name[:1].lower() + name[1:],
                        f"Member must have value {low} to {high}",
                    )  # fmt: skip

        def update_configuration(self, config_updates: Body) -> Body:
            self._check(config_updates)
            variables = config_updates.get("Environment")
            if variables is not None:
                variables.setdefault("Variables", {})
            self.kept = self.kept | {n: config_updates[n] for n in _KEPT if n in config_updates}
            size = (config_updates.get("EphemeralStorage") or {}).get("Size")
            if size:
                self.ephemeral_storage = size
            updated: Body = super().update_configuration(config_updates)
            return updated

        def get_configuration(self, on_create: bool = False) -> Body:
            configuration: Body = super().get_configuration(on_create)
            return configuration | self.kept

        def invoke(self, body: str, request_headers: Any, response_headers: Any) -> str:
            invoked(self.region, self.function_arn, body or "{}")
            return ""

    models.LambdaFunction = LabFunction


def functions(moto: Moto, region: str, code_dir: Path) -> dict[str, Body]:
    """The functions of a Region by name, with their code unpacked under `code_dir`."""
    if not moto.used("lambda"):
        return {}
    bodies = {}
    backend = moto.backend("lambda", region)
    for function in backend.list_functions():
        if function.package_type == "Zip":
            try:
                bodies[function.function_name] = _whole(backend, function, code_dir)
            except BadArchive as error:  # code from S3, which nobody could check before
                log.error("function %s in %s: %s", function.function_name, region, error)
    return bodies


def _whole(backend: Any, function: Any, code_dir: Path) -> Body:
    """A function with its versions and aliases, and what concerns them all."""
    name, reserved = function.function_name, function.reserved_concurrency
    published = [v for v in backend.list_versions_by_function(name) if v.version != "$LATEST"]
    kept = function.kept
    return {
        **_one(backend, function, code_dir),
        "reserved": None if reserved is None else int(reserved),
        "versions": {
            str(v.version): _one(backend, v, code_dir) | {"version": str(v.version)}
            for v in published
        },
        "aliases": {a.name: _alias(a) for a in backend.list_aliases(name)},
        "dead_letter": (kept.get("DeadLetterConfig") or {}).get("TargetArn") or None,
    }


def _one(backend: Any, function: Any, code_dir: Path) -> Body:
    """A function or a version of it: everything that an environment is made from."""
    sha256 = base64.b64decode(function.code_sha_256).hex()
    body: Body = {
        "arn": function.function_arn.replace(":$LATEST", ""),
        "handler": function.handler,
        "runtime": function.run_time,
        "code": str(unpack(function.code_bytes, code_dir, sha256)),
        "timeout_s": int(function.timeout),
        "memory_mb": int(function.memory_size),
        "environment": dict(function.environment_vars or {}),
        "layers": _layers(backend, function, code_dir),
        "log_group": (function.kept.get("LoggingConfig") or {}).get("LogGroup"),
    }
    fingerprint = json.dumps(body, sort_keys=True).encode()
    return body | {"revision": hashlib.sha256(fingerprint).hexdigest()[:16]}


def _layers(backend: Any, function: Any, code_dir: Path) -> list[str]:
    """The unpacked layers of a function, the last first, for later ones go before."""
    versions = (backend.layers_versions_by_arn(layer["Arn"]) for layer in function.layers)
    return [str(unpack(v.code_bytes, code_dir)) for v in versions if v and v.code_bytes][::-1]


def _alias(alias: Any) -> Body:
    routing = alias.routing_config or {}
    return {
        "version": str(alias.function_version),
        "weights": dict(routing.get("AdditionalVersionWeights") or {}),
    }
