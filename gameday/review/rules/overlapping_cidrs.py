"""Of blocks that overlap in different locations the longest wins, which the one who wrote the
shorter did not mean."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from itertools import combinations

from gameday.review.model import Hit, StackSubject

SEVERITY = "warning"
ABOUT = "template"
REMEDY = "Split the blocks so that no address is in two locations."
SOURCE = "Route 53 Developer Guide: IP-based routing"
FAILING = """\
Resources:
  Blocks:
    Type: AWS::Route53::CidrCollection
    Properties:
      Locations:
      - LocationName: a
        CidrList: [10.0.0.0/8]
      - LocationName: b
        CidrList: [10.1.0.0/16]
"""
PASSING = """\
Resources:
  Blocks:
    Type: AWS::Route53::CidrCollection
    Properties:
      Locations:
      - LocationName: a
        CidrList: [10.0.0.0/8]
      - LocationName: b
        CidrList: [11.1.0.0/16]
"""


def check(subject: StackSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for logical_id, properties in subject.of_type("AWS::Route53::CidrCollection"):
        blocks = [
            (ip_network(block, strict=False), place["LocationName"])
            for place in properties.get("Locations") or []
            for block in place["CidrList"]
        ]
        for (one, here), (other, there) in combinations(blocks, 2):
            if here != there and one.version == other.version and one.overlaps(other):
                yield Hit(logical_id, f"{one} ({here}) overlaps {other} ({there})")
