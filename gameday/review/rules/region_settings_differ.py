"""The same resource set up otherwise in another Region serves its own clients and fails when it
takes over those of the lost one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from gameday.review.model import ApplicationSubject, Hit

SHOWN = 4

OWN = re.compile(
    r"arn:.*|Z[A-Z0-9]{7,}|[0-9a-f-]{32,}|\d{12}|"
    r"(subnet|sg|vpc|vpce|ami|rtb|eni|igw|nat|acl|lt|fs|eipalloc)-[0-9a-f]+"
)
"""Values that name a thing of one Region: ARNs, hosted zones, accounts, parts of a VPC."""
SEVERITY = "warning"
ABOUT = "application"
REMEDY = "Set it alike everywhere, or say by a suppression why not."
SOURCE = "AWS Well-Architected, Reliability: Use static stability to prevent bimodal behavior"
FAILING = """\
stacks:
- name: api
  region: us-east-1
  template: us-east-1.yaml
  resources: {Get: {Type: Function, Properties: {MemorySize: 512, Timeout: 10}}}
- name: api
  region: eu-west-1
  template: eu-west-1.yaml
  resources: {Get: {Type: Function, Properties: {MemorySize: 128, Timeout: 10}}}
"""
PASSING = """\
stacks:
- name: api
  region: us-east-1
  template: us-east-1.yaml
  resources: {Get: {Type: Function, Properties: {MemorySize: 512, PEER: eu-west-1}}}
- name: api
  region: eu-west-1
  template: eu-west-1.yaml
  resources: {Get: {Type: Function, Properties: {MemorySize: 512, PEER: us-east-1}}}
"""


def check(subject: ApplicationSubject) -> Iterator[Hit]:
    """Each place where it does not hold; what names a Region may differ."""
    for first, *others in subject.counterparts():
        regions = {stack.region for stack in subject.stacks}
        for stack in others:
            for logical_id, resource in stack.resources.items():
                twin = first.resources.get(logical_id, {})
                if twin.get("Type") != resource.get("Type"):
                    continue
                here, there = (dict(_settings(r.get("Properties"), regions))
                               for r in (resource, twin))  # fmt: skip
                differ = [k for k in here | there if here.get(k) != there.get(k)]
                told = [f"{k} {_said(here.get(k))}, {first.region} {_said(there.get(k))}"
                        for k in differ[:SHOWN]]  # fmt: skip
                if told:
                    yield Hit(f"{logical_id} in {stack.region}", "; ".join(told), file=stack.file)


def _settings(value: Any, regions: set[str], path: str = "") -> Iterator[tuple[str, Any]]:
    """`(path, value)` of every setting that has nothing to do with where it is."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _settings(item, regions, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _settings(item, regions, f"{path}[{number}]")
    elif not (OWN.fullmatch(str(value)) or any(region in str(value) for region in regions)):
        yield path, str(value)


def _said(value: Any) -> str:
    return "unset" if value is None else f"{value:.60}"
