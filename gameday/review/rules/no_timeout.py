"""An activity without a time-out waits for ever when the thing it asks is what was lost."""

from __future__ import annotations

from collections.abc import Iterator

from gameday.review.model import ExperimentSubject, Hit, called

SEVERITY = "warning"
ABOUT = "experiment"
REMEDY = "Set `timeout` on http and process providers."
SOURCE = "Chaos Toolkit: HTTP and process providers"
FAILING = """\
method: [{type: probe, name: p, provider: {type: http, url: 'https://x'}}]
"""
PASSING = """\
method: [{type: probe, name: p, provider: {type: http, url: 'https://x', timeout: 5}}]
"""


def check(subject: ExperimentSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for _, activity in subject.activities():
        provider = activity.get("provider") or {}
        if provider.get("type") in ("http", "process") and "timeout" not in provider:
            yield Hit(called(activity), f"its {provider['type']} provider has no timeout")
