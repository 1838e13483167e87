"""Every request of a run by second, as rows of a table: who asked which Region, and how it ended.

Rows with the outcomes `offered` and `unsent` belong to no client: a turn that was never taken has
none. What was sent is offered less unsent; what is in no row of an answer was still in flight when
its client was stopped.
"""

from __future__ import annotations

import csv
import io
import math
from collections import Counter

from gameday.measure.run import Run

HEAD = ("t_s", "profile", "region", "outcome", "requests")
OFFERED, UNSENT = "offered", "unsent"

Row = tuple[int, str, str, str, int]


def by_second(run: Run) -> list[Row]:
    """Rows in order; `t_s` is the AWS second from the fault in which they were meant to start."""
    found: Counter[tuple[int, str, str, str]] = Counter()
    for window in run.windows:
        second = math.floor(run.t(window["at"]) + 1e-6)
        for outcome in (OFFERED, UNSENT):
            if window.get(outcome):
                found[second, "", "", outcome] += window[outcome]
        for row in window["rows"]:
            found[second, row["profile"], row["region"], row["outcome"]] += row["count"]
    return [(*key, found[key]) for key in sorted(found)]


def table(run: Run) -> str:
    """The rows as CSV; only the head when there was no fault to count seconds from."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    if run.fault_at is not None:
        writer.writerows(by_second(run))
    return text.getvalue()
