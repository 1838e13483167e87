"""Of a key that stands twice in one mapping the last counts and the others are dropped without a
word: half of what was meant is not there."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import DocumentSubject, Hit

SEVERITY = "error"
ABOUT = "document"
REMEDY = "Keep one of them; make a list of what belongs together."
SOURCE = "YAML 1.2.2: 3.2.1.1 Nodes (mapping keys are unique)"
FAILING = """\
rollbacks: [one]
method: []
rollbacks: [another]
"""
PASSING = """\
method: []
rollbacks: [one, another]
"""


def check(subject: DocumentSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for key, line in subject.twice:
        yield Hit(key, "this key is given twice; only the last counts", line)
