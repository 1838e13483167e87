"""With a failure threshold of 1 a single lost packet per checker is enough, and the Region
flaps."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gameday.review.model import Hit, TextSubject

THRESHOLD = re.compile(r"FailureThreshold\"?\s*[=:]\s*1\b")
SEVERITY = "warning"
ABOUT = "text"
REMEDY = "Use 2 or 3 with an interval of 10 seconds."
SOURCE = "Route 53 API Reference: HealthCheckConfig"
FAILING = """\
--health-check-config Type=HTTPS,RequestInterval=10,FailureThreshold=1
"""
PASSING = """\
--health-check-config Type=HTTPS,RequestInterval=10,FailureThreshold=3
"""


def check(subject: TextSubject) -> Iterator[Hit]:
    """Each place where it does not hold."""
    for number, line in subject.lines():
        if THRESHOLD.search(line):
            yield Hit(line.strip()[:60], "failure threshold 1 flaps", number)
