"""A run directory as values; reading its files is the only I/O of the measuring part.

The files and their members are listed in docs/architecture.md. Times stay unix seconds here;
`Run.t` turns them into AWS seconds from the start of the fault.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Any

from gameday.errors import RunError
from gameday.journal import Event, read_events, read_log
from gameday.measure.rto import Counts, counts

Json = dict[str, Any]

SCHEMA = 1
"""Of `run.json`; a directory of another is refused, never guessed at."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of like answers of one client; `first` and `last` are when those requests started."""

    client: str
    profile: str
    network: str
    region: str
    ok: bool
    outcome: str
    first: float
    last: float
    count: int


@dataclass(frozen=True)
class Run:
    """What was recorded of one run."""

    facts: Json  # run.json
    events: list[Event]  # without load windows and segments
    windows: list[Event] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    writes: list[Json] = field(default_factory=list)
    items: Iterable[Json] | None = None  # ledger/audit.jsonl; None: no audit was made
    zone: Json | None = None
    health_checks: Json | None = None
    journal: Json | None = None  # Chaos Toolkit's own

    def of(self, *kinds: str) -> Iterator[Event]:
        """The events of these kinds, in order of time."""
        return (e for e in self.events if e["kind"] in kinds)

    def first(self, kind: str) -> Event | None:
        """The first event of a kind."""
        return next(self.of(kind), None)

    @property
    def speed(self) -> float:
        return float(self.facts.get("speed", 1.0))

    @property
    def region(self) -> str:
        """The Region under test."""
        return str(self.facts["region"])

    @property
    def share_pct(self) -> float:
        return float(self.facts.get("hypothesis", {}).get("success_pct", 99.0))

    @property
    def window_s(self) -> float:
        return float(self.facts.get("hypothesis", {}).get("window_s", 10.0))

    @cached_property
    def fault_at(self) -> float | None:
        """When the fault action began."""
        event = self.first("fault.started")
        return float(event["at"]) if event else None

    @cached_property
    def until(self) -> float:
        """When the fault ceased to last: the rollback began, or the load ended without one."""
        for kind in ("rollback.started", "put.back", "run.ended"):
            event = self.first(kind)
            if event and event["at"] > (self.fault_at or 0.0):
                return float(event["at"])
        return self.load_end

    @cached_property
    def load_end(self) -> float:
        """The last instant at which a request was meant to start."""
        return max((float(w["at"]) for w in self.windows), default=0.0)

    @cached_property
    def baseline_at(self) -> float:
        """When warm-up was over."""
        event = self.first("load.ready")
        start = min((float(w["at"]) for w in self.windows), default=0.0)
        return float(event["at"]) if event else start

    @cached_property
    def lost_processes(self) -> set[int]:
        """The load processes that were lost before the end."""
        return {int(e["process"]) for e in self.of("load.lost")}

    @cached_property
    def lost_clients(self) -> set[str]:
        """The clients that ended with their process: what became of them nobody knows."""
        return {
            str(client["client"])
            for event in self.of("load.started")
            if event.get("process", 0) in self.lost_processes
            for client in event.get("clients", [])
        }

    @cached_property
    def client_period_s(self) -> dict[str, float]:
        """AWS seconds between two requests of one client of a kind.

        An open load keeps to its plan: a request that was late does not delay those after it, and
        a look-up that is due with every sixth of them is. What a closed one does is measured.
        """
        planned: dict[str, float] = {}
        for event in self.of("load.started"):
            if event.get("workload") != "open":
                return self._measured_period_s
            planned |= {c["profile"]: float(c["period_s"]) for c in event["clients"]}
        return planned

    @property
    def _measured_period_s(self) -> dict[str, float]:
        periods: dict[str, list[float]] = {}
        for _, segments in groupby(self.segments, key=lambda s: s.client):
            mine = list(segments)
            requests = sum(s.count for s in mine)
            if requests > 1:
                lasted = (max(s.last for s in mine) - mine[0].first) * self.speed
                periods.setdefault(mine[0].profile, []).append(lasted / (requests - 1))
        return {profile: sum(all_) / len(all_) for profile, all_ in periods.items()}

    @cached_property
    def counts(self) -> list[Counts]:
        return [counts(w) for w in self.windows]

    def t(self, at: float) -> float:
        """AWS seconds from the start of the fault to unix time `at`."""
        return round((at - (self.fault_at or 0.0)) * self.speed, 3)

    @property
    def fault_s(self) -> float:
        """How long the fault lasted, in AWS seconds."""
        return self.t(self.until)


def load(run_dir: Path) -> Run:
    """The run in `run_dir`.

    :raises RunError: there is no `run.json`, or a file in it is not what it should be.
    """
    with _whole(run_dir):
        events, windows, segments = [], [], {}
        for event in read_events(run_dir):
            if event["kind"] == "load.window":
                windows.append(event)
            elif event["kind"] == "client.segment":  # rewritten while it grows: the last stands
                segments[event["client"], event["first"]] = event
            else:
                events.append(event)
        return Run(
            facts=_facts(run_dir),
            events=events,
            windows=windows,
            segments=sorted(map(_segment, segments.values()), key=lambda s: (s.client, s.first)),
            writes=_rows(sorted((run_dir / "ledger").glob("writes-*.jsonl"))),
            items=_audit(run_dir),
            zone=_json(run_dir / "zone.json"),
            health_checks=_json(run_dir / "health-checks.json"),
            journal=_json(run_dir / "journal.json"),
        )


@contextmanager
def _whole(run_dir: Path) -> Iterator[None]:
    try:
        yield
    except (json.JSONDecodeError, KeyError, TypeError) as e:
        raise RunError(f"{run_dir}: a file of this run is damaged ({type(e).__name__}: {e})") from e


def _facts(run_dir: Path) -> Json:
    found = _json(run_dir / "run.json")
    if not found:
        raise RunError(f"{run_dir} has no run.json: not the directory of a run")
    if found.get("schema", SCHEMA) != SCHEMA:
        raise RunError(
            f"{run_dir} was written by another version of gameday (schema {found['schema']}; "
            f"this one reads {SCHEMA}); read it with that version"
        )
    return found


def _json(path: Path) -> Json | None:
    if not path.is_file():
        return None
    found: Json = json.loads(path.read_text(encoding="utf-8"))
    return found


def _rows(paths: list[Path]) -> list[Json]:
    return [row for path in paths for row in read_log(path)]


class AuditRows:
    """The items of every Region's table, read anew by whoever iterates: there may be millions."""

    def __init__(self, run_dir: Path, path: Path) -> None:
        self._run_dir, self._path = run_dir, path

    def __iter__(self) -> Iterator[Json]:
        with _whole(self._run_dir):
            yield from read_log(self._path)


def _audit(run_dir: Path) -> AuditRows | None:
    path = run_dir / "ledger" / "audit.jsonl"
    return AuditRows(run_dir, path) if path.is_file() else None


def _segment(event: Mapping[str, Any]) -> Segment:
    return Segment(
        client=str(event["client"]), profile=event["profile"], network=event.get("network", ""),
        region=event.get("region", ""), ok=bool(event["ok"]), outcome=event.get("outcome", ""),
        first=float(event["first"]), last=float(event["last"]), count=int(event["count"]),
    )  # fmt: skip
