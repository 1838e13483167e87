"""Every write of a run, one line each: what a client knows of it.

A write whose answer never came is `unknown`: it may have happened. Rows are listed in
docs/architecture.md; `gameday.measure.audit` compares them with every Region's table.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gameday import clock
from gameday.journal import Event, read_log
from gameday.load.logs import Log, SentLog
from gameday.model import OK, PUT, WriteOutcome

NEVER_SENT = frozenset({"dns", "connect_timeout", "refused", "tls"})
"""Outcomes of a request that never left the client."""

REFUSED = frozenset({"http_4xx", "http_429"})
"""Answers that say the write did not happen."""


def write_outcome(outcome: str, not_invoked: bool = False) -> WriteOutcome:
    """What a client may conclude about its write from the outcome of the request.

    :param not_invoked: the answer is API Gateway's own 500, which says that the function could not
        be invoked (Lambda Developer Guide, "Using AWS Lambda with API Gateway": error types). Any
        other 5xx leaves open whether the function had written before it failed.
    """
    if outcome in (OK, "wrong_region"):
        return WriteOutcome.ACKNOWLEDGED
    if not_invoked or outcome in NEVER_SENT or outcome in REFUSED:
        return WriteOutcome.FAILED
    return WriteOutcome.UNKNOWN


class Ledger:
    """The writes of one load process; without a log nothing is kept."""

    def __init__(self, log: Log | None) -> None:
        self._log = log

    def record(
        self,
        *,
        key: str,
        item_id: str | None,
        client: str,
        region: str,
        outcome: WriteOutcome,
        acked_at: float | None = None,
        op: str = PUT,
    ) -> None:
        """Add one write; an acknowledged one carries when it was (unix seconds, now if unsaid)."""
        if self._log:
            now = clock.now()
            acked = outcome == WriteOutcome.ACKNOWLEDGED
            self._log.append_raw(
                {
                    "at": now, "key": key, "id": item_id, "client": client, "region": region,
                    "op": op, "outcome": outcome, "acked_at": (acked_at or now) if acked else None,
                }
            )  # fmt: skip

    def flush(self) -> None:
        """Hand on what is held back, where lines are sent to a master."""
        if isinstance(self._log, SentLog):
            self._log.sync()

    def close(self) -> None:
        if self._log:
            self._log.sync()
            self._log.close()
            self._log = None


def read_writes(run_dir: Path) -> Iterator[Event]:
    """Every write of a run, load process by load process, in the order written."""
    for path in sorted((run_dir / "ledger").glob("writes-*.jsonl")):
        yield from read_log(path)
