"""Changing records needs Route 53's control plane, which lives in us-east-1: it may be what was
lost."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import Hit, TextSubject

SEVERITY = "warning"
ABOUT = "text"
REMEDY = "Let health checks or routing controls decide; they are data plane."
SOURCE = "Route 53 Developer Guide: Best practices for Amazon Route 53 DNS"
FAILING = """\
aws route53 change-resource-record-sets --hosted-zone-id Z
"""
PASSING = """\
aws route53-recovery-cluster update-routing-control-state
"""


def check(subject: TextSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for number, line in subject.lines():
        for call in ("change-resource-record-sets", "update-traffic-policy-instance"):
            if call in line:
                yield Hit(line.strip()[:60], f"`{call}` is a control-plane call", number)
