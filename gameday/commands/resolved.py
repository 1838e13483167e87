"""Templates with their intrinsics resolved as far as files alone can say.

Nothing exists yet, so what AWS would make up (an API's domain name, a health check's id) is stood
in for by a name that keeps the logical id and the Region.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gameday import stacks, templates
from gameday.errors import TemplateError, UsageError
from gameday.lab.template.intrinsics import Scope
from gameday.route53.exports import Routing, parse, read_checks
from gameday.route53.zone import Zones
from gameday.stacks import Seconds, Stack, Stacks, Value
from gameday.templates import Template

HOME_REGION = "us-east-1"
ACCOUNT = "123456789012"
TEXTS = ("SetIdentifier", "HealthCheckId", "SearchString", "Value")


@dataclass(frozen=True, slots=True)
class Deployed:
    """One stack in one Region: its resources, intrinsics resolved."""

    stack: Stack
    region: str
    template: Template
    resources: Mapping[str, Mapping[str, Any]]
    common: Mapping[str, Any]  # what SAM's Globals say about functions


class _OwnNames(dict[str, str]):
    """Exports of stacks that are not here: each stands for itself."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return name


@dataclass(slots=True)
class Application:
    """Every stack of an application; outputs are followed from stack to stack."""

    stacks: Stacks
    bodies: dict[str, Template] = field(default_factory=dict)
    scopes: dict[tuple[str, str], Scope] = field(default_factory=dict)

    def deployed(self, stack: Stack, region: str) -> Deployed:
        """The stack in that Region.

        :raises TemplateError: an intrinsic that cannot be resolved; names file and logical id.
        """
        template, scope = self.body(stack), self.scope(stack, region)
        found = {}
        for logical_id, resource in template.resources.items():
            try:
                if "Condition" in resource and not scope.holds(resource["Condition"]):
                    continue
                found[logical_id] = scope.resolve(resource)
            except (TemplateError, KeyError, TypeError, ValueError) as e:
                raise TemplateError(f"{template.file}: {logical_id}: {e}") from e
        common = scope.resolve(template.section("Globals").get("Function") or {})
        return Deployed(stack, region, template, found, common)

    def body(self, stack: Stack) -> Template:
        if stack.key not in self.bodies:
            self.bodies[stack.key] = templates.load(stack.template)
        return self.bodies[stack.key]

    def scope(self, stack: Stack, region: str) -> Scope:
        """What the stack's intrinsics are resolved against; a value not given is its own name."""
        key = (stack.key, region)
        if key not in self.scopes:
            template = self.body(stack)
            values: dict[str, Any] = {
                name: about.get("Default", name)
                for name, about in template.section("Parameters").items()
            }
            values |= {n: self.value(v, region) for n, v in stack.parameters.items()}
            self.scopes[key] = Scope(
                parameters=values | _pseudo(stack, region),
                mappings=template.section("Mappings"),
                conditions=template.section("Conditions"),
                exports=_OwnNames(),
                made=lambda name, attribute: self.made(stack, region, name, attribute),
            )
        return self.scopes[key]

    def value(self, value: Value, region: str) -> str:
        if isinstance(value, Seconds):
            return f"{value.seconds:g}"
        if isinstance(value, str):
            return value
        key, where = self.stacks.source(value, region)
        source = next(s for s in self.stacks.stacks if s.key == key)
        outputs = self.body(source).section("Outputs")
        if value.name not in outputs:
            raise TemplateError(f"{source.template}: there is no output {value.name!r}")
        return str(self.scope(source, where).resolve(outputs[value.name]["Value"]))

    def made(self, stack: Stack, region: str, name: str, attribute: str | None) -> str:
        """A stand-in for what AWS would answer to Ref and GetAtt."""
        resource = self.body(stack).resources.get(name, {})
        domain = resource.get("Properties", {}).get("DomainName")
        if attribute is None and domain is not None and "DomainName" in str(resource.get("Type")):
            return str(self.scope(stack, region).resolve(domain))
        if attribute in ("RegionalDomainName", "DistributionDomainName"):
            return f"d-{name.lower()}.execute-api.{region}.amazonaws.com"
        suffix = f"-{region}" if len(stack.regions) > 1 else ""
        return f"{name}{suffix}" if attribute is None else f"{name}{suffix}.{attribute}"


def _pseudo(stack: Stack, region: str) -> dict[str, Any]:
    return {
        "AWS::AccountId": ACCOUNT, "AWS::NotificationARNs": [], "AWS::Partition": "aws",
        "AWS::Region": region, "AWS::StackName": stack.name, "AWS::URLSuffix": "amazonaws.com",
        "AWS::StackId": f"arn:aws:cloudformation:{region}:{ACCOUNT}:stack/{stack.name}/0",
    }  # fmt: skip


def deployed(path: Path) -> list[Deployed]:
    """The stacks that `path` means: a stacks.yaml, or a template, with the stacks.yaml beside it.

    :raises TemplateError: unreadable, or not resolvable.
    """
    body = templates.load_document(path)
    if "stacks" in body:
        found = stacks.load(path)
        wanted = list(found.stacks)
    else:
        found, wanted = _beside(path)
    application = Application(found)
    return [application.deployed(s, region) for s in wanted for region in s.regions]


def _beside(template: Path) -> tuple[Stacks, list[Stack]]:
    """The application that uses a template, else one of this template alone."""
    file = template.parent / "stacks.yaml"
    if file.is_file():
        found = stacks.load(file)
        wanted = [s for s in found.stacks if s.template.resolve() == template.resolve()]
        if wanted:
            return found, wanted
    alone = stacks.single(template, [HOME_REGION], {})
    return alone, list(alone.stacks)


def routing(found: Iterable[Deployed], place: str) -> Routing:
    """The zones and health checks that these stacks would make.

    :raises UsageError: no record sets in any of them, or one that is malformed.
    """
    by_zone: dict[str, list[dict[str, Any]]] = {}
    checks: list[dict[str, Any]] = []
    for one in found:
        for zone, record in _records(one):
            by_zone.setdefault(zone, []).append(record)
        suffix = f"-{one.region}" if len(one.stack.regions) > 1 else ""
        checks += [
            {"Id": f"{logical_id}{suffix}",
             "HealthCheckConfig": _texts(resource["Properties"].get("HealthCheckConfig"))}
            for logical_id, resource in one.resources.items()
            if resource["Type"] == "AWS::Route53::HealthCheck"
        ]  # fmt: skip
    if not by_zone:
        raise UsageError(f"{place}: no AWS::Route53::RecordSet in it; nothing to predict")
    by_apex: dict[str, list[dict[str, Any]]] = {}  # a zone may be named by id here, by name there
    for records in by_zone.values():
        by_apex.setdefault(parse(records, place).name, []).extend(records)
    zones = {apex: parse(records, place) for apex, records in by_apex.items()}
    return Routing(Zones(zones), read_checks({"HealthChecks": checks}, place)[0])


def _records(one: Deployed) -> Iterator[tuple[str, dict[str, Any]]]:
    for resource in one.resources.values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Route53::RecordSet":
            yield _zone(properties), _as_api(properties)
        elif resource["Type"] == "AWS::Route53::RecordSetGroup":
            for record in properties.get("RecordSets", []):
                yield _zone({**properties, **record}), _as_api(record)


def _zone(properties: Mapping[str, Any]) -> str:
    return str(properties.get("HostedZoneId") or properties.get("HostedZoneName") or "")


def _as_api(properties: Mapping[str, Any]) -> dict[str, Any]:
    """CloudFormation's record set in the shape of the Route 53 API."""
    left_out = ("HostedZoneId", "HostedZoneName", "Comment")
    record: dict[str, Any] = _texts({k: v for k, v in properties.items() if k not in left_out})
    if isinstance(values := record.get("ResourceRecords"), list):
        record["ResourceRecords"] = [_texts({"Value": v}) for v in values]
    if isinstance(alias := record.get("AliasTarget"), dict):
        record["AliasTarget"] = {"EvaluateTargetHealth": False, **alias}
    return record


def _texts(properties: Any) -> Any:
    """CloudFormation takes a number where a text belongs, as YAML reads `SetIdentifier: 1`."""
    if not isinstance(properties, dict):
        return properties
    return {k: str(v) if k in TEXTS and type(v) is int else v for k, v in properties.items()}
