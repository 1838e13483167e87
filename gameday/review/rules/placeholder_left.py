"""A placeholder that nobody filled in is sent to the API as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gameday.review.model import ExperimentSubject, Hit, texts

PLACEHOLDER = re.compile(r"\bTODO\b|\bFIXME\b|<[A-Z][A-Z_ -]+>|\bCHANGE_?ME\b")
SEVERITY = "error"
ABOUT = "experiment"
REMEDY = "Fill it in, or declare it under `configuration`."
SOURCE = "Chaos Toolkit: The experiment"
FAILING = """\
title: lose TODO
method: []
"""
PASSING = """\
title: lose a Region
method: []
"""


def check(subject: ExperimentSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for text in texts(subject.body):
        if PLACEHOLDER.search(text):
            yield Hit("text", f"a placeholder is left: {text[:60]}")
