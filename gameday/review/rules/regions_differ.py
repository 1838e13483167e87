"""A resource that one Region's stack has and another's lacks is found missing on the day of the
failover."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import Hit, StackSubject

SEVERITY = "error"
ABOUT = "template"
REMEDY = "Deploy the same resources everywhere, or say by a suppression why not."
SOURCE = "AWS Well-Architected, Reliability: Use static stability to prevent bimodal behavior"
FAILING = """\
others: {us-east-1: [A, B], eu-west-1: [A]}
"""
PASSING = """\
others: {us-east-1: [A, B], eu-west-1: [A, B]}
"""


def check(subject: StackSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    everything = frozenset().union(*subject.others.values())
    for region, kinds in subject.others.items():
        if missing := sorted(everything - kinds):
            yield Hit(region, f"lacks {', '.join(missing)}, which another Region has")
