"""A resource that one Region's stack has and another's lacks is found missing on the day of the
failover."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import ApplicationSubject, Hit

SEVERITY = "error"
ABOUT = "application"
REMEDY = "Deploy the same resources everywhere, or say by a suppression why not."
SOURCE = "AWS Well-Architected, Reliability: Use static stability to prevent bimodal behavior"
FAILING = """\
stacks:
- {name: api, region: us-east-1, template: us-east-1.yaml, resources: {A: {Type: X}, B: {Type: X}}}
- {name: api, region: eu-west-1, template: eu-west-1.yaml, resources: {A: {Type: X}}}
"""
PASSING = """\
stacks:
- {name: api, region: us-east-1, template: us-east-1.yaml, resources: {A: {Type: X}, B: {Type: X}}}
- {name: api, region: eu-west-1, template: eu-west-1.yaml, resources: {A: {Type: X}, B: {Type: X}}}
- {name: zone, region: us-east-1, template: zone.yaml, resources: {Z: {Type: Y}}}
"""


def check(subject: ApplicationSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for alike in subject.counterparts():
        everything = {(i, r.get("Type")) for stack in alike for i, r in stack.resources.items()}
        for stack in alike:
            mine = {(i, r.get("Type")) for i, r in stack.resources.items()}
            if missing := sorted(str(i) for i, _ in everything - mine):
                others = ", ".join(s.region for s in alike if s is not stack)
                yield Hit(f"{stack.name} in {stack.region}",
                          f"lacks {', '.join(missing)}, which {others} has",
                          file=stack.file)  # fmt: skip
