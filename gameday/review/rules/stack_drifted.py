"""A resource that somebody changed by hand is not what the template says, in one Region and perhaps
not in the other."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import ApplicationSubject, Hit

SEVERITY = "error"
ABOUT = "application"
REMEDY = "Deploy the template again, or bring the change into it."
SOURCE = "CloudFormation User Guide: Detect unmanaged configuration changes to stacks"
FAILING = """\
stacks:
- name: api
  region: eu-west-1
  template: api
  resources: {Get: {Type: Function, Drift: MODIFIED, Differences: [/MemorySize]}}
"""
PASSING = """\
stacks:
- name: api
  region: eu-west-1
  template: api
  resources: {Get: {Type: Function, Drift: IN_SYNC}}
"""


def check(subject: ApplicationSubject) -> Iterator[Hit]:
    """Each place where it does not hold; only exports of drift say anything about it."""
    for stack in subject.stacks:
        for logical_id, resource in stack.resources.items():
            if resource.get("Drift") in ("MODIFIED", "DELETED"):
                paths = ", ".join(map(str, resource.get("Differences") or []))
                yield Hit(f"{logical_id} in {stack.region}",
                          f"is {resource['Drift']} {f'in {paths} ' if paths else ''}since it was "
                          f"deployed", file=stack.file)  # fmt: skip
