"""The control that measures a run: add it to an experiment and plain `chaos run` leaves a report.

Chaos Toolkit swallows every exception of a control but InterruptExecution; whatever fails before
the method is turned into that, so that nothing is injected by a run that cannot be measured.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from chaoslib.exceptions import InterruptExecution

from gameday import guard, settings
from gameday.clock import Clock
from gameday.controls.pace import FrequencyPace
from gameday.controls.session import Session
from gameday.errors import GamedayError

Json = dict[str, Any]

logger = logging.getLogger("chaostoolkit")
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_session: Session | None = None


def configure_control(
    experiment: Json | None = None,
    configuration: Json | None = None,
    event_registry: Any = None,
) -> None:
    """Bring a continuous hypothesis onto the AWS clock; the rest begins with the experiment."""
    if event_registry is not None:
        event_registry.register(FrequencyPace(Clock(settings.current().speed)))


def before_experiment_control(context: Json, configuration: Json | None = None) -> None:
    """Start everything that measures; end with the load warm and steady.

    :raises InterruptExecution: something needed is missing; nothing will be injected.
    """
    global _session
    with _interrupting():
        _session = None
        _session = Session(context, configuration or {})
        _note_signals(_session)
        logger.info("gameday: this run is recorded in %s", _session.dir)
        _session.begin(context)


def after_hypothesis_control(context: Json, state: Json | None = None) -> None:
    """Note how the hypothesis was judged."""
    if _session is not None:
        _session.hypothesis(state)


def before_method_control(context: Json) -> None:
    """Keep the baseline before anything is broken."""
    if _session is None:
        raise InterruptExecution("not running: the gameday control did not begin")
    _session.phase = "method"
    with _interrupting():
        _session.baseline()


def after_method_control(context: Json) -> None:
    """The fault lasts until the rollbacks."""
    if _session is not None:
        _session.phase = "after"


def before_activity_control(context: Json) -> None:
    """Inject nothing more once a signal has come, even where chaoslib 1.44 swallowed it.

    :raises InterruptExecution: the run was told to stop, or the kill switch is set.
    """
    if _session is not None:
        _refuse_stopped(_session)
        if _session.phase == "method":
            with _interrupting():
                guard.refuse_killed(Path.cwd())


def after_activity_control(context: Json, state: Json | None = None) -> None:
    """After the fault: read what the survivors lack. An action that failed ends the method.

    :raises InterruptExecution: the fault was not injected, its loss could not be read, or the
        run was told to stop.
    """
    if _session is None:
        return
    _refuse_stopped(_session)
    if _session.phase != "method" or context.get("type") != "action":
        return
    if state is not None and state.get("status") == "failed":
        reason = (state.get("exception") or ["no reason given"])[-1].strip()
        _session.action_failed(str(context.get("name")), reason)
        raise InterruptExecution(f"the action {context.get('name')} failed: {reason}")
    with _interrupting():
        _session.after_action()


def _refuse_stopped(session: Session) -> None:
    if session.phase == "method" and session.stopped:
        raise InterruptExecution(f"stopped by {session.stopped}")


def before_rollback_control(context: Json) -> None:
    """The fault ends now."""
    if _session is not None:
        _session.phase = "rollback"
        _session.rollback_starts()


def after_experiment_control(context: Json, state: Json | None = None) -> None:
    """Put back, wait for fail-back, audit, report; whatever Chaos Toolkit did before."""
    if _session is None:
        return
    with _deferred_signals(_session) as hurry:
        for step in _ending(_session, hurry):
            try:
                step()
            except Exception as e:
                if not isinstance(e, GamedayError):
                    logger.debug("gameday: a step of the ending failed", exc_info=True)
                logger.error("gameday: %s", e)
        _session.end(state or {})
    _report(_session)


def _ending(session: Session, hurry: Callable[[], bool]) -> Iterator[Callable[[], object]]:
    yield session.put_back
    if not hurry():
        yield lambda: session.fail_back(hurry)
    yield lambda: session.end_load(lambda: False)
    if not hurry():
        yield session.audit


def _report(session: Session) -> None:
    """Show the verdict, unless `gameday run` does, or the run never began."""
    if (session.dir / "runner.json").exists() or not (session.dir / "run.json").exists():
        return
    command = [sys.executable, "-m", "gameday", "report", str(session.dir)]
    sys.stdout.flush()
    subprocess.run(command, check=False)


@contextlib.contextmanager
def _interrupting() -> Iterator[None]:
    try:
        yield
    except InterruptExecution:
        raise
    except GamedayError as e:
        _note_failure(str(e))
        raise InterruptExecution(str(e)) from e
    except Exception as e:
        logger.debug("gameday: unexpected failure", exc_info=True)
        _note_failure(f"{type(e).__name__}: {e}")
        raise InterruptExecution(f"gameday: {type(e).__name__}: {e}") from e


def _note_failure(reason: str) -> None:
    """The run ends without a verdict, and its findings say why."""
    if _session is not None and not _session.stopped:
        _session.failed(reason)


def _note_signals(session: Session) -> None:
    """Remember that a signal came, then let Chaos Toolkit do what it does about it."""
    for number in _SIGNALS:
        before = signal.getsignal(number)

        def note(number: int, frame: FrameType | None, before: Any = before) -> None:
            session.stop(signal.Signals(number).name)
            if callable(before):
                before(number, frame)

        signal.signal(number, note)


@contextlib.contextmanager
def _deferred_signals(session: Session) -> Iterator[Callable[[], bool]]:
    """While everything is put back, a signal only means: hurry."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def note(number: int, frame: FrameType | None) -> None:
        session.stop(signal.Signals(number).name)
        logger.warning("gameday: putting back what was changed; this takes a moment")

    for number in _SIGNALS:
        signal.signal(number, note)
    try:
        yield lambda: session.stopped is not None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
