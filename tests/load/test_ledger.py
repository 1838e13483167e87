"""What does a client know of its write?"""

from __future__ import annotations

from pathlib import Path

import pytest

from gameday.journal import EventLog
from gameday.load.ledger import Ledger, read_writes, write_outcome
from gameday.model import WriteOutcome


@pytest.mark.parametrize(
    ("outcome", "not_invoked", "known"),
    [
        ("ok", False, "acknowledged"),
        ("refused", False, "failed"),
        ("connect_timeout", False, "failed"),
        ("dns", False, "failed"),
        ("tls", False, "failed"),
        ("http_4xx", False, "failed"),
        ("http_429", False, "failed"),
        ("http_5xx", True, "failed"),
        ("http_5xx", False, "unknown"),
        ("read_timeout", False, "unknown"),
        ("reset", False, "unknown"),
        ("wrong_body", False, "unknown"),
        ("wrong_region", False, "acknowledged"),
    ],
)
def test_what_may_be_concluded(outcome: str, not_invoked: bool, known: str) -> None:
    assert write_outcome(outcome, not_invoked) == known


def test_is_every_write_read_back(tmp_path: Path) -> None:
    for index in (0, 1):
        ledger = Ledger(EventLog(tmp_path / "ledger" / f"writes-{index}.jsonl"))
        ledger.record(
            key=f"k{index}", item_id="i", client="c", region="r", outcome=WriteOutcome.ACKNOWLEDGED
        )
        ledger.record(
            key=f"u{index}", item_id=None, client="c", region="r", outcome=WriteOutcome.UNKNOWN
        )
        ledger.close()
    rows = list(read_writes(tmp_path))
    assert [(r["key"], r["outcome"], r["acked_at"] is None) for r in rows] == [
        ("k0", "acknowledged", False),
        ("u0", "unknown", True),
        ("k1", "acknowledged", False),
        ("u1", "unknown", True),
    ]


def test_is_nothing_written_outside_a_run() -> None:
    ledger = Ledger(None)
    ledger.record(key="k", item_id="i", client="c", region="r", outcome=WriteOutcome.UNKNOWN)
    ledger.close()
