"""A `${name}` that neither configuration nor secrets declare stays in the text: Chaos Toolkit
substitutes nothing and says nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gameday.review.model import ExperimentSubject, Hit, texts

NAME = re.compile(r"\$\{([A-Za-z_]\w*)\}")
SEVERITY = "error"
ABOUT = "experiment"
REMEDY = "Declare it under `configuration`."
SOURCE = "Chaos Toolkit: Variable substitution"
FAILING = """\
configuration: {region: x}
method: [{arguments: '${regoin}'}]
"""
PASSING = """\
configuration: {region: x}
method: [{arguments: '${region}'}]
"""


def check(subject: ExperimentSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    known = {**(subject.body.get("configuration") or {}), **(subject.body.get("secrets") or {})}
    left = {name for text in texts(subject.body) for name in NAME.findall(text)}
    for name in sorted(left - set(known)):
        yield Hit("configuration", f"${{{name}}} is not declared")
