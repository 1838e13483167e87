"""One run from outside Chaos Toolkit: what is started, noted and ended around an experiment.

`record` translates Chaos Toolkit's hooks into these steps. Every step leaves a `control.mark`,
because a control that is missing or fails is silently skipped by Chaos Toolkit.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from gameday import (
    admin,
    announce,
    clock,
    guard,
    kill_switch,
    lock,
    redact,
    settings,
    stop_when,
    undo,
)
from gameday import experiment as experiments
from gameday.clock import Clock
from gameday.controls import audit, other_safeguards, pace, run_dir, run_files
from gameday.controls.failback import await_failback
from gameday.controls.gate import Gate
from gameday.controls.haste import Haste
from gameday.controls.heartbeat import Heartbeat
from gameday.controls.load import LoadProcess, overridden
from gameday.controls.safeguard import Safeguard
from gameday.controls.watch import Watch
from gameday.discover import global_tables
from gameday.errors import GamedayError, UsageError
from gameday.journal import EventLog, read_log

CONTROL = "record"
AUDIT_WITHIN_S = 60.0

Json = dict[str, Any]


class Session:
    """The run under way in this process."""

    def __init__(self, experiment: Json, configuration: Json) -> None:
        guard.refuse_killed(Path.cwd())
        run_files.refuse_undeclared(experiment)
        self.target = settings.current()
        self.clock = Clock(self.target.speed)
        self.extension = experiments.extension(experiment, configuration)
        if self.extension.load is not None:
            load = overridden(self.extension.load)
            self.extension = replace(self.extension, load=load)
        self.share_pct, self.window_s = experiments.hypothesis(experiment)
        self.region = configuration.get("region") or self.target.region
        if self.target.regions and self.region not in self.target.regions:
            listed = ", ".join(self.target.regions)
            raise UsageError(f"GAMEDAY_REGION {self.region or 'is not set'}: one of {listed}")
        conditions = stop_when.conditions(
            self.extension.stop_when,
            region=self.region,
            load=self.extension.load is not None,
            strict=self.target.limits.unattended,
        )
        self.extension = replace(self.extension, stop_when=tuple(c.text for c in conditions))
        name = run_files.experiment_name(self.target.run_dir)
        self.gate = Gate(experiment, configuration, self.extension, self.target, self.region, name)
        self.gate.admit()
        self.dir = run_dir.of(experiment)
        lock.hold(self.target, self.dir)
        run_dir.point_latest(self.dir)
        conditions += kill_switch.condition(self.target, self.region)
        self.safeguard = Safeguard(self.dir, self.target, conditions, self.trip)
        self.log = EventLog(self.dir / "events" / "chaos.jsonl")
        self.heartbeat = Heartbeat(
            self.dir, self.gate.max_wall_s(), lambda: self._note("watchdog.replaced")
        )
        self.load: LoadProcess | None = None
        self.watch: Watch | None = None
        self.phase = "before"
        self.ready_at: float | None = None
        self.stopped: str | None = None
        self._rolling_back = self._read_at_fault = False
        self._haste = Haste(self._put_back_at_once)

    def mark(self, step: str, **members: Any) -> None:
        """Prove that a step was done."""
        self.log.append("control.mark", control=CONTROL, step=step, **members)

    def stop(self, reason: str) -> None:
        """Note that somebody wants the run to end; safe to call from a signal handler."""
        if self.stopped is None:
            self.stopped = reason
            # the runner knows better which key or command it was
            if not run_dir.runner_said(self.dir, "stop"):
                self._note("stop", reason=reason)
        self._haste.begin()

    def _note(self, kind: str, **members: Any) -> None:
        """Write down what must not fail for want of room on the disk."""
        with contextlib.suppress(OSError):
            self.log.append(kind, **members)

    def refuse_fenced(self) -> None:
        """Return while nobody else has put this run back.

        :raises Refused: the watchdog or `gameday rollback` has.
        """
        undo.current_journal().refuse_fenced()

    def trip(self, reason: str) -> None:
        """End the run as Ctrl-C would; what has begun to be put back is left to go on."""
        if self.phase in ("before", "method", "after"):
            self.stop(reason)
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    def _mark_safeguard(self, step: str, **members: Any) -> None:
        if self.extension.stop_when:
            self.log.append("control.mark", control="safeguard", step=step, **members)

    # -- before the experiment -----------------------------------------------------------------

    def begin(self, experiment: Json) -> None:
        """Make the run directory, start the watchdog, the watch and the load; end warmed up."""
        facts = run_files.facts(self.dir, experiment, self.extension, self.target, self.region)
        run_files.save(self.dir / "run.json", facts | self.gate.facts())
        self.gate.write(self.dir)
        self.log.append("run.started", experiment=facts["experiment"])
        announce.begin(self.dir, self.target)
        if self.target.is_lab:
            admin.request("PUT", "/run", {"dir": str(self.dir)})
        run_files.export(self.dir, self.target.endpoint)
        undo.current_journal()
        self.heartbeat.start()
        self.watch = Watch(self.dir, self.target)
        self.watch.start()
        self.mark("before", scaled=pace.rewrite(experiment, self.clock))
        if self.extension.load is not None:
            self.load = LoadProcess(self.dir, self.extension.load, self.target.speed)
            if not os.environ.get("GAMEDAY_LOAD_RUNNING"):
                self.load.start()
            steady = self.load.wait_ready(self.share_pct)
            self.ready_at = clock.now()
            self.log.append("load.ready", at=self.ready_at, steady=steady)
        self._mark_safeguard("before", conditions=self.extension.stop_when)
        self.safeguard.start()

    def baseline(self) -> None:
        """Return when the load has been steady for the baseline's AWS seconds."""
        if self.ready_at is not None:
            end = self.ready_at + self.clock.wall(self.extension.baseline_s)
            clock.sleep_wall(max(0.0, end - clock.now()))
        self.mark("baseline", baseline_s=self.extension.baseline_s)
        self.gate.open(self.dir)

    # -- while it runs -------------------------------------------------------------------------

    def hypothesis(self, state: Json | None) -> None:
        """Note how the steady-state hypothesis was judged, before or after the method."""
        continuous = threading.current_thread() is not threading.main_thread()
        when = "during" if continuous else "before" if self.phase == "before" else "after"
        probes = [
            {
                "name": run["activity"].get("name"),
                "tolerance_met": run.get("tolerance_met"),
                "output": run.get("output"),
            }
            for run in (state or {}).get("probes", [])
        ]
        met = bool((state or {}).get("steady_state_met"))
        self.log.append(f"hypothesis.{when}", met=met, probes=probes)

    def probed(self, probe: Json, run: Json, met: bool) -> None:
        """Note what a probe of the method found; Chaos Toolkit judges no tolerance there."""
        failed = run.get("status") == "failed"
        self.log.append(
            "probe.judged",
            name=str(probe.get("name")),
            met=None if failed else met,
            output=other_safeguards.reason(run) if failed else run.get("output"),
        )

    def action_failed(self, name: str, reason: str) -> None:
        """Note that an action of the method failed, which ends the run without a verdict."""
        self.log.append("action.failed", name=name, reason=reason)

    def failed(self, reason: str) -> None:
        """Note that something of ours failed, which ends the run without a verdict."""
        self.log.append("control.failed", reason=reason)

    def after_action(self) -> None:
        """Read what the survivors lack, once, right after the action that is the fault."""
        began = self._event("fault.started")
        if began is None or self._read_at_fault or self.extension.rpo_s is None:
            return
        self._read_at_fault = True
        for found in audit.at_fault(self.dir, self.target, began["region"], began["at"]):
            self.log.append("fault.read", **found)

    def rollback_starts(self) -> None:
        """Note that the fault ends now; only the first time."""
        self.safeguard.stop()
        if not self._rolling_back:
            self._rolling_back = True
            self._note("rollback.started")

    def _put_back_at_once(self) -> None:
        if self.phase in ("method", "after"):
            self.rollback_starts()
            self.refuse_fenced()
            undo.replay(undo.current_journal())

    def hasten(self) -> None:
        """Return when what a stop has begun to put back is done; nothing else begins by itself."""
        self.phase = "rollback"
        self._haste.finish()

    def _event(self, kind: str) -> Json | None:
        return next((e for e in read_log(self.log.path) if e["kind"] == kind), None)

    # -- after it ------------------------------------------------------------------------------

    def put_back(self) -> None:
        """Play whatever the undo journal still holds, and read every setting again.

        :raises Refused: the watchdog or `gameday rollback` has done so.
        """
        self.safeguard.stop()
        self.hasten()
        self.refuse_fenced()
        journal = undo.current_journal()
        if journal.records():
            self.rollback_starts()
        undo.put_back(journal, by="chaos")

    def fail_back(self, hurry: Callable[[], bool]) -> None:
        """Wait, for a bounded time, until both Regions answer clients again."""
        if self._event("fault.started") is None or self.watch is None or self.region is None:
            return
        if await_failback(self.dir, self.target, self.region, self.watch, hurry):
            self.log.append("failed.back", region=self.region)

    def end_load(self, hurry: Callable[[], bool]) -> None:
        """End our load process and stop watching."""
        if self.load is not None:
            self.load.stop(hurry)
        if self.watch is not None:
            self.watch.stop()

    def audit(self) -> None:
        """Write down every Region's items."""
        if self.extension.load is None or not self.target.stack:
            return
        regions = self.target.regions
        tables = global_tables(self.target.stack, regions)
        if tables:
            count = audit.write_audit(self.dir, regions, tables, AUDIT_WITHIN_S, self.target.speed)
            self.mark("audit", rows=count)

    def end(self, journal: Json) -> None:
        """Close the run's books; the watchdog goes, whatever cannot be written any more."""
        try:
            self._close_books(journal)
        finally:
            with contextlib.suppress(GamedayError):
                undo.current_journal().forget_copy()
            self.heartbeat.stop()
            if self.target.is_lab:
                with contextlib.suppress(GamedayError):  # the lab may be gone
                    admin.request("PUT", "/run", {"dir": None})
            lock.release(self.target)

    def _close_books(self, journal: Json) -> None:
        status, deviated = journal.get("status"), bool(journal.get("deviated"))
        self.mark("after")
        self._mark_safeguard("after", looks=self.safeguard.looks)
        marks = [e for e in read_log(self.log.path) if e["kind"] == "control.mark"]
        journal["gameday"] = {
            "run": str(self.dir),
            "marks": [{k: e[k] for k in ("at", "control", "step")} for e in marks],
        }
        if self.stopped is not None:
            journal["stopped"] = self.stopped
        redact.tree(journal)
        self.log.append("run.ended", status=status, deviated=deviated)
        self.log.close()
        if not (self.dir / "journal.json").exists():
            run_files.save(self.dir / "journal.json", journal)
