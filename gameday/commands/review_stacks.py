"""The stacks among reviewed files: from templates with their intrinsics resolved, and as deployed.

What is deployed is said by `aws cloudformation describe-stack-resources` and
`describe-stack-resource-drifts`, one export per Region.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gameday import templates
from gameday.commands.resolved import Deployed, routing
from gameday.errors import UsageError
from gameday.predict.side import REGION
from gameday.review.catalogue import routing_subject
from gameday.review.engine import MALFORMED, Subject
from gameday.review.handler_code import reached
from gameday.review.model import ApplicationSubject, RegionalStack, StackSubject
from gameday.route53.exports import rows

FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
NAMED: Mapping[str, tuple[str, str]] = {
    "AWS::Serverless::Function": ("function", "FunctionName"),
    "AWS::Lambda::Function": ("function", "FunctionName"),
    "AWS::DynamoDB::GlobalTable": ("table", "TableName"),
    "AWS::DynamoDB::Table": ("table", "TableName"),
}
"""Resources that experiments select by name: the kind of name, and the property that has it."""


@dataclass(slots=True)
class Stacks:
    """The stacks of all files so far."""

    found: list[tuple[Sequence[Deployed], float | None, Path | None]] = field(default_factory=list)
    deployed: list[RegionalStack] = field(default_factory=list)

    def add(self, found: Sequence[Deployed], rto_s: float | None, file: Path | None = None) -> None:
        """Note an application's stacks (its stacks.yaml is `file`), or one template's."""
        self.found.append((found, rto_s, file))

    def subjects(self) -> Iterator[tuple[str, Subject]]:
        """`(file, subject)`: each template, its routing, and the application that they make."""
        alone: list[RegionalStack] = []
        for found, rto_s, file in self.found:
            with _named(file or found[0].template.file):
                yield from list(_templates(found, rto_s))
                regional = [_regional(one, is_alone=len(found) == 1) for one in found]
            if file is not None or len(found) > 1:
                place = file or found[0].template.file
                yield str(place), ApplicationSubject(tuple(regional))
            else:
                alone += regional
        if alone:
            yield alone[0].template, ApplicationSubject(tuple(alone))
        if self.deployed:
            yield self.deployed[0].template, ApplicationSubject(_merged(self.deployed))

    def names(self) -> dict[str, frozenset[str]]:
        """The names of what experiments select, by kind; none of a kind that AWS itself names."""
        names: dict[str, set[str]] = {}
        unknown: set[str] = set()
        for found, _, file in self.found:
            for one in found if file is not None else ():
                stack = one.stack.name
                names.setdefault("stack", set()).update((stack, stack[: -len(one.stack.key) - 1]))
                for logical_id, resource in one.resources.items():
                    kind, member = NAMED.get(resource["Type"], ("", ""))
                    name = (resource.get("Properties") or {}).get(member)
                    if kind and name is None:
                        unknown.add(kind)
                    elif kind:
                        names.setdefault(kind, set()).update((str(name), logical_id))
        return {k: frozenset(v) for k, v in names.items() if k not in unknown}


@contextmanager
def _named(file: Path) -> Iterator[None]:
    """A template of the wrong shape is one line that names it."""
    try:
        yield
    except MALFORMED as e:
        raise UsageError(f"{file}: cannot be read as what it seems to be: {e}") from e


def deployed_stacks(file: str, body: Mapping[str, Any]) -> Iterator[RegionalStack]:
    """The stacks in an export of one Region.

    :raises UsageError: cut short, or not what the aws CLI prints.
    """
    member = "StackResources" if "StackResources" in body else "StackResourceDrifts"
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in rows(body, member, file):
        arn = str(row.get("StackId", "")).split(":", 5)
        if len(arn) < 6 or "LogicalResourceId" not in row:
            raise UsageError(f"{file}: {member}: a row has no StackId or no LogicalResourceId")
        name = str(row.get("StackName") or arn[5].split("/")[1])
        resource: dict[str, Any] = {"Type": row.get("ResourceType"), "Properties": {}}
        if status := row.get("StackResourceDriftStatus"):
            paths = [d.get("PropertyPath") for d in row.get("PropertyDifferences") or []]
            resource |= {"Drift": status, "Differences": paths}
        found.setdefault((name, arn[3]), {})[str(row["LogicalResourceId"])] = resource
    for (name, region), resources in found.items():
        yield RegionalStack(name, region, file, resources, file)


def _merged(stacks: Sequence[RegionalStack]) -> tuple[RegionalStack, ...]:
    """One stack for each name and Region: exports of resources and of drift go together.

    Stacks of one name are counterparts: the name takes the template's place. Its file is the
    export of drift where there is one, which says the more.
    """
    found: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    files: dict[tuple[str, str], str | None] = {}
    for stack in stacks:
        key = (stack.name, stack.region)
        resources = found.setdefault(key, {})
        if key not in files or any("Drift" in r for r in stack.resources.values()):
            files[key] = stack.file
        for logical_id, resource in stack.resources.items():
            resources[logical_id] = {**resources.get(logical_id, {}), **resource}
    return tuple(RegionalStack(*key, key[0], r, files[key]) for key, r in found.items())


def _templates(found: Sequence[Deployed], rto_s: float | None) -> Iterator[tuple[str, Subject]]:
    """Each template as every Region gets it that gets something of its own, and its routing."""
    by_file: dict[Path, list[Deployed]] = {}
    for one in found:
        by_file.setdefault(one.template.file, []).append(one)
    for file, deployed in by_file.items():
        regions = tuple(one.region for one in deployed)
        if len(found) == 1:  # a template by itself goes wherever its tables are
            regions = tuple(dict.fromkeys((*regions, *_replica_regions(found[0].resources))))
        for one in deployed:
            yield str(file), _stack(one, regions)
        if any(r["Type"].startswith("AWS::Route53::RecordSet") for r in
               deployed[0].resources.values()):  # fmt: skip
            yield str(file), routing_subject(routing(deployed, str(file)), rto_s)


def _replica_regions(resources: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for resource in resources.values():
        if resource["Type"] == "AWS::DynamoDB::GlobalTable":
            for replica in (resource.get("Properties") or {}).get("Replicas") or ():
                if region := replica.get("Region"):
                    yield str(region)


def _regional(one: Deployed, *, is_alone: bool) -> RegionalStack:
    """A template by itself goes to the Region that its name says, if it says one."""
    file, region = one.template.file, one.region
    if is_alone:
        named = REGION.search(file.stem)
        region = named[1] if named else ""
    own = str(file) if is_alone else None  # of an application it is stacks.yaml's affair
    return RegionalStack(one.stack.name, region, str(file), _resources(one), own)


def _resources(one: Deployed) -> dict[str, Mapping[str, Any]]:
    return {
        logical_id: _with_globals(resource, one.common)
        if resource["Type"] in FUNCTIONS
        else resource
        for logical_id, resource in one.resources.items()
    }


def _stack(one: Deployed, regions: tuple[str, ...]) -> StackSubject:
    resources = _resources(one)
    paths: dict[str, tuple[str, ...]] = {}
    for route in templates.routes(one.template):
        paths[route.function] = (*paths.get(route.function, ()), f"{route.method} {route.path}")
    code = {
        logical_id: source
        for logical_id, resource in resources.items()
        if resource["Type"] in FUNCTIONS
        and (source := _source(one.template.file.parent, resource["Properties"]))
    }
    return StackSubject(resources, regions, one.region, code, paths)


def _with_globals(resource: Mapping[str, Any], common: Mapping[str, Any]) -> dict[str, Any]:
    properties = resource.get("Properties") or {}
    variables = {
        **((common.get("Environment") or {}).get("Variables") or {}),
        **((properties.get("Environment") or {}).get("Variables") or {}),
    }
    merged = {**common, **properties, "Environment": {"Variables": variables}}
    return {**resource, "Properties": merged}


def _source(folder: Path, properties: Mapping[str, Any]) -> str:
    """What a function's handler reaches of its module; empty where that is no local Python file."""
    code, handler = properties.get("CodeUri", "."), str(properties.get("Handler", ""))
    entry = handler.rpartition(".")[2]
    if inline := properties.get("InlineCode"):
        return reached(str(inline), entry)
    if not isinstance(code, str) or code.startswith("s3://") or "." not in handler:
        return ""
    module = folder / code / (handler.rpartition(".")[0].replace(".", "/") + ".py")
    if not module.is_file():
        return ""
    try:
        return reached(module.read_text(encoding="utf-8-sig"), entry)
    except (OSError, UnicodeDecodeError) as e:
        raise UsageError(f"{module}: cannot read it as text") from e
