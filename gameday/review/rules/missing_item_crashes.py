"""An item that has not been replicated yet is simply absent; reading `['Item']` without asking
turns that into a server error."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gameday.review.model import Hit, StackSubject

ITEM = re.compile(r"""[\w)]\[["']Item["']\]""")
SEVERITY = "error"
ABOUT = "template"
REMEDY = "Use `.get('Item')` and answer 404, or retry in the Region that wrote."
SOURCE = "DynamoDB API Reference: GetItem"
FAILING = """\
code:
  Get: |
    def handler(event, context):
        item = table.get_item(Key={"id": "1"})
        return {"statusCode": 200, "body": item["Item"]}
"""
PASSING = """\
code:
  Get: |
    def handler(event, context):
        item = table.get_item(Key={"id": "1"})
        return {"statusCode": 200, "body": item.get("Item")}
"""


def check(subject: StackSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for function, source in subject.code.items():
        for line in source.splitlines():
            # A strong read follows a refused write, which proves that the item is there.
            if ITEM.search(line) and "get_item" in source and "ConsistentRead" not in line:
                yield Hit(function, f"fails for an item that is not there yet: {line.strip()}")
