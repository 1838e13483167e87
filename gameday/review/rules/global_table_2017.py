"""Version 2017.11.29 of global tables adds attributes to every item, needs empty tables and is
not offered to new accounts."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import Hit, TextSubject

SEVERITY = "warning"
ABOUT = "text"
REMEDY = "Use UpdateTable with ReplicaUpdates, or AWS::DynamoDB::GlobalTable (version 2019.11.21)."
SOURCE = "DynamoDB Developer Guide: Global tables versions"
FAILING = """\
aws dynamodb create-global-table --global-table-name t
"""
PASSING = """\
aws dynamodb update-table --table-name t --replica-updates x
"""


def check(subject: TextSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for number, line in subject.lines():
        if "create-global-table" in line or "create_global_table" in line:
            yield Hit(line.strip()[:60], "makes a global table of version 2017.11.29", number)
