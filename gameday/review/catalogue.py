"""Every rule, found by listing the folder `rules/`; and the examples as subjects."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from gameday.predict.forecast import views
from gameday.review import rules
from gameday.review.duplicates import duplicates
from gameday.review.model import (
    ApplicationSubject,
    DocumentSubject,
    ExperimentSubject,
    RegionalStack,
    RoutingSubject,
    Rule,
    Severity,
    StackSubject,
    TargetSubject,
    TextSubject,
)
from gameday.route53.exports import Routing, read


@cache
def catalogue() -> tuple[Rule, ...]:
    """The rules in the order of their ids."""
    names = sorted(module.name for module in pkgutil.iter_modules(rules.__path__))
    return tuple(_rule(name) for name in names)


def _rule(name: str) -> Rule:
    module: Any = importlib.import_module(f"{rules.__name__}.{name}")
    return Rule(
        id=name.replace("_", "-"),
        severity=Severity(module.SEVERITY),
        about=module.ABOUT,
        why=" ".join(str(module.__doc__).split()),
        remedy=module.REMEDY,
        source=module.SOURCE,
        failing=module.FAILING,
        passing=module.PASSING,
        check=module.check,
    )


def example(about: str, text: str) -> Any:
    """The subject that an example of a rule describes.

    Records and checks of a routing example leave away what does not matter to it.
    """
    if about == "text":
        return TextSubject(text)
    if about == "document":
        return DocumentSubject(duplicates(text))
    body = yaml.safe_load(text)
    if about == "application":
        return ApplicationSubject(tuple(RegionalStack(**stack) for stack in body["stacks"]))
    if about == "routing":
        records = [_record(r) for r in body.get("records", [])]
        checks = {"HealthChecks": [_check(c) for c in body.get("checks", [])]}
        return routing_subject(read({"ResourceRecordSets": records}, checks), body.get("rto_s"))
    if about == "template":
        lists = {k: tuple(v) for k, v in body.get("paths", {}).items()}
        return StackSubject(body.get("Resources", {}), tuple(body.get("regions", ())),
                            body.get("region", ""), body.get("code", {}), lists)  # fmt: skip
    if about == "experiment":
        known = {k: frozenset(v) for k, v in body.pop("known", {}).items()}
        return ExperimentSubject(body, known)
    return TargetSubject(body)


def routing_subject(routing: Routing, rto_s: float | None) -> RoutingSubject:
    """Routing as the rules look at it."""
    return RoutingSubject(routing, tuple(views(routing)), rto_s)


def _record(given: Mapping[str, Any]) -> dict[str, Any]:
    found = {"Name": "api.example.test", "Type": "CNAME", **given}
    if alias := found.get("AliasTarget"):
        found["AliasTarget"] = {"HostedZoneId": "Z", **alias}
    else:
        host = f"d-1.execute-api.{found.get('SetIdentifier', 'us-east-1')}.amazonaws.com"
        found = {"TTL": 60, "ResourceRecords": [{"Value": host}], **found}
    return found


def _check(given: Mapping[str, Any]) -> dict[str, Any]:
    config = {k: v for k, v in given.items() if k not in ("Id", "CallerReference")}
    host = f"{given['Id']}.api.example.test"
    usual = {"Type": "HTTPS", "FullyQualifiedDomainName": host, "RequestInterval": 10,
             "ResourcePath": "/health/deep"}  # fmt: skip
    return {"Id": given["Id"], "CallerReference": given.get("CallerReference", ""),
            "HealthCheckConfig": {**usual, **config}}  # fmt: skip
