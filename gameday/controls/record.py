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

from gameday import guard, redact, settings
from gameday.clock import Clock
from gameday.controls import other_safeguards
from gameday.controls.fail_fast import FailFast
from gameday.controls.pace import FrequencyPace
from gameday.controls.session import Session
from gameday.controls.timeout import Timeouts, overdue
from gameday.errors import GamedayError
from gameday.model import EXIT_CODES, Verdict

Json = dict[str, Any]

logger = logging.getLogger("chaostoolkit")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_handlers: dict[int, Any] = {}
_session: Session | None = None


def configure_control(
    experiment: Json | None = None,
    configuration: Json | None = None,
    secrets: Json | None = None,
    event_registry: Any = None,
) -> None:
    """Pace and bound what Chaos Toolkit runs, hide what it must not log; the rest begins later."""
    redact.declare(secrets)
    for handler in logger.handlers:
        handler.addFilter(redact.LogFilter())
    if event_registry is not None:
        event_registry.register(FrequencyPace(Clock(settings.current().speed)))
        event_registry.register(Timeouts())
        event_registry.register(FailFast(_trip))


def _trip(cause: str) -> None:
    if _session is not None:
        _session.trip(cause)


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


def before_activity_control(context: Json, experiment: Json | None = None) -> None:
    """Inject nothing more once a signal has come, even where chaoslib 1.44 swallowed it.

    :raises InterruptExecution: the run was told to stop or put back, or the kill switch is set.
    """
    if _session is not None and other_safeguards.belongs_to(experiment or {}, context):
        _refuse_stopped(_session)
        if _session.phase == "method":
            with _interrupting():
                _session.refuse_fenced()
                guard.refuse_killed(Path.cwd())


def after_activity_control(
    context: Json,
    state: Json | None = None,
    configuration: Json | None = None,
    secrets: Json | None = None,
    experiment: Json | None = None,
) -> None:
    """After the fault: read what the survivors lack. An action that failed ends the method.

    :raises InterruptExecution: the fault was not injected, its loss could not be read, or the
        run was told to stop.
    """
    if _session is None or state is None:
        return
    body, found = experiment or {}, (context, state, configuration or {}, secrets or {})
    if not other_safeguards.belongs_to(body, context):
        if why := other_safeguards.cause(*found):
            _session.trip(why)
        return
    _refuse_stopped(_session)
    if _session.phase == "method" and context.get("type") == "action":
        _after_action(_session, context, state)
    elif _session.phase == "method" and other_safeguards.judged_by_nobody(body, context):
        _session.probed(context, state, other_safeguards.met(*found))


def _after_action(session: Session, action: Json, state: Json) -> None:
    failed = state.get("status") == "failed"
    why = other_safeguards.reason(state) if failed else overdue(action, state)
    if why:
        session.action_failed(str(action.get("name")), why)
        raise InterruptExecution(f"the action {action.get('name')} failed: {why}")
    with _interrupting():
        session.after_action()


def _refuse_stopped(session: Session) -> None:
    if session.phase == "method" and session.stopped:
        raise InterruptExecution(f"stopped by {session.stopped}")


def before_rollback_control(context: Json) -> None:
    """The fault ends now."""
    if _session is not None:
        _session.rollback_starts()
        _session.hasten()


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
    _report(_session, state or {})


def _ending(session: Session, hurry: Callable[[], bool]) -> Iterator[Callable[[], object]]:
    yield session.put_back
    if not hurry():
        yield lambda: session.fail_back(hurry)
    yield lambda: session.end_load(lambda: False)
    if not hurry():
        yield session.audit


def _report(session: Session, journal: Json) -> None:
    """Show the verdict and let `chaos` exit by it, unless `gameday run` does or nothing began.

    Chaos Toolkit exits with 0 unless its journal says `deviated`, or another status than completed.
    """
    if (session.dir / "runner.json").exists() or not (session.dir / "run.json").exists():
        return
    command = [sys.executable, "-m", "gameday", "report", str(session.dir)]
    sys.stdout.flush()
    done = subprocess.run(command, check=False)
    verdict = next((v for v, code in EXIT_CODES.items() if code == done.returncode), Verdict.ERROR)
    journal.setdefault("gameday", {})["verdict"] = str(verdict)
    if verdict is Verdict.FAILED:
        journal["deviated"] = True
    elif verdict is not Verdict.PASSED and journal.get("status") == "completed":
        journal["status"] = "failed"


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
    """Note that a signal came, then interrupt as Ctrl-C does.

    Chaos Toolkit turns SIGTERM into an InterruptExecution, which whatever catches Exception can
    swallow (chaoslib 1.44 around every python activity, botocore around every request), and a
    hang-up into its end.
    """

    def note(number: int, frame: FrameType | None) -> None:
        session.stop(signal.Signals(number).name)
        raise KeyboardInterrupt

    for number in _SIGNALS:
        _handlers[number] = signal.getsignal(number)
        if number != signal.SIGHUP or _handlers[number] != signal.SIG_IGN:  # nohup
            signal.signal(number, note)


@contextlib.contextmanager
def _deferred_signals(session: Session) -> Iterator[Callable[[], bool]]:
    """While everything is put back, a signal only means: hurry. Then each means what it did."""

    def note(number: int, frame: FrameType | None) -> None:
        session.stop(signal.Signals(number).name)
        logger.warning("gameday: putting back what was changed; this takes a moment")

    for signal_number in _SIGNALS:
        signal.signal(signal_number, note)
    try:
        yield lambda: session.stopped is not None
    finally:
        for number, handler in _handlers.items():
            signal.signal(number, handler)
