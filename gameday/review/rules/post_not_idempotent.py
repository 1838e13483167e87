"""A POST that is repeated after a time-out, as every failover causes, writes twice or over a
newer item, and nothing tells afterwards."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import Hit, StackSubject

SEVERITY = "warning"
ABOUT = "template"
REMEDY = "Take the id from the client, write with a ConditionExpression, and store Region and time."
SOURCE = "Amazon Builders' Library: Making retries safe with idempotent APIs"
FAILING = """\
paths: {Create: [POST /items]}
code:
  Create: |
    def handler(event, context):
        table.put_item(Item={"id": event["id"]})
"""
PASSING = """\
paths: {Create: [POST /items]}
code:
  Create: |
    def handler(event, context):
        table.put_item(Item={"id": event["id"]}, ConditionExpression="attribute_not_exists(id)")
"""


def check(subject: StackSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for function, source in subject.code.items():
        is_post = any(path.upper().startswith("POST") for path in subject.paths.get(function, ()))
        if is_post and "put_item(" in source and "ConditionExpression" not in source:
            yield Hit(function, "puts items without a condition: a repeated POST is not recognised")
